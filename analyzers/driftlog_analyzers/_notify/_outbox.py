"""What is due, what goes into one message, and what becomes of it. Pure.

::

    pending ──▶ sending ──▶ sent
                   │  ▲
                   ▼  │ when due
                retrying ──▶ undelivered      of a trigger also: sending ──▶ unknown

Who sends writes ``sending`` first, onto the revision that was read, so that of two processes one sends. A message whose
sender was killed is begun again when its time is up, with the same intents and hence the same key; a trigger is not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from driftlog_analyzers._notify._intent import Intent, State, identity
from driftlog_analyzers._notify._routes import Route

_FIRST, _MOST = timedelta(seconds=30), timedelta(hours=1)
_DOUBLINGS = 10
_LEAST_ATTEMPTS = 3
_SPARE = timedelta(seconds=30)

Draw = Callable[[float, float], float]


class Answer(StrEnum):
    """What came of an attempt: `LOST` is one after which nobody knows whether it arrived."""

    SENT = "sent"
    REFUSED = "refused"
    LOST = "lost"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        answer: in a word.
        detail: what went wrong, or is to be known although it went well; no secrets.
    """

    answer: Answer
    detail: str = ""


def key(batch: Iterable[Intent]) -> str:
    """The idempotency key of the message that tells these intents; of a single one its own id."""
    ids = sorted(intent.id for intent in batch)
    return ids[0] if len(ids) == 1 else identity(*ids)


def waiting_by_route(waiting: Iterable[Intent]) -> Mapping[str, list[Intent]]:
    """What waits, by route, in order."""
    found: dict[str, list[Intent]] = {}
    for intent in waiting:
        found.setdefault(intent.route, []).append(intent)
    return found


def cut_off(waiting: Iterable[Intent], now: datetime) -> tuple[Intent, ...]:
    """The triggers whose caller never said what came of it, as `UNKNOWN`."""
    return tuple(
        _changed(
            intent,
            state=State.UNKNOWN,
            ended=now,
            error="the process was cut off while it called; whether the call arrived is not known",
        )
        for intent in waiting
        if intent.trigger and intent.state is State.SENDING and _is_due(intent, now)
    )


def batches(waiting: Sequence[Intent], now: datetime, *, hold_new: bool) -> list[list[Intent]]:
    """What one route sends now, message by message.

    First what was begun before and may have arrived, as it was; then, in one message, everything else. While any of it
    waits for its next attempt or is being sent, the receiver is left alone.

    Args:
        waiting: of one route, in order.
        now: UTC.
        hold_new: whether what was never tried has to wait.
    """
    if any(i.state is not State.PENDING and not _is_due(i, now) for i in waiting):
        return []
    begun: dict[str, list[Intent]] = {}
    fresh = []
    for intent in waiting:
        if intent.batch:
            begun.setdefault(intent.batch, []).append(intent)
        elif not hold_new or intent.attempts:
            fresh.append(intent)
    if waiting and waiting[0].trigger:
        return [*begun.values(), *([intent] for intent in fresh)]
    return [*begun.values(), *([fresh] if fresh else [])]


def claimed(batch: Iterable[Intent], token: str, now: datetime, route: Route) -> list[Intent]:
    """The intents as being sent.

    Args:
        batch: of one message.
        token: names a new message; one begun before keeps its own.
        now: UTC.
        route: theirs.
    """
    return [
        _changed(
            intent,
            state=State.SENDING,
            batch=intent.batch or token,
            attempts=intent.attempts + 1,
            again=intent.again + bool(intent.batch),
            due=now + route.timeout + _SPARE,
        )
        for intent in batch
    ]


def concluded(
    batch: Iterable[Intent], outcome: Outcome, now: datetime, route: Route, draw: Draw
) -> list[Intent]:
    """The intents after an attempt.

    Args:
        batch: of one message, as `claimed`.
        outcome: what came of it.
        now: UTC.
        route: theirs.
        draw: gives a number between two bounds.
    """
    return list(_concluded(list(batch), outcome, now, route, draw))


def _concluded(
    batch: list[Intent], outcome: Outcome, now: datetime, route: Route, draw: Draw
) -> Iterator[Intent]:
    most = max(intent.attempts for intent in batch)
    wait = min(_MOST, _FIRST * 2 ** min(most - 1, _DOUBLINGS))
    due = now + wait * draw(0.5, 1.0)
    for intent in batch:
        state = _state(intent, outcome.answer, now, route)
        if state is State.RETRYING:
            # What surely did not arrive may go into another message; what may have arrived keeps its key.
            kept = intent.batch if outcome.answer is Answer.LOST else ""
            yield _changed(intent, state=state, due=due, batch=kept, error=outcome.detail)
        else:
            yield _changed(intent, state=state, due=None, ended=now, error=outcome.detail)


def _state(intent: Intent, answer: Answer, now: datetime, route: Route) -> State:
    if answer is Answer.SENT:
        return State.SENT
    if answer is Answer.GONE:
        return State.UNDELIVERED
    if intent.trigger and answer is Answer.LOST:
        return State.UNKNOWN
    late = now - intent.created >= route.give_up and intent.attempts >= _LEAST_ATTEMPTS
    return State.UNDELIVERED if late else State.RETRYING


def retried(intent: Intent, now: datetime) -> Intent:
    """The intent, to be sent at the next occasion, as people ask."""
    return _changed(intent, state=State.PENDING, due=now, ended=None, attempts=0, batch="")


def _is_due(intent: Intent, now: datetime) -> bool:
    return intent.due is None or intent.due <= now


def _changed(intent: Intent, **changes: object) -> Intent:
    return replace(intent, revision=intent.revision + 1, **changes)  # type: ignore[arg-type]
