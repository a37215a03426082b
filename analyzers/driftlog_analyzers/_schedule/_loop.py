"""The daemon: runs one after the other, each when it is woken, until told to end.

APScheduler wakes it; should that not happen in time by a clock that nobody sets, since the system's was set back, the
loop wakes by itself and has APScheduler count anew. A run that takes longer than the interval makes the next one wait.
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from driftlog._upload._backoff import Backoff
from driftlog_analyzers._schedule._apscheduler import Wakeups
from driftlog_analyzers._schedule._round import Report, Site
from driftlog_analyzers.errors import DriftlogError

_OVERDUE = 2.0
"""Intervals after which the loop wakes by itself."""
_LEAST_OVERDUE = 1.0

OpenSite = Callable[[], AbstractContextManager[Site]]
Turn = Callable[[Site, Callable[[], bool]], Report]


@dataclass(slots=True)
class Signals:
    """What the process was told.

    Attributes:
        stop: end after what is being done.
        reload: read the configuration again; whoever opens the site clears it.
        wake: something is to be done.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """Have it end."""
        self.stop.set()
        self.wake.set()

    def again(self) -> None:
        """Have it read the configuration again."""
        self.reload.set()
        self.wake.set()


@dataclass(slots=True)
class Loop:
    """Runs until told to end.

    Attributes:
        open_site: opens what a schedule works with, by the configuration as it is then.
        turn: one run.
        signals: what the process was told.
        tell: takes a sentence.
        backoff: how long to wait after a failure.
        failed: takes the error where a run could not be begun at all.
    """

    open_site: OpenSite
    turn: Turn
    signals: Signals
    tell: Callable[[str], None]
    failed: Callable[[DriftlogError], None]
    backoff: Backoff = field(default_factory=Backoff)

    def run(self) -> None:
        """Run until told to end; what fails is said, and tried again later and later."""
        self.signals.wake.set()
        while not self.signals.stop.is_set():
            try:
                with self.open_site() as site:
                    self._run_at(site)
            except DriftlogError as error:
                wait = self.backoff.next()
                self.failed(error)
                self.tell(f"{error}; trying again in {wait:.0f} s")
                self.signals.stop.wait(wait)
                self.signals.wake.set()

    def _run_at(self, site: Site) -> None:
        """Run on one site until it must be opened anew."""
        every = min(
            (site.schedule(m).every for m in site.config.models), default=site.config.schedule.every
        )
        every = min(every, site.config.schedule.every)
        wakeups = Wakeups(every, self.signals.wake.set)
        try:
            while self._awake(wakeups, every):
                self.signals.wake.clear()
                self.turn(site, self.signals.stop.is_set)
                self.backoff.reset()
        finally:
            wakeups.close()

    def _awake(self, wakeups: Wakeups, every: timedelta) -> bool:
        """Wait until something is to be done here; False where the loop is to end, or the site to be opened anew."""
        overdue = max(_LEAST_OVERDUE, _OVERDUE * every.total_seconds())
        before = time.monotonic()
        if not self.signals.wake.wait(overdue):
            late = time.monotonic() - before
            self.tell(
                f"Nothing woke the schedule for {late:.0f} s, as when the clock is set back; it goes on."
            )
            wakeups.restart(every)
        return not (self.signals.stop.is_set() or self.signals.reload.is_set())
