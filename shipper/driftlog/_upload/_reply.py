"""What a reply means for each event: decided here, from values alone.

An event is resolved by ``created``, ``duplicate`` or ``rejected``. Everything else keeps it: what
is unclear is sent again, and what no event can help (rights, blocks, a missing stream) waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

__all__ = ["CREATED", "DUPLICATE", "Outcome", "Reply", "Verdict", "judge"]

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
    """

    status: int
    body: Any
    retry_after: float | None = None
    foreign: bool = False
    seconds: float = 0.0


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


def judge(reply: Reply, ids: Sequence[str]) -> Verdict:
    """Decide what a reply means for the events with these ids, in the order they were sent."""
    if reply.foreign and reply.status not in _PROXIES:
        # A proxy may say so after Elasticsearch has taken the events.
        reason = "what answers is not Elasticsearch; check the URL and port"
        return Verdict("hold", reason=reason, unclear=True)
    if reply.status == 0:
        return Verdict("again", reason=_no_answer(str(reply.body)), unclear=True)
    if 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's classes
        return _items(reply.body, ids)
    return _refused(reply)


def _no_answer(why: str) -> str:
    do = "check the URL, and that Elasticsearch is running"
    if why.startswith("TlsError"):
        do = "check whether it speaks https, and the certificates to trust"
    return f"no answer ({why}); {do}"


def _refused(reply: Reply) -> Verdict:
    status, wait = reply.status, reply.retry_after
    said = _said(reply.body)
    if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER:
        reason = f"Elasticsearch asks to wait ({status}{said})"
        return Verdict("again", reason=reason, retry_after=wait, unclear=status != _TOO_MANY)
    if status == _TOO_LARGE:
        return Verdict("split", reason=f"too large for one request ({status}{said})")
    if status == _BAD and _about_events(reply.body):
        return Verdict("split", reason=f"refused ({status}{said})")
    return Verdict("hold", reason=_advice(status, said), retry_after=wait)


def _about_events(body: Any) -> bool:
    """Whether Elasticsearch itself, and not a proxy before it, found fault with what was sent."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return False
    kind = str(error.get("type"))
    request = "media_type" in kind or "unrecognized parameter" in str(error.get("reason"))
    return not request and kind not in _CLUSTER


def _advice(status: int, said: str) -> str:
    do = {
        _WRONG_KEY: "Elasticsearch does not accept the API key; give a valid one",
        403: "Elasticsearch forbids writing; the API key needs create_doc on logs-driftlog.*, and "
        "the stream must not be blocked",
        404: "the data stream or its template is missing; run: driftlog setup",
        400: "Elasticsearch does not understand the request; upgrade it to 8.14 or later",
    }.get(status, "Elasticsearch, or a proxy before it, refuses; check the URL")
    # What is said of a wrong key may repeat it.
    return f"{do} ({status}{'' if status == _WRONG_KEY else said})"


def _items(body: Any, ids: Sequence[str]) -> Verdict:
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
        outcomes.append(_outcome(result))
    others = [one for one in outcomes if one is not CREATED]
    waiting = next((one for one in others if not one.resolved), None)
    return Verdict("items", outcomes, reason=waiting.reason if waiting else "")


def _unclear(what: str) -> Verdict:
    return Verdict("again", reason=f"the answer {what}; check the URL for proxies", unclear=True)


def _outcome(result: Mapping[str, Any]) -> Outcome:
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
    return _failed(status, error, said)


def _failed(status: int, error: Any, said: str) -> Outcome:
    if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER:
        return Outcome("retry", f"Elasticsearch asks to wait ({status}{said})")
    if status == _TOO_LARGE or (status == _BAD and not _of_cluster(error)):
        return Outcome("rejected", said.lstrip(": ") or f"status {status}")
    return Outcome("hold", _advice(404 if "index_not_found" in said else status, said))


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
