"""The spool's size, kept under its cap."""

from pathlib import Path

from driftlog import _files
from driftlog._deleted import Deleted
from driftlog._limits import SpoolLimits

__all__ = ["Cap"]

MEASURE_EVERY = 5.0
MEASURE_FULL_EVERY = 1.0


class Cap:
    """Knows about how full the folder is; looks at it every few seconds, counts in between.

    Args:
        folder: The spool.
        limits: With the cap and what gives way at it.
        deleted: Takes the segments that were deleted to make room.
    """

    def __init__(self, folder: str, limits: SpoolLimits, deleted: Deleted) -> None:
        self._folder = folder
        self._deleted = deleted
        self._limit = limits.spool_bytes
        self._drop_oldest = limits.when_full == "drop oldest"
        self._total = 0
        self._measured = float("-inf")

    @property
    def room(self) -> int:
        """The bytes below the cap."""
        return self._limit - self._total

    @property
    def next_look(self) -> float:
        """When the folder is to be looked at again, on the monotonic clock."""
        return self._measured + MEASURE_EVERY

    def wrote(self, size: int) -> None:
        """Count bytes that this process has just written."""
        self._total += size

    def has_room(self, size: int, now: float) -> bool:
        """Say whether ``size`` bytes may be written; make room first, if that is the policy.

        Raises:
            OSError: The folder cannot be read, or a segment not deleted.
        """
        full = self._total + size > self._limit
        if now - self._measured >= (MEASURE_FULL_EVERY if full else MEASURE_EVERY):
            self._measured = now
            self._total = sum(file.size for file in _files.segments(self._folder))
            full = self._total + size > self._limit
        if full and self._drop_oldest:
            self._make_room(size)
        return self._total + size <= self._limit

    def _make_room(self, size: int) -> None:
        files = _files.segments(self._folder)
        self._total = sum(file.size for file in files)
        for file in files:
            if self._total + size <= self._limit:
                return
            try:
                fd = _files.delete_closed(file.path)
            except FileNotFoundError:
                continue
            if fd is not None:
                self._total -= file.size
                self._deleted.add(fd, Path(file.path).name, file.size)
