"""The clock of a schedule: the one place that reads the time.

Set back or forward, the system's clock would close windows that are not over, or none for hours. So time runs on from
the start by a clock that nobody sets and that goes on while the host sleeps; the system's is followed again once it has
stood by what it says.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

STEP = timedelta(seconds=30)
"""More than this between both clocks is a step and no drift."""
SETTLED = timedelta(minutes=10)
"""For so long the system's clock must stand by its step."""


def running() -> float:
    """Seconds on a clock that is never set and that counts the host's sleep, where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _system() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Clock:
    """The time, UTC, without the steps of the system's clock.

    Args:
        system: the system's clock.
        steady: seconds on a clock that is never set.
        tell: takes a sentence where the clocks part.
    """

    system: Callable[[], datetime] = _system
    steady: Callable[[], float] = running
    tell: Callable[[str], None] = field(default=lambda _: None)
    _start: tuple[datetime, float] | None = None
    _stepped: float | None = None

    def now(self) -> datetime:
        """The time, UTC."""
        system, steady = self.system(), self.steady()
        if self._start is None:
            self._start = (system, steady)
        expected = self._start[0] + timedelta(seconds=steady - self._start[1])
        if abs(system - expected) <= STEP:
            self._start, self._stepped = (system, steady), None
            return system
        if self._stepped is None:
            self._stepped = steady
            self.tell(
                f"The system's clock was set from {expected:%Y-%m-%d %H:%M:%S} to {system:%Y-%m-%d %H:%M:%S} UTC;"
                f" it is followed if it stays so for {SETTLED}."
            )
        if steady - self._stepped >= SETTLED.total_seconds():
            self._start, self._stepped = (system, steady), None
            return system
        return expected
