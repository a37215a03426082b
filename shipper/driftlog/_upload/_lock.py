"""One uploader for each spool, by a lock of the operating system, which no crash leaves behind."""

import fcntl
import os
import time
from pathlib import Path

__all__ = ["SpoolLock", "holder"]

_NAME = "lock"
_TRIES, _MOMENT = 1_000, 0.001


class SpoolLock:
    """The right to ship a spool.

    Args:
        folder: Where the uploader keeps its files; made, for its owner alone.

    ``fresh`` says, once the lock is held, whether this was the first time ever.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._fd: int | None = None
        self.fresh = False

    def acquire(self) -> bool:
        """Take the lock; False, where another uploader has it.

        Raises:
            OSError: The folder cannot be made, or not be written.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.fresh = not self._path.exists()
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            said = b"%d\n" % os.getpid()
            os.pwrite(fd, said, 0)  # over the last one's: there is a number at any time
            os.ftruncate(fd, len(said))
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError:
            os.close(fd)
            raise
        self._fd = fd
        return True

    def release(self) -> None:
        """Give it back. In a forked child this only closes a copy; the parent keeps the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def holder(folder: Path) -> int | None:
    """Give the process that ships a spool; None, where none does.

    Raises:
        OSError: The lock exists and cannot be read.
    """
    for _ in range(_TRIES):
        try:
            fd = os.open(folder / _NAME, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.pread(fd, 32, 0).partition(b"\n")[0]
            if said.isdigit():
                return int(said)
        else:
            return None
        finally:
            os.close(fd)
        time.sleep(_MOMENT)  # it has the lock, and is about to write its number for the first time
    return None
