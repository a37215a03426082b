"""What a reply means for each event: decided here, from values alone.

An event is resolved by ``created``, ``duplicate`` or ``rejected``. Everything else keeps it: what
is unclear is sent again, and what no event can help (rights, blocks, a missing stream) waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

__all__ = ["CREATED", "DUPLICATE", "SETUP", "Outcome", "Reply", "Verdict", "judge", "judge_other"]

SETUP = "driftlog setup"

Kind = Literal["created", "duplicate", "rejected", "retry", "hold"]

_CONFLICT = 409
_TOO_MANY = 429
_TOO_LARGE = 413
_BAD = 400
_WRONG_KEY = 401
_TIMEOUT = 408
_SERVER = 500
_MAX_REASON = 500
# What proxies and load balancers before Elasticsearch say with the same meaning.
_PROXIES = {_WRONG_KEY, 403, _TIMEOUT, _TOO_LARGE, _TOO_MANY, 500, 502, 503, 504}
# Refusals with 400 that are the cluster's doing and not the event's.
_CLUSTER = {
    "cluster_block_exception",
    "index_closed_exception",
    "index_not_found_exception",
    "security_exception",
    "validation_exception",
}


class Outcome(NamedTuple):
    """What became of one event.

    Args:
        kind: One of the five.
        reason: Elasticsearch's words, where the event was not taken; its first word is the type.
    """

    kind: Kind
    reason: str = ""

    @property
    def resolved(self) -> bool:
        """Whether the event needs no more sending."""
        return self.kind not in {"retry", "hold"}


CREATED = Outcome("created")
DUPLICATE = Outcome("duplicate")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one bulk request.

    Args:
        status: Of HTTP; 0, where nothing came back and ``body`` says why.
        body: Parsed, where it was JSON.
        retry_after: Seconds that the server asks to wait.
        foreign: Whether something other than Elasticsearch answered.
        seconds: It took.
        lasting: Whether, where nothing came back, that lasts until people act.
    """

    status: int
    body: Any
    retry_after: float | None = None
    foreign: bool = False
    seconds: float = 0.0
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do next.

    Args:
        kind: ``"items"``: each event has its outcome. ``"again"``: send the same later.
            ``"split"``: send it in halves; a single event is refused for good. ``"hold"``: as
            ``"again"``, and people must act.
        items: The outcomes, where the kind is ``"items"``.
        reason: A sentence, where something is wrong.
        retry_after: Seconds to wait at least.
        unclear: Whether events may have been indexed all the same.
    """

    kind: Literal["items", "again", "split", "hold"]
    items: Sequence[Outcome] = ()
    reason: str = ""
    retry_after: float | None = None
    unclear: bool = False

    @property
    def lasting(self) -> bool:
        """Whether nothing will change until people act."""
        return self.kind == "hold" or any(one.kind == "hold" for one in self.items)


def judge(reply: Reply, ids: Sequence[str], setup: str = SETUP) -> Verdict:
    """Decide what a reply means for the events with these ids, in the order they were sent.

    Args:
        reply: To a bulk request.
        ids: Of its events.
        setup: The command that installs the templates, for sentences.
    """
    if reply.foreign and reply.status not in _PROXIES:
        # A proxy may say so after Elasticsearch has taken the events.
        reason = "what answers is not Elasticsearch; check the URL and port"
        return Verdict("hold", reason=reason, unclear=True)
    if reply.status == 0:
        kind: Literal["hold", "again"] = "hold" if reply.lasting else "again"
        return Verdict(kind, reason=str(reply.body), unclear=True)
    if _good(reply.status):
        return _items(reply.body, ids, setup)
    return _refused(reply, setup)


def judge_other(reply: Reply, setup: str = SETUP) -> Verdict | None:
    """Decide whether a request without events was answered; None, where it was.

    Args:
        reply: To the request; it may be one that only prepares a stream.
        setup: As for :func:`judge`.
    """
    if _good(reply.status) and not reply.foreign:
        found = reply.body.get("items") if isinstance(reply.body, Mapping) else None
        result = found[0].get("index") if found else None
        outcome = _outcome(result, setup) if result else CREATED
        if outcome.resolved:
            return None
        kind: Literal["hold", "again"] = "hold" if outcome.kind == "hold" else "again"
        return Verdict(kind, reason=outcome.reason)
    verdict = judge(reply, (), setup)
    return replace(verdict, kind="hold") if verdict.kind == "split" else verdict


def _good(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - HTTP's classes


def _refused(reply: Reply, setup: str) -> Verdict:
    status, wait = reply.status, reply.retry_after
    said = _said(reply.body)
    if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER:
        reason = f"Elasticsearch asks to wait ({status}{said})"
        return Verdict("again", reason=reason, retry_after=wait, unclear=status != _TOO_MANY)
    if status == _TOO_LARGE:
        return Verdict("split", reason=f"too large for one request ({status}{said})")
    if status == _BAD and _about_events(reply.body):
        return Verdict("split", reason=f"refused ({status}{said})")
    return Verdict("hold", reason=_advice(status, said, setup), retry_after=wait)


def _about_events(body: Any) -> bool:
    """Whether Elasticsearch itself, and not a proxy before it, found fault with what was sent."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return False
    kind = str(error.get("type"))
    request = "media_type" in kind or "unrecognized parameter" in str(error.get("reason"))
    return not request and kind not in _CLUSTER


def _advice(status: int, said: str, setup: str) -> str:
    do = {
        _WRONG_KEY: "Elasticsearch does not accept the API key; give a valid one",
        403: "Elasticsearch forbids writing; the API key needs create_doc and view_index_metadata on "
        "logs-driftlog.*, and the stream must not be blocked",
        404: f"the data stream or its template is missing; run: {setup}",
        _BAD: _advice_by_words(said),
    }.get(status, "Elasticsearch, or a proxy before it, refuses; check the URL")
    # What is said of a wrong key may repeat it.
    return f"{do} ({status}{'' if status == _WRONG_KEY else said})"


def _advice_by_words(said: str) -> str:
    if "unrecognized parameter" in said:
        return "Elasticsearch does not understand the request; upgrade it to 8.14 or later"
    if "maximum" in said and "shards" in said:
        return (
            "Elasticsearch has no room for another shard; raise cluster.max_shards_per_node or "
            "delete old indices"
        )
    return "Elasticsearch, or a proxy before it, refuses; mend what it names"


def _items(body: Any, ids: Sequence[str], setup: str) -> Verdict:
    found = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(found, Sequence) or len(found) != len(ids):
        return _unclear("is not one to a bulk request")
    outcomes = []
    for item, name in zip(found, ids, strict=True):
        if item == {"create": {"_id": name, "status": 201}}:
            outcomes.append(CREATED)
            continue
        result = item.get("create") if isinstance(item, Mapping) else None
        if not isinstance(result, Mapping) or result.get("_id") != name:
            return _unclear("does not fit the request")
        outcomes.append(_outcome(result, setup))
    waiting = min(
        (one for one in outcomes if one is not CREATED and not one.resolved),
        key=lambda one: one.kind,  # what holds before what may pass
        default=None,
    )
    return Verdict("items", outcomes, reason=waiting.reason if waiting else "")


def _unclear(what: str) -> Verdict:
    return Verdict("again", reason=f"the answer {what}; check the URL for proxies", unclear=True)


def _outcome(result: Mapping[str, Any], setup: str) -> Outcome:
    status, error = result.get("status"), result.get("error")
    said = _cut(error)
    if result.get("failure_store") == "used":
        return Outcome("rejected", f"failure store{said}")
    if not isinstance(status, int):
        return Outcome("retry", "an item without a status")
    if 200 <= status < 300 and error is None:  # noqa: PLR2004 - as above
        return CREATED
    if status == _CONFLICT:
        return DUPLICATE
    return _failed(status, error, said, setup)


def _failed(status: int, error: Any, said: str, setup: str) -> Outcome:
    if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER:
        return Outcome("retry", f"Elasticsearch asks to wait ({status}{said})")
    if status == _TOO_LARGE or (status == _BAD and not _of_cluster(error)):
        return Outcome("rejected", said.lstrip(": ") or f"status {status}")
    return Outcome("hold", _advice(404 if "index_not_found" in said else status, said, setup))


def _of_cluster(error: Any) -> bool:
    if not isinstance(error, Mapping):
        return False
    reason = str(error.get("reason", ""))
    return error.get("type") in _CLUSTER or reason.startswith("pipeline with id")


def _said(body: Any) -> str:
    """Give what Elasticsearch says is wrong, after a colon; nothing, where it says nothing."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return _cut(error if error is not None else body if isinstance(body, str) else None)


def _cut(error: Any) -> str:
    if isinstance(error, Mapping):
        kind, reason = str(error.get("type", "error")), error.get("reason")
        cause = error.get("caused_by")
        if isinstance(cause, Mapping) and cause.get("reason"):
            reason = f"{reason}: {cause['reason']}"
        text = f"{kind}: {reason}" if reason else kind
    else:
        text = str(error).strip() if error else ""
    return f": {' '.join(text.split())[:_MAX_REASON]}" if text else ""
