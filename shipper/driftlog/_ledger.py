"""What loggers dropped and changed, kept beside the spool for whoever accounts for it.

``<spool>/counters`` holds one file for each process that has something to tell, replaced whole and
locked as long as the process lives, and ``total.json``, into which those of ended processes go. A
service for which all goes well has no such folder. Accepted events are not in it: they are counted
by their lines, which no kill can make wrong.
"""

import contextlib
import errno
import fcntl
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from driftlog._tally import Counters, Tally

__all__ = ["Ledger", "Losses", "forget_deleted", "read_deleted", "read_losses"]

_TOTAL = "total.json"
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Losses:
    """What loggers did not log as it was given.

    Args:
        dropped: Events and labels that never reached the spool, by reason.
        changed: Values (and moments) that were logged otherwise than given, by reason.
        write_errors: Writes, and openings of segments, that the operating system refused.
        deleted: Events of segments deleted to make room before the spool was ever shipped.
    """

    dropped: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    write_errors: int = 0
    deleted: int = 0

    def plus(self, other: "Losses", sign: int = 1) -> "Losses":
        """Give both together, or with ``sign`` -1 what this one has more."""
        return Losses(
            _added(self.dropped, other.dropped, sign),
            _added(self.changed, other.changed, sign),
            self.write_errors + sign * other.write_errors,
            self.deleted + sign * other.deleted,
        )

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Losses":
        """Read them back from a file.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: They are none.
        """
        return cls(
            {str(reason): int(count) for reason, count in document["dropped"].items()},
            {str(reason): int(count) for reason, count in document["changed"].items()},
            int(document["write_errors"]),
            int(document["deleted"]),
        )


def _added(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    both = Counter(one)
    for reason, count in other.items():
        both[reason] += sign * count
    return {reason: count for reason, count in both.items() if count}


class Ledger:
    """Keeps this process's counters on disk; what cannot be written is tried again later.

    Args:
        spool: The folder.
        tally: Counts.
    """

    def __init__(self, spool: str, tally: Tally) -> None:
        self._spool = Path(spool)
        self._folder = self._spool / "counters"
        self._tally = tally
        self._fd: int | None = None
        self.renew()

    def renew(self) -> None:
        """Begin anew in a forked child: the parent's file stays the parent's."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None
        self._path = self._folder / f"{os.urandom(8).hex()}.json"
        self._busy = threading.Lock()
        self._deleted = 0
        self._closed = self._saved = Losses()

    def delete(self, name: str, lines: int) -> None:
        """Note a segment that was deleted to make room, and how many events it held.

        How many of them had been sent before, only the uploader knows: it is told, if there ever
        was one.
        """
        if (self._spool / "upload" / "lock").exists():
            with contextlib.suppress(OSError):
                self._make("deleted")
                _replace(self._folder / "deleted" / name, b"%d\n" % lines)
                return
        with self._busy:
            self._deleted += lines
        self.save()

    def save(self) -> None:
        """Write the counters, if there is anything new."""
        with self._busy, contextlib.suppress(OSError):
            self._save()

    def close(self) -> None:
        """Write the counters and add them to the total."""
        with self._busy, contextlib.suppress(OSError):
            self._save()
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None
                self._closed = self._closed.plus(self._saved)
                self._saved = Losses()
                self._path = self._folder / f"{os.urandom(8).hex()}.json"
                _fold(self._folder)

    def _save(self) -> None:
        now = _losses(self._tally.snapshot(0), self._deleted).plus(self._closed, -1)
        if now == self._saved:
            return
        self._make()
        fd = _replace(self._path, orjson.dumps(asdict(now)), keep=True)
        if self._fd is None:
            self._fd = fd
            _fold(self._folder)
        else:
            os.close(self._fd)
            self._fd = fd
        self._saved = now

    def _make(self, *below: str) -> None:
        for folder in (self._spool, self._folder, *(self._folder / name for name in below)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _losses(counters: Counters, deleted: int) -> Losses:
    return Losses(counters.dropped, counters.changed, counters.write_errors, deleted)


def read_losses(spool: Path) -> Losses:
    """Give what all loggers of a spool have lost so far, as far as they wrote it down.

    Raises:
        OSError: The counters cannot be read.
    """
    folder = spool / "counters"
    for _ in range(_TRIES):
        before = _bytes(folder / _TOTAL)
        total, folded = _total(before)
        for path in _files(folder):
            if path.name not in folded:
                total = total.plus(_read(path))
        if _bytes(folder / _TOTAL) == before:
            break
    return total


def read_deleted(spool: Path) -> dict[Path, int]:
    """Give the notes on segments deleted to make room: file, named like the segment, and events.

    Raises:
        OSError: They cannot be read.
    """
    notes = {}
    with (
        contextlib.suppress(FileNotFoundError),
        os.scandir(spool / "counters" / "deleted") as found,
    ):
        for entry in found:
            said = _bytes(Path(entry.path)).strip()
            if said.isdigit() and not entry.name.endswith(".new"):
                notes[Path(entry.path)] = int(said)
    return notes


def forget_deleted(notes: Iterable[Path]) -> None:
    """Delete notes that are in the account; one that cannot be deleted changes nothing there."""
    for note in notes:
        with contextlib.suppress(OSError):
            note.unlink()


def _fold(folder: Path) -> None:
    """Add the files of ended processes to the total; left to another, where one is at it."""
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.closing(os.fdopen(fd)), contextlib.suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        total, folded = _total(_bytes(folder / _TOTAL))
        for name in folded:
            (folder / name).unlink(missing_ok=True)
        ended = [path for path in _files(folder) if _has_ended(path)]
        if not ended:
            return
        for path in ended:
            total = total.plus(_read(path))
        # Their names keep them from being counted twice, should this process be killed here.
        names = [path.name for path in ended]
        _replace(folder / _TOTAL, orjson.dumps({**asdict(total), "folded": names}))
        for path in ended:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*.json") if path.name != _TOTAL)


def _has_ended(path: Path) -> bool:
    """Say whether the process that wrote a file has ended: nobody locks the file by that name."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with contextlib.closing(os.fdopen(fd)):
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return os.fstat(fd).st_ino == path.stat().st_ino
        except (BlockingIOError, FileNotFoundError):
            return False


def _replace(path: Path, data: bytes, *, keep: bool = False) -> int:
    """Write a file whole or not at all, for its owner alone; give its locked descriptor to keep.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    beside = path.with_name(path.name + ".new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        # Before others see it: without a lock it would be that of an ended process.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, "short write", str(beside))  # noqa: TRY301 - as if the write had raised it
        beside.replace(path)
    except OSError:
        os.close(fd)
        beside.unlink(missing_ok=True)
        raise
    if not keep:
        os.close(fd)
    return fd


def _read(path: Path) -> Losses:
    try:
        return Losses.of(orjson.loads(_bytes(path)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return Losses()


def _total(data: bytes) -> tuple[Losses, frozenset[str]]:
    try:
        document = orjson.loads(data)
        return Losses.of(document), frozenset(map(str, document["folded"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return Losses(), frozenset()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
