"""Delivery: what waits is sent route by route, all routes at once, and what came of it is stored."""

import logging
import random
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from driftlog_analyzers._notify import _outbox
from driftlog_analyzers._notify._digest import digest
from driftlog_analyzers._notify._home import NotificationHome
from driftlog_analyzers._notify._intent import Intent, State
from driftlog_analyzers._notify._outbox import Answer, Outcome
from driftlog_analyzers._notify._senders import Sender

PATIENCE = timedelta(seconds=15)
"""For how long one delivery lasts at most, whatever receivers do."""
_SPARE = timedelta(seconds=2)
_LATE = Outcome(Answer.LOST, "the receiver did not answer in time")

logger = logging.getLogger("driftlog")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of one message.

    Attributes:
        route: its route.
        key: its idempotency key.
        outcome: what the receiver said.
        intents: what it told, as they are now.
    """

    route: str
    key: str
    outcome: Outcome
    intents: tuple[Intent, ...]


class _Clock:
    """What is left of some time; what clocks on the wall do is no matter."""

    def __init__(self, patience: timedelta) -> None:
        self._end = time.monotonic() + patience.total_seconds()

    def left(self) -> float:
        return max(self._end - time.monotonic(), 0.0)


@dataclass(slots=True)
class _Errand:
    """One message under way; its thread fills in the outcome."""

    sender: Sender
    batch: list[Intent]
    options: str
    outcome: Outcome | None = field(default=None)

    def run(self) -> None:
        message = digest(self.sender.route, self.batch, self.options)
        try:
            self.outcome = self.sender.send(message, self.sender.route.timeout)
        except Exception as error:
            # A plugin's fault must stop neither the other routes nor the analysis.
            logger.exception("route %s failed", self.sender.route.name)
            self.outcome = Outcome(Answer.LOST, f"it failed with {type(error).__name__}")


def attempt(sender: Sender, intents: Sequence[Intent], options: str = "") -> Outcome:
    """Send one message that nobody stores, as a test; it lasts for the route's timeout and a little more.

    Args:
        sender: the receiver.
        intents: what it tells.
        options: as for `deliver`.
    """
    errand = _Errand(sender, list(intents), options)
    _run([errand], _Clock(sender.route.timeout + _SPARE))
    return errand.outcome or _LATE


def deliver(
    home: NotificationHome,
    senders: Iterable[Sender],
    now: datetime,
    *,
    options: str = "",
    patience: timedelta = PATIENCE,
) -> tuple[Delivered, ...]:
    """Send what is due, one message per route, besides those that were begun before.

    A route whose message fails is left alone until it is tried again. Routes are served side by side, so that one that
    hangs delays the others not at all, and the caller by `patience` at most.

    Args:
        home: where the intents are; it is used in this thread only.
        senders: the receivers; intents of routes that have none wait.
        now: UTC.
        options: what leads commands in the text to the place where the alerts are.
        patience: what has not answered until then counts as unanswered.

    Returns:
        What was sent or tried.

    Raises:
        StoreError: the home cannot be read or written; what was sent and not marked is sent again.
    """
    known = {sender.route.name: sender for sender in senders}
    waiting = home.waiting()
    lost = {intent.id for intent in home.replace(_outbox.cut_off(waiting, now))}
    by_route = _outbox.waiting_by_route(intent for intent in waiting if intent.id not in lost)
    rounds = {
        name: _batches(home, known[name], intents, now)
        for name, intents in by_route.items()
        if name in known
    }
    delivered: list[Delivered] = []
    clock = _Clock(patience)
    while errands := _next(home, known, rounds, now, options):
        _run(errands, clock)
        for errand in errands:
            done = _conclude(home, errand, now)
            delivered.append(done)
            if done.outcome.answer is not Answer.SENT or not clock.left():
                rounds.pop(done.route)
    return tuple(delivered)


def _batches(
    home: NotificationHome, sender: Sender, intents: Sequence[Intent], now: datetime
) -> list[list[Intent]]:
    interval = sender.route.interval
    hold_new = interval is not None and home.sent_after(sender.route.name, now - interval)
    return _outbox.batches(intents, now, hold_new=hold_new)


def _next(
    home: NotificationHome,
    known: dict[str, Sender],
    rounds: dict[str, list[list[Intent]]],
    now: datetime,
    options: str,
) -> list[_Errand]:
    """One message of each route that has any left, as far as nobody else sends it."""
    errands = []
    for name in list(rounds):
        while rounds[name]:
            batch = rounds[name].pop(0)
            if ours := _claim(home, batch, known[name], now):
                errands.append(_Errand(known[name], ours, options))
                break
    return errands


def _claim(
    home: NotificationHome, batch: Sequence[Intent], sender: Sender, now: datetime
) -> list[Intent]:
    """Mark a message as being sent, its first intent before the others: of several processes one gets it whole."""
    ordered = sorted(batch, key=lambda intent: intent.id)
    claimed = _outbox.claimed(ordered, uuid.uuid4().hex, now, sender.route)
    first = home.replace(claimed[:1])
    return [*first, *home.replace(claimed[1:])] if first else []


def _run(errands: Sequence[_Errand], clock: "_Clock") -> None:
    threads = [threading.Thread(target=errand.run, daemon=True) for errand in errands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(clock.left())


def _conclude(home: NotificationHome, errand: _Errand, now: datetime) -> Delivered:
    outcome = errand.outcome or _LATE
    route = errand.sender.route
    after = _outbox.concluded(errand.batch, outcome, now, route, random.uniform)
    home.replace(after)
    if any(intent.state is not State.SENT for intent in after):
        logger.warning("route %s: %s (%s)", route.name, outcome.detail, after[0].state)
    elif outcome.detail:
        logger.warning("route %s: %s", route.name, outcome.detail)
    return Delivered(route.name, _outbox.key(after), outcome, tuple(after))
