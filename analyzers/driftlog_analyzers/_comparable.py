"""Which earlier windows a window's number of events is compared with."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._window import TimeSize, Window, WindowSize

_MOST = 28
_DAY = timedelta(days=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def comparable(size: WindowSize, window: Window, events: Mapping[Window, int]) -> list[int] | None:
    """Events in comparable earlier windows: of the same time of day where windows are shorter than a day.

    Args:
        size: of the windows.
        window: one of them.
        events: by window, as far as they are known.

    Returns:
        At most 28 counts, the latest first; None for windows by count, where the number means nothing.
    """
    if not isinstance(size, TimeSize):
        return None
    step = max(size.duration, _DAY)
    possible = min(_MOST, (window.start - _EARLIEST) // step)
    earlier = (
        Window(window.start - i * step, window.end - i * step) for i in range(1, possible + 1)
    )
    return [events[other] for other in earlier if other in events]
