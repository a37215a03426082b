"""What went when room was made: counted after the fact, off the request path."""

import os
import threading
from collections import deque

from driftlog._tally import Tally

__all__ = ["Deleted"]

_CHUNK = 1 << 20


class Deleted:
    """Counts the events of deleted segments by their descriptors, which it closes.

    Args:
        tally: Where they are counted.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._waiting: deque[tuple[int, int]] = deque()
        self._busy = threading.Lock()

    def add(self, fd: int, size: int) -> None:
        """Take a deleted segment of ``size`` bytes; a thread of its own reads it."""
        self._waiting.append((fd, size))
        thread = threading.Thread(target=self.count, name="driftlog-count", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down, or no thread is to be had
            self.count()

    def count(self) -> None:
        """Count all that has been added so far; waits for whoever is at it."""
        with self._busy:
            while self._waiting:
                fd, size = self._waiting.popleft()
                self._tally.delete(max(0, _lines(fd) - 1), size)
                os.close(fd)

    def forget(self) -> None:
        """Close, in a forked child, the copies of the parent's descriptors."""
        while self._waiting:
            os.close(self._waiting.popleft()[0])


def _lines(fd: int) -> int:
    lines = 0
    try:
        while chunk := os.read(fd, _CHUNK):
            lines += chunk.count(b"\n")
    except OSError:
        return lines
    return lines
