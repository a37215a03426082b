"""fsync, off the request path: by a thread, at most once an interval."""

import os
import threading
from collections import deque

from driftlog._ledger import Ledger
from driftlog._tally import Tally

__all__ = ["Syncer"]

MAX_CLOSE_SECONDS = 1.0


class Syncer:
    """Brings a live segment to the disk now and then, and closes the ones that are full.

    Only whoever holds the sync lock closes a descriptor, so a sync never meets a closed one.

    Args:
        interval: Seconds between two syncs; None for no thread.
        tally: Where a refused sync is counted.
        ledger: Written at the same turns.
    """

    def __init__(self, interval: float | None, tally: Tally, ledger: Ledger) -> None:
        self.ledger = ledger
        self._interval = interval
        self._tally = tally
        self._retired: deque[int] = deque()
        self._begin()

    def renew(self) -> None:
        """Begin anew in a forked child, which closes its copies of the parent's descriptors."""
        while self._retired:
            os.close(self._retired.popleft())
        self.ledger.renew()
        self._begin()

    def _begin(self) -> None:
        self.dirty = False
        self._live: int | None = None
        self._folder: str | None = None
        self._busy = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, fd: int, folder: str) -> None:
        """Take on a new segment, and see that the thread runs."""
        self._live = fd
        self._folder = folder
        self._start()

    def tell(self) -> None:
        """Warn of what was dropped or changed, and have it written down."""
        self._tally.warn()
        self._start()

    def _start(self) -> None:
        """See that the thread runs."""
        if self._interval is None or (self._thread is not None and not self._stop.is_set()):
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stop, self._interval), name="driftlog-sync", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down, or no thread is to be had
            self._thread = None

    def retire(self, fd: int) -> None:
        """Take a full segment, to sync and close it at the next turn."""
        self._live = None
        self._retired.append(fd)
        if self._thread is None and self._busy.acquire(blocking=False):
            try:
                self._close_retired(sync=False)
            finally:
                self._busy.release()

    def sync(self) -> None:
        """Bring everything written so far to the disk, and write the counters."""
        with self._busy:
            self._close_retired(sync=True)
            dirty, self.dirty = self.dirty, False
            live, folder = self._live, self._folder
            if dirty and live is not None:
                self._fsync(live)
            if folder is not None:
                self._folder = None
                self._fsync_folder(folder)
            self.ledger.save()

    def stop(self) -> None:
        """End the thread after a last sync of its own, which a hung disk cannot make us wait for."""
        self._stop.set()
        if self._thread is None:
            self.ledger.close()
        else:
            self._thread.join(MAX_CLOSE_SECONDS)
        self._thread = None

    def _run(self, stop: threading.Event, interval: float) -> None:
        while not stop.wait(interval):
            self.sync()
        self.sync()
        self.ledger.close()

    def _close_retired(self, *, sync: bool) -> None:
        while self._retired:
            fd = self._retired.popleft()
            if sync:
                self._fsync(fd)
            os.close(fd)

    def _fsync(self, fd: int) -> None:
        try:
            os.fdatasync(fd)
        except OSError:
            self._tally.fail()

    def _fsync_folder(self, folder: str) -> None:
        """Make a new segment's name durable too."""
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        self._fsync(fd)
        os.close(fd)
