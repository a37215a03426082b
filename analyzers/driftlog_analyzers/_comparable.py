"""Which earlier windows a window's number of events is compared with."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._window import TimeSize, Window, WindowSize

_MOST = 28
_DAY = timedelta(days=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def comparable(size: WindowSize, window: Window, events: Mapping[Window, int]) -> list[int] | None:
    """Events in comparable earlier windows, the latest first; None where the number means nothing: by count.

    Args:
        size: of the windows.
        window: one of them.
        events: by window, as far as they are known.
    """
    if not isinstance(size, TimeSize):
        return None
    return [events[other] for other in comparable_windows(size, window) if other in events]


def comparable_windows(size: TimeSize, window: Window) -> list[Window]:
    """At most 28, the latest first: of the same time of day where windows are shorter than a day."""
    step = max(size.duration, _DAY)
    possible = min(_MOST, (window.start - _EARLIEST) // step)
    return [Window(window.start - i * step, window.end - i * step) for i in range(1, possible + 1)]
