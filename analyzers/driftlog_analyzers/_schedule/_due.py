"""Which windows are due. Pure: what is stored and what the store holds in, windows out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from driftlog_analyzers._window import LONGEST_GAP, TimeSize, Window

_AWAY = timedelta(hours=1)
_RUNS = 10


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done for one model and window size.

    Attributes:
        windows: oldest first, each once.
        missed: windows whose events were gone before anybody looked at them.
        head: the latest window that was evaluated.
        counts: events of each window, as far as they were counted.
        waits: whether windows were missed of which the next closed window is to tell.
    """

    windows: tuple[Window, ...] = ()
    missed: tuple[Window, ...] = ()
    head: Window | None = None
    counts: Mapping[Window, int] | None = None
    waits: bool = False


def closed(size: TimeSize, start: datetime, horizon: datetime) -> tuple[Window, ...]:
    """The windows that begin at the start or later and end at the horizon or before, oldest first.

    Args:
        size: of the windows.
        start: UTC; the first window is the one it falls into.
        horizon: UTC; up to when events are there.
    """
    end = size.floor(horizon)
    return tuple(size.windows(start, end)) if start < end else ()


def is_long(size: TimeSize, start: datetime, horizon: datetime) -> bool:
    """Whether so many windows are between that empty ones may have to be left out."""
    return horizon - start > LONGEST_GAP * size.duration


def beyond_reach(
    size: TimeSize,
    frontier: datetime,
    first: datetime,
    looked: datetime | None,
    *,
    every: timedelta,
    now: datetime,
) -> tuple[Window, ...]:
    """The windows that can no longer be analyzed: their events were gone before anybody came back.

    As long as somebody looks now and then, a stretch without events is silence.

    Args:
        size: of the windows.
        frontier: end of the latest window that was evaluated.
        first: time of the first event that is still there.
        looked: when somebody looked last.
        every: how far apart looks should be.
        now: the time.
    """
    away = looked is None or now - looked > max(_AWAY, _RUNS * every)
    return closed(size, frontier, first) if away and first > frontier else ()


def grown(counts: Mapping[Window, int], known: Mapping[Window, int]) -> list[Window]:
    """The windows that hold more events than when they were evaluated; with fewer, the store has lost some."""
    return [window for window, count in counts.items() if count > known.get(window, 0)]


def in_order(*several: Iterable[Window]) -> tuple[Window, ...]:
    """All of them oldest first, each once."""
    return tuple(sorted({window for windows in several for window in windows}))


def floored(size: TimeSize, windows: Iterable[Window]) -> list[Window]:
    """The larger windows that smaller ones lie in, oldest first."""
    starts = sorted({size.floor(window.start) for window in windows})
    return [next(iter(size.windows(start, start + size.duration))) for start in starts]


def is_nested(part: TimeSize, whole: TimeSize) -> bool:
    """Whether windows of one size are made of whole windows of the other, which are smaller."""
    return part.duration < whole.duration and whole.duration % part.duration == timedelta(0)


def part_of(sizes: Sequence[TimeSize], whole: TimeSize) -> TimeSize | None:
    """The largest of some sizes that a size can be merged from; None if there is none."""
    fitting = [size for size in sizes if is_nested(size, whole)]
    return max(fitting, key=lambda size: size.duration, default=None)
