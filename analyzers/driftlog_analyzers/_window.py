"""Windows of event time, and their sizes.

A window is half open, ``[start, end)``, over the order (timestamp, event id); times are UTC. A window by time has
empty ids. A window by count starts at one event and ends before another, so that of events with equal timestamps
each falls on one side.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from driftlog_analyzers.errors import ConfigError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday, so that weeks begin on Mondays
_EARLIEST = datetime.min.replace(tzinfo=UTC) - _EPOCH
_LATEST = datetime.max.replace(tzinfo=UTC) - _EPOCH
_LONGEST = timedelta(days=366)
LONGEST_GAP = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of events: from (start, start_id) inclusive to (end, end_id) exclusive."""

    start: datetime
    end: datetime
    start_id: str = ""
    end_id: str = ""

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class TimeSize:
    """Windows of equal duration, aligned to the epoch's first Monday."""

    duration: timedelta

    def floor(self, moment: datetime) -> datetime:
        """Start of the window that `moment` (aware) falls into."""
        return self._edge(self._slot(moment))

    def windows(self, start: datetime, end: datetime) -> Iterator[Window]:
        """Every window that touches [start, end), in order; what lies beyond the calendar is cut off."""
        return map(self._window, range(self._slot(start), self._slot_after(end)))

    def near(self, moments: Iterable[datetime], start: datetime, end: datetime) -> Iterator[Window]:
        """The windows of these moments, and what lies between them, in order.

        A gap of more than `LONGEST_GAP` windows, also one after start or before end, is left out.

        Args:
            moments: in any order, from start to before end.
            start: where the first window is.
            end: where the last window ends.
        """
        before, after = self._slot(start) - 1, self._slot_after(end)
        for slot in (*sorted({self._slot(moment) for moment in moments}), after):
            if slot - before - 1 <= LONGEST_GAP:
                yield from map(self._window, range(before + 1, slot))
            if slot < after:
                yield self._window(slot)
            before = slot

    def _slot(self, moment: datetime) -> int:
        return (moment - _EPOCH) // self.duration

    def _slot_after(self, end: datetime) -> int:
        return -((_EPOCH - end) // self.duration)

    def _edge(self, slot: int) -> datetime:
        return _EPOCH + min(max(slot * self.duration, _EARLIEST), _LATEST)

    def _window(self, slot: int) -> Window:
        return Window(self._edge(slot), self._edge(slot + 1))

    def __str__(self) -> str:
        seconds = int(self.duration.total_seconds())
        for unit, length in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
            if seconds % length == 0:
                return f"{seconds // length}{unit}"
        return f"{seconds}s"


@dataclass(frozen=True, slots=True)
class CountSize:
    """Windows of an equal number of events."""

    events: int

    def __str__(self) -> str:
        return f"{self.events} events"


WindowSize = TimeSize | CountSize


def parse_size(text: str) -> WindowSize:
    """Read ``1h``, ``15m``, ``1d``, ``1000`` or ``1000 events``.

    Raises:
        ConfigError: the text is none of these, zero, or longer than a year.
    """
    if match := re.fullmatch(r"\s*(\d{1,8})\s*([smhdw])\s*", text):
        size: WindowSize = TimeSize(timedelta(**{_UNITS[match[2]]: int(match[1])}))
        empty = int(match[1]) == 0
    elif match := re.fullmatch(r"\s*(\d[\d_,]{0,15})\s*(events?)?\s*", text):
        count = int(re.sub(r"[_,]", "", match[1]))
        size, empty = CountSize(count), count == 0
    else:
        raise ConfigError(
            f"window size {text!r} is not understood; write a time such as 1h, 15m or 1d, or a count such as 1000"
        )
    if empty:
        raise ConfigError(f"window size {text!r} is empty; a window needs a length above zero")
    if isinstance(size, TimeSize) and size.duration > _LONGEST:
        raise ConfigError(f"window size {text!r} is too long; a window lasts a year at most")
    return size
