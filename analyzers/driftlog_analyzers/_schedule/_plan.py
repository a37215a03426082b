"""What would run when, by the configuration alone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from driftlog_analyzers._config import Config
from driftlog_analyzers._window import TimeSize, Window, WindowSize


@dataclass(frozen=True, slots=True)
class Planned:
    """The next window of one model and size.

    Attributes:
        model: its name.
        size: of its windows.
        window: that is closed next; None for windows by count, which their events close.
        at: when that is, UTC, unless events are measured to come later.
        every: seconds between two looks.
    """

    model: str
    size: WindowSize
    window: Window | None
    at: datetime | None
    every: float

    def __str__(self) -> str:
        looked = f"looked at every {self.every:,.0f} s"
        if self.window is None or self.at is None:
            return f"{self.model} by {self.size}: when so many events are there; {looked}"
        return (
            f"{self.model} by {self.size}: the window from {self.window}, from {self.at:%Y-%m-%d %H:%M:%S} UTC on;"
            f" {looked}"
        )


def planned(config: Config, now: datetime) -> Iterator[Planned]:
    """The next window of each model that the configuration names, and of each of its sizes.

    Args:
        config: the configuration.
        now: UTC.
    """
    for model, monitor in sorted(config.models.items()):
        schedule = config.schedule.overridden(monitor.schedule)
        every = schedule.every.total_seconds()
        for size in monitor.sizes:
            if not isinstance(size, TimeSize):
                yield Planned(model, size, None, None, every)
                continue
            start = size.floor(now - schedule.lag_least)
            window = Window(start, start + size.duration)
            yield Planned(model, size, window, window.end + schedule.lag_least, every)
