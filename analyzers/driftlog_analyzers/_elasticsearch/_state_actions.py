"""What people did, as documents, and what it comes to in the document of an alert. Pure.

An action is a document of its own that is created and never changed; its id is its subject and number, so of two
people who act at once one is told. What the actions of an alert come to stands in the alert's document, for people to
filter by.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from driftlog_analyzers._elasticsearch._state_documents import (
    Document,
    Json,
    document,
    exact,
    identity,
    packed,
    unpacked,
)
from driftlog_analyzers._episode import Episode
from driftlog_analyzers._review import Action, review

_EVER = datetime.min.replace(tzinfo=UTC)


def action_document(action: Action) -> Document:
    """An action as a document."""
    verdict = None if action.verdict is None else str(action.verdict).lower()
    ours = {
        "kind": action.kind,
        "by": action.by,
        "reason": action.reason,
        "subject": action.subject,
        "number": action.number,
        "alert": action.alert,
        "model": {"name": action.model},
        "detector": action.detector,
        "feature": action.feature,
        "segment": action.segment,
        "assignee": action.assignee,
        "verdict": verdict,
        "until": action.until and exact(action.until),
        "action": packed(action),
    }
    body = {"@timestamp": exact(action.at), "event": {"kind": "event"}, "driftlog": ours}
    return document(identity("action", action.subject, str(action.number)), body)


def stored_action(body: Json) -> Action:
    """The action of a document.

    Raises:
        StoreError: the document holds something else.
    """
    return unpacked(Action, body["action"])


def review_body(episode: Episode, actions: Iterable[Action]) -> Json:
    """What people did about an alert, field by field; `state` takes every snooze for one that runs."""
    seen = review(episode, actions)
    said = [action for action in seen.actions if action.reason]
    body: Json = {
        "state": seen.state(_EVER),
        "comments": sum(action.kind == "comment" for action in seen.actions),
    }
    if seen.acknowledged:
        body |= {
            "acknowledged_by": seen.acknowledged.by,
            "acknowledged_at": exact(seen.acknowledged.at),
        }
    if seen.snoozed and seen.snoozed.until:
        body |= {"snoozed_by": seen.snoozed.by, "snoozed_until": exact(seen.snoozed.until)}
    if seen.closed:
        body |= {"closed_by": seen.closed.by, "closed_at": exact(seen.closed.at)}
    if seen.assignee:
        body["assignee"] = seen.assignee
    if seen.verdict is not None:
        body["verdict"] = str(seen.verdict).lower()
    return body | ({"reason": said[-1].reason} if said else {})
