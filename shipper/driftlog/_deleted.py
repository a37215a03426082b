"""What went when room was made: counted after the fact, off the request path."""

import os
import threading
from collections import deque

from driftlog._ledger import Ledger
from driftlog._tally import Tally

__all__ = ["Deleted"]

_CHUNK = 1 << 20
_HEADER = b'"action":"segment"'


class Deleted:
    """Counts the events of deleted segments by their descriptors, which it closes.

    Args:
        tally: Where they are counted.
        ledger: Where it is noted which segments they were of.
    """

    def __init__(self, tally: Tally, ledger: Ledger) -> None:
        self._tally = tally
        self._ledger = ledger
        self._waiting: deque[tuple[int, str, int]] = deque()
        self._busy = threading.Lock()

    def add(self, fd: int, name: str, size: int) -> None:
        """Take a deleted segment of ``size`` bytes; a thread of its own reads it."""
        self._waiting.append((fd, name, size))
        thread = threading.Thread(target=self.count, name="driftlog-count", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down, or no thread is to be had
            self.count()

    def count(self) -> None:
        """Count all that has been added so far; waits for whoever is at it."""
        with self._busy:
            while self._waiting:
                fd, name, size = self._waiting.popleft()
                lines = _events(fd)
                self._tally.delete(lines, size)
                self._ledger.delete(name, lines)
                os.close(fd)

    def forget(self) -> None:
        """Close, in a forked child, the copies of the parent's descriptors."""
        while self._waiting:
            os.close(self._waiting.popleft()[0])


def _events(fd: int) -> int:
    """Count lines as the uploader does: without a segment's first one, with an unfinished last one."""
    lines, last = 0, b"\n"
    try:
        while chunk := os.read(fd, _CHUNK):
            if not lines and _HEADER in chunk.partition(b"\n")[0]:
                lines = -1
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    except OSError:
        return max(0, lines)
    return lines + (last != b"\n")
