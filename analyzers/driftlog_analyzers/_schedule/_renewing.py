"""A thread that renews the lease as long as a model is worked on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from driftlog_analyzers._lease import Lease, Leases
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers.errors import DriftlogError

OpenLeases = Callable[[], AbstractContextManager[Leases]]
_TIMES = 3
"""Tries within the life of a lease."""


@dataclass(slots=True)
class Deadline:
    """Until when a lease is held for sure, by a clock that nobody sets and that goes on while the process is frozen.

    Attributes:
        steady: the clock, in seconds.
        at: the end on it.
    """

    steady: Callable[[], float]
    at: float

    def valid(self) -> bool:
        """Whether it is not over."""
        return self.steady() < self.at


@contextmanager
def renewing(
    open_leases: OpenLeases, lease: Lease, clock: Clock, ttl: timedelta
) -> Iterator[Deadline]:
    """Renew a lease that was just taken until the end, in a thread of its own with a connection of its own.

    Where that fails the lease ends, another may take it, and the fence lets nothing be written any more.

    Args:
        open_leases: opens the connection.
        lease: to be renewed.
        clock: the time.
        ttl: how long it lives without being renewed.
    """
    done = threading.Event()
    seconds = ttl.total_seconds()
    deadline = Deadline(clock.steady, clock.steady() + seconds)

    def renew() -> None:
        while not done.wait(seconds / _TIMES):
            asked = clock.steady()
            try:
                with open_leases() as leases:
                    if not leases.renew(lease, clock.now(), ttl):
                        return
            except DriftlogError:
                continue  # the next try, or the fence, tells
            deadline.at = asked + seconds

    thread = threading.Thread(target=renew, name="driftlog-lease", daemon=True)
    thread.start()
    try:
        yield deadline
    finally:
        done.set()
        thread.join()
