"""The one place that knows APScheduler: one job that wakes a loop, and nothing else.

What is due never comes from here. The job is kept in memory, is never too late, and many that were missed are one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

_JOB = "wake"


class Wakeups:
    """Wakes something now and then, in a thread of its own, from the start on.

    Args:
        every: how far apart.
        wake: what is called; quick.
    """

    def __init__(self, every: timedelta, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.start()
        self.restart(every)

    def restart(self, every: timedelta) -> None:
        """Count from now on: the clock was set, or the interval is another."""
        self._scheduler.add_job(
            self._wake,
            "interval",
            seconds=every.total_seconds(),
            id=_JOB,
            replace_existing=True,
            next_run_time=datetime.now(UTC) + every,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def close(self) -> None:
        """Wake nothing any more."""
        self._scheduler.shutdown(wait=False)
