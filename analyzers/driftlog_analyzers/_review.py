"""What people do about alerts: an append-only journal, and what it comes to for one alert. Pure.

Alerts are derived from findings, and folded anew where late events change a window; what people did is not. So an
action is about a subject (model, detector, feature, slice, size of windows) and the stretch of windows that the alert
had when somebody acted: it applies to whatever alert of the subject overlaps that, even if it begins earlier now and
has another id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._grouping import size_of
from driftlog_analyzers._silence import Silence
from driftlog_analyzers._window import Window

SILENCES = "silences"
"""The subject of what is done about silences."""


class ActionKind(StrEnum):
    """What somebody did."""

    ACK = "ack"
    UNACK = "unack"
    SNOOZE = "snooze"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    ACCEPT = "accept"
    COMMENT = "comment"
    SILENCE = "silence"
    UNSILENCE = "unsilence"


class ReviewState(StrEnum):
    """What an alert is to people."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that somebody did; never changed.

    Attributes:
        kind: what.
        by: who.
        at: when, UTC.
        reason: why, in their words; may be empty.
        subject: what it is about, as `subject_of` gives it, or `SILENCES`.
        number: which action about the subject it is, from 1.
        alert: id of the alert at that time.
        model: its model.
        detector: its detector.
        feature: its feature.
        segment: its slice.
        opened: its first bad window at that time.
        last: its latest bad window at that time.
        until: end of a snooze, UTC.
        assignee: who is to look after it; empty takes it from whoever was.
        verdict: whether the alert was right, where somebody said so.
        silence: the silence that begins or ends.
    """

    kind: ActionKind
    by: str
    at: datetime
    reason: str
    subject: str
    number: int
    alert: str = ""
    model: str = ""
    detector: str = ""
    feature: str = ""
    segment: str = ""
    opened: Window | None = None
    last: Window | None = None
    until: datetime | None = None
    assignee: str = ""
    verdict: bool | None = None
    silence: Silence | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What the actions about one alert come to.

    Attributes:
        acknowledged: the action that did; None if it is not acknowledged.
        snoozed: the last snooze; it may have run out.
        assigned: who looks after it now, and since when; None if nobody.
        closed: the action that resolved or accepted it; None if none did or a later window is bad.
        actions: all of them, oldest first.
    """

    acknowledged: Action | None = None
    snoozed: Action | None = None
    assigned: Action | None = None
    closed: Action | None = None
    actions: tuple[Action, ...] = ()

    @property
    def assignee(self) -> str:
        """Who looks after it; empty if nobody does."""
        return self.assigned.assignee if self.assigned else ""

    @property
    def verdict(self) -> bool | None:
        """Whether people called the alert right; None where nobody said so."""
        return next((a.verdict for a in reversed(self.actions) if a.verdict is not None), None)

    def snoozed_at(self, now: datetime) -> bool:
        """Whether nobody wants to hear of it yet."""
        return bool(self.snoozed and self.snoozed.until and now < self.snoozed.until)

    def state(self, now: datetime) -> ReviewState:
        """What the alert is to people at this moment: closed before snoozed before acknowledged before open."""
        if self.closed:
            accepted = self.closed.kind is ActionKind.ACCEPT
            return ReviewState.ACCEPTED if accepted else ReviewState.RESOLVED
        if self.snoozed_at(now):
            return ReviewState.SNOOZED
        return ReviewState.ACKNOWLEDGED if self.acknowledged else ReviewState.OPEN


def subject_of(episode: Episode) -> str:
    """What the alert is about, which stays when alerts are folded anew: a hash of 32 hex digits."""
    size = str(size_of(episode.opened))
    parts = (episode.model, episode.detector, episode.feature, episode.segment, size)
    return sha256(repr(parts).encode()).hexdigest()[:32]


def about(episode: Episode, kind: ActionKind, *, by: str, at: datetime, reason: str = "") -> Action:
    """An action about an alert, without a number: `due` gives it one."""
    return Action(
        kind,
        by,
        at,
        reason,
        subject_of(episode),
        0,
        episode.id,
        episode.model,
        episode.detector,
        episode.feature,
        episode.segment,
        episode.opened,
        episode.last,
    )


def review(episode: Episode, actions: Iterable[Action]) -> Review:
    """What people did about an alert.

    Resolved or accepted, an alert is closed until a window after those that it had then is bad.

    Args:
        episode: the alert.
        actions: all there are, of any subjects.
    """
    subject = subject_of(episode)
    own = [a for a in actions if a.subject == subject and _applies(a, episode)]
    seen = Review()
    for action in sorted(own, key=lambda a: a.number):
        seen = _after(seen, action, episode)
    return seen


def due(episode: Episode, action: Action, actions: Iterable[Action]) -> Action | None:
    """The action with its number; None if it changes nothing, so that doing it twice is doing it once.

    Args:
        episode: the alert that it is about.
        action: as `about` gives it.
        actions: all there are about its subject.
    """
    known = [a for a in actions if a.subject == action.subject]
    before = review(episode, known)
    if _was_so(before, action):
        return None
    return replace(action, number=max((a.number for a in known), default=0) + 1)


def standing(actions: Iterable[Action]) -> tuple[Silence, ...]:
    """The silences that were added and not removed, oldest first."""
    found: dict[str, Silence] = {}
    for action in sorted((a for a in actions if a.silence), key=lambda a: a.number):
        if action.silence and action.kind is ActionKind.SILENCE:
            found[action.silence.id] = action.silence
        elif action.silence:
            found.pop(action.silence.id, None)
    return tuple(found.values())


def _after(seen: Review, action: Action, episode: Episode) -> Review:
    seen = replace(seen, actions=(*seen.actions, action))
    match action.kind:
        case ActionKind.ACK:
            return replace(seen, acknowledged=action)
        case ActionKind.UNACK:
            return replace(seen, acknowledged=None)
        case ActionKind.SNOOZE:
            return replace(seen, snoozed=action)
        case ActionKind.ASSIGN:
            return replace(seen, assigned=action if action.assignee else None)
        case ActionKind.RESOLVE | ActionKind.ACCEPT:
            return replace(seen, closed=None if _bad_since(action, episode) else action)
    return seen


def _was_so(before: Review, action: Action) -> bool:
    closed = before.closed is not None and before.closed.kind is action.kind
    closed = closed and action.verdict in {None, before.verdict}
    said = [(a.by, a.reason) for a in before.actions if a.kind is ActionKind.COMMENT]
    was = {
        ActionKind.ACK: before.acknowledged is not None,
        ActionKind.UNACK: before.acknowledged is None,
        ActionKind.SNOOZE: before.snoozed is not None and before.snoozed.until == action.until,
        ActionKind.ASSIGN: before.assignee == action.assignee,
        ActionKind.RESOLVE: closed,
        ActionKind.ACCEPT: closed,
        ActionKind.COMMENT: said[-1:] == [(action.by, action.reason)],
    }
    return was.get(action.kind, False)


def _applies(action: Action, episode: Episode) -> bool:
    if action.alert == episode.id:
        return True
    if action.opened is None or action.last is None:
        return False
    begins_before = episode.closed is None or _start(action.opened) < _end(episode.closed)
    return begins_before and _start(episode.opened) < _end(action.last)


def _bad_since(action: Action, episode: Episode) -> bool:
    return action.last is not None and _start(episode.last) > _start(action.last)


def _start(window: Window) -> tuple[datetime, str]:
    return window.start, window.start_id


def _end(window: Window) -> tuple[datetime, str]:
    return window.end, window.end_id
