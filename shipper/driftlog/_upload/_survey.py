"""A look at a spool: its segments, how far each has been sent, and what waits."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from driftlog import _files
from driftlog._files import SegmentFile
from driftlog._ledger import read_deleted
from driftlog._upload._cursor import Position
from driftlog._upload._head import read_head

__all__ = ["SegmentState", "Survey", "Unsent", "share", "unsent"]

_CHUNK = 1 << 20
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")


@dataclass(frozen=True, slots=True)
class SegmentState:
    """A segment at the time of a look.

    Args:
        id: Its own.
        dataset: Of its events.
        path: Of its file.
        size: Of the file, in bytes.
        live: Whether a process still writes it.
        start: Offset of the first event.
        offset: Of the first byte that is not resolved.
        unsent: Lines from there on; None, where they have not been counted yet.
        oldest: Event time of the first of them, RFC 3339; None, where there is none.
    """

    id: str
    dataset: str
    path: str
    size: int
    live: bool
    start: int
    offset: int
    unsent: int | None
    oldest: str | None


@dataclass(frozen=True, slots=True)
class Unsent:
    """What waits in all segments of a spool.

    Args:
        events: Lines; None, where they have not all been counted yet.
        size: Their bytes.
        oldest: Event time of the oldest, RFC 3339; None, where there is none.
    """

    events: int | None
    size: int
    oldest: str | None


def unsent(states: Iterable[SegmentState], positions: Mapping[str, Position]) -> Unsent:
    """Add up what waits: by the positions as they are now, which may be later than the look."""
    events: int | None = 0
    size = 0
    oldest = []
    for state in states:
        position = positions.get(state.id)
        if state.unsent is None:
            events = None
        elif events is not None:
            events += position.unsent if position else state.unsent
        offset = max(state.offset, position.offset if position else 0)
        size += max(0, state.size - offset)
        if state.oldest and offset < state.size:
            oldest.append(state.oldest)
    return Unsent(events, size, min(oldest, default=None))


@dataclass(slots=True)
class _Count:
    """Lines of a segment between the first unresolved offset and ``to``."""

    offset: int
    to: int
    lines: int


class Survey:
    """Looks at a spool again and again, and counts only what is new.

    Args:
        folder: The spool.

    After a look, ``compressed`` names the files that cannot be shipped as they are, and ``deleted``
    holds what loggers noted of segments that they deleted to make room.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: dict[str, _Count] = {}
        self.compressed: tuple[str, ...] = ()
        self.deleted: dict[Path, int] = {}

    def look(
        self, positions: Mapping[str, Position], seconds: float = float("inf")
    ) -> list[SegmentState]:
        """Give the segments that hold anything, oldest first; of copies, the longest.

        Args:
            positions: How far they have been sent.
            seconds: For counting lines; what is left then is counted at a later look.

        Raises:
            OSError: The spool cannot be read.
        """
        until = time.monotonic() + seconds
        longest: dict[str, SegmentState] = {}
        for state in self._states(positions, until):
            other = longest.get(state.id)
            if other is None or other.size < state.size:
                longest[state.id] = state
        self.deleted = read_deleted(self._folder)
        names = {note.name for note in self.deleted}
        # Some may have been deleted since they were listed.
        longest = {one.id: one for one in longest.values() if Path(one.path).name not in names}
        for gone in self._counts.keys() - longest.keys():
            del self._counts[gone]
        return list(longest.values())

    def passed(self, segment_id: str, end: int, count: int) -> None:
        """Take off lines that were resolved, up to an offset, so as not to count the rest anew."""
        known = self._counts.get(segment_id)
        if known is not None:
            known.lines = known.lines - count if end <= known.to else 0
            known.offset, known.to = end, max(end, known.to)

    def _states(self, positions: Mapping[str, Position], until: float) -> Iterator[SegmentState]:
        compressed = []
        if not self._folder.is_dir():
            raise FileNotFoundError(2, "there is no such spool", str(self._folder))
        for file in _files.segments(str(self._folder)):
            try:
                with Path(file.path).open("rb") as opened:
                    if opened.read(6).startswith(_COMPRESSED):
                        compressed.append(file.path)
                    elif (state := self._state(file, opened, positions, until)) is not None:
                        yield state
            except FileNotFoundError:
                continue
        self.compressed = tuple(compressed)

    def _state(
        self, file: SegmentFile, opened: BinaryIO, positions: Mapping[str, Position], until: float
    ) -> SegmentState | None:
        live = not share(opened)
        size = os.fstat(opened.fileno()).st_size
        head = read_head(opened, live=live)
        if head is None:
            return None
        position = positions.get(head.id)
        offset = position.offset if position else head.start
        lines = self._lines(head.id, opened, offset, size, until)
        if lines is not None and not live:
            lines += _torn(opened, offset, size)
        oldest = _event_time(opened, offset) if lines is None or lines else None
        return SegmentState(
            head.id, head.dataset, file.path, size, live, head.start, offset, lines, oldest
        )

    def _lines(
        self, segment_id: str, file: BinaryIO, offset: int, size: int, until: float
    ) -> int | None:
        known = self._counts.get(segment_id)
        if known is None or known.offset != offset or size < known.to:
            known = self._counts[segment_id] = _Count(offset, offset, 0)
        more, known.to = _count(file, known.to, size, until)
        known.lines += more
        return known.lines if known.to >= size else None


def share(file: BinaryIO) -> bool:
    """Lock a segment against deletion, until it is closed; False, where it is being written.

    A file without a byte is left alone: whoever made it may be about to lock it.
    """
    if not os.fstat(file.fileno()).st_size:
        return False
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _count(file: BinaryIO, start: int, stop: int, until: float = float("inf")) -> tuple[int, int]:
    """Count the newlines between two offsets: their number, and where time was up."""
    file.seek(start)
    lines = 0
    while start < stop and time.monotonic() < until:
        chunk = file.read(min(_CHUNK, stop - start))
        if not chunk:
            break
        lines += chunk.count(b"\n")
        start += len(chunk)
    return lines, start


def _torn(file: BinaryIO, offset: int, size: int) -> bool:
    if size <= offset:
        return False
    file.seek(size - 1)
    return file.read(1) != b"\n"


def _event_time(file: BinaryIO, offset: int) -> str | None:
    """Give an event's own time without parsing the event."""
    file.seek(offset)
    before, _, rest = file.read(64).partition(b'{"@timestamp":"')
    moment, quote, _ = rest.partition(b'"')
    return moment.decode("ascii", "replace") if quote and not before else None
