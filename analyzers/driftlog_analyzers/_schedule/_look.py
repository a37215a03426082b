"""What a run remembers of a model for the next one, and how late events arrive, measured from that. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from driftlog_analyzers._schedule._settings import Schedule

KEPT = 256
"""Measured delays that are remembered."""


@dataclass(frozen=True, slots=True)
class Look:
    """The latest look at a model's events.

    Attributes:
        at: when it was, UTC.
        newest: time of the latest event that was there.
        delays: by how many seconds the newest event of each look came late at the least, the oldest first.
        mark: what the store had seen, where it tracks that.
        swept: when all windows were looked at.
        labelled: when labels were asked for.
    """

    at: datetime
    newest: datetime | None = None
    delays: tuple[float, ...] = ()
    mark: str = ""
    swept: datetime | None = None
    labelled: datetime | None = None


def looked(before: Look | None, at: datetime, newest: datetime | None) -> Look:
    """The next look, with the delay that it shows.

    An event that is there now, and was not at the look before, arrived after that look: so it came late by the time
    from the event to that look, at the least. A pause between looks, or between events, does not look like a delay so.

    Args:
        before: the look before, if any.
        at: now.
        newest: time of the latest event that is there.
    """
    if before is None:
        return Look(at, newest)
    delays = before.delays
    if newest is not None and at > before.at and (before.newest is None or newest > before.newest):
        delays = (*delays, max(0.0, (before.at - newest).total_seconds()))[-KEPT:]
    return replace(before, at=at, newest=newest or before.newest, delays=delays)


def ingest_lag(delays: Sequence[float], schedule: Schedule) -> timedelta:
    """How long after its end a window is closed: the least and a high quantile of the delays, at most the most."""
    ranked = sorted(delays)
    usual = ranked[ceil(len(ranked) * schedule.lag_quantile) - 1] if ranked else 0.0
    return min(schedule.lag_most, schedule.lag_least + timedelta(seconds=usual))
