"""From a store with heartbeats to what they say of each closed window."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._beats import HeartbeatStore
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import TimeSize, Window, WindowSize
from driftlog_analyzers.detectors import volume
from driftlog_analyzers.detectors.resources import NAME, resources, silent

_WEEK = timedelta(days=7)
_MOST = 168
"""Windows before that are looked at."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def watched(
    store: EventStore,
    model: str,
    size: WindowSize,
    windows: Sequence[Window],
    *,
    now: datetime,
    settings: Settings,
) -> Mapping[Window, list[Result]]:
    """What is said of the shippers in each window by time that is over; nothing where the store has no heartbeats.

    Raises:
        StoreError: the store could not answer completely.
    """
    due = [window for window in windows if window.end <= now]
    if not due or not isinstance(store, HeartbeatStore) or not isinstance(size, TimeSize):
        return {}
    if NAME in settings.disabled:
        return {}
    wanted = sorted({w for window in due for w in _before(window, size)} | {*due})
    beats = dict(zip(wanted, store.heartbeats(model, wanted), strict=True))
    if not any(beats.values()):
        return {}
    return {
        window: guarded(
            NAME,
            "",
            resources,
            window,
            beats[window],
            [(w, beats[w]) for w in _before(window, size)],
        )
        for window in due
    }


def beside(results: Sequence[Result], said: Sequence[Result]) -> tuple[Result, ...]:
    """A window's results with those of its shippers; silence is told apart: no traffic, or no shipper."""
    if not said:
        return tuple(results)
    cause = "the shipper is silent" if silent(said) else "the shipper is alive: there is no traffic"
    told = (
        replace(r, summary=f"{r.summary}; {cause}", explanation=cause) if _is_silence(r) else r
        for r in results
    )
    found = [r for r in said if r.outcome is Outcome.FINDING]
    return (*found, *told, *(r for r in said if r.outcome is not Outcome.FINDING))


def _is_silence(result: Result) -> bool:
    quiet = result.detector == volume.NAME and result.n == 0
    return quiet and result.outcome is Outcome.FINDING


def _before(window: Window, size: TimeSize) -> list[Window]:
    """The windows of the week before, oldest first."""
    step = size.duration
    count = min(_MOST, _WEEK // step or 1, (window.start - _EARLIEST) // step)
    return [Window(window.start - i * step, window.end - i * step) for i in range(count, 0, -1)]
