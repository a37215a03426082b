"""A thread that renews the lease as long as a model is worked on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from driftlog_analyzers._lease import Lease, Leases
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers.errors import DriftlogError

OpenLeases = Callable[[], AbstractContextManager[Leases]]
_TIMES = 3
"""Tries within the life of a lease."""


@contextmanager
def renewing(open_leases: OpenLeases, lease: Lease, clock: Clock, ttl: timedelta) -> Iterator[None]:
    """Renew a lease until the end, in a thread of its own with a connection of its own.

    Where that fails the lease ends, another may take it, and the fence lets nothing be written any more.
    """
    done = threading.Event()

    def renew() -> None:
        while not done.wait(ttl.total_seconds() / _TIMES):
            try:
                with open_leases() as leases:
                    if not leases.renew(lease, clock.now(), ttl):
                        return
            except DriftlogError:
                continue  # the next try, or the fence, tells

    thread = threading.Thread(target=renew, name="driftlog-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
