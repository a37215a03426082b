"""A spool's files: made, locked, listed, counted."""

import errno
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SegmentFile", "create", "delete_closed", "is_live", "segments"]

SUFFIX = ".ndjson"
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, order=True)
class SegmentFile:
    """A segment in a folder; sorts by age.

    Args:
        id: The time-ordered end of the file's name.
        path: Of the file.
        size: In bytes, when it was listed.
    """

    id: str
    path: str
    size: int


def create(path: str, header: bytes) -> int:
    """Make a segment with its first line, locked while this process writes it.

    Returns:
        The descriptor, for appending.

    Raises:
        OSError: The file cannot be made, locked or written; nothing is left of it then.
    """
    fd = os.open(path, _FLAGS, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(fd, header) != len(header):
            raise OSError(errno.ENOSPC, "short write", path)  # noqa: TRY301 - as if the write had raised it
    except OSError:
        os.close(fd)
        Path(path).unlink()
        raise
    return fd


def is_live(path: str | os.PathLike[str]) -> bool:
    """Say whether some process still writes a segment, by the lock it holds.

    A file without a byte counts as live: whoever made it may be about to lock it, and a lock of
    ours, however short, would be in the way.

    Raises:
        OSError: The file cannot be opened.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not os.fstat(fd).st_size:
            return True
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def segments(folder: str) -> list[SegmentFile]:
    """List a folder's segments, compressed ones too, oldest first; none where it is missing."""
    return sorted(_segments(folder))


def _segments(folder: str) -> Iterator[SegmentFile]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            stem, found, _ = entry.name.partition(SUFFIX)
            if found:
                try:
                    size = entry.stat().st_size
                except FileNotFoundError:
                    continue
                yield SegmentFile(stem.rpartition("-")[2], entry.path, size)


def delete_closed(path: str) -> int | None:
    """Delete a segment that nobody writes or reads under a lock.

    Returns:
        A descriptor, by which its lines can still be counted; None where it stays, being locked,
        or about to be: still without a byte.

    Raises:
        OSError: The file cannot be opened or deleted.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(fd).st_size:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Path(path).unlink()
            return fd
    except BlockingIOError:
        pass
    except OSError:
        os.close(fd)
        raise
    os.close(fd)
    return None
