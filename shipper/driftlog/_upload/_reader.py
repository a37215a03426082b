"""Events out of a segment, by their bytes: nothing is parsed unless it looks wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import accumulate, islice
from typing import BinaryIO

from driftlog import _segment
from driftlog._segment import BadRange, Line

__all__ = ["Batch", "read_batch", "salvage"]

_START = b'{"@timestamp"'
_JOINT = b"}\n" + _START


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring lines of one segment.

    Args:
        offsets: Of the lines' first bytes.
        lines: The events, without their newlines.
        bad: What stood between them that is no line of ours.
        end: Where reading goes on.
        count: Lines as the newlines count them, good or not.
    """

    offsets: Sequence[int]
    lines: Sequence[bytes]
    bad: Sequence[BadRange]
    end: int
    count: int


def read_batch(file: BinaryIO, offset: int, *, events: int, size: int, live: bool) -> Batch | None:
    """Read what comes next; None at the end.

    Args:
        file: The segment, opened in binary mode.
        offset: Of the first byte to read: a line's.
        events: Lines to take, at the most.
        size: Bytes to take, at the most but for a single line that is longer.
        live: Whether it is still being written; an unfinished last line is then left for later.
    """
    file.seek(offset)
    block = file.read(size)
    stop = block.rfind(b"\n") + 1
    if not stop:
        if len(block) == size:
            return _long(file, offset, live=live)
        return _careful(block, offset) if block and not live else None
    lines = block[:stop].split(b"\n")
    lines.pop()
    if len(lines) > events:
        del lines[events:]
        stop = sum(map(len, lines)) + events
    if not _ours(block, stop, len(lines)):
        return _careful(block[:stop], offset)
    offsets = tuple(accumulate((len(line) + 1 for line in lines[:-1]), initial=offset))
    return Batch(offsets, lines, (), offset + stop, len(lines))


def _ours(block: bytes, stop: int, count: int) -> bool:
    """Whether every line begins and ends as ours do."""
    return (
        block.startswith(_START)
        and block.endswith(b"}\n", 0, stop)
        and block.count(_JOINT, 0, stop) == count - 1
    )


def _careful(block: bytes, offset: int) -> Batch:
    found = tuple(_segment.recover(BytesIO(block)))
    count = block.count(b"\n") + (not block.endswith(b"\n"))
    return _batch(found, offset, offset + len(block), count)


def _long(file: BinaryIO, offset: int, *, live: bool) -> Batch | None:
    """Read one line that is longer than a batch, or what stands in its place."""
    found = tuple(islice(_segment.recover(file, offset=offset, live=live), 1))
    if not found:
        return None
    (one,) = found
    end = one.end if isinstance(one, Line) else one.offset + one.length
    file.seek(end)
    if isinstance(one, BadRange) and file.read(1) == b"\n":
        end += 1
    return _batch(found, 0, end, 1)


def _batch(found: Iterable[Line | BadRange], offset: int, end: int, count: int) -> Batch:
    lines = [one for one in found if isinstance(one, Line)]
    bad = [replace(one, offset=offset + one.offset) for one in found if isinstance(one, BadRange)]
    offsets = tuple(offset + line.offset for line in lines)
    return Batch(offsets, [line.data.strip(b" \t\r") for line in lines], bad, end, count)


def salvage(offset: int, line: bytes) -> Batch | None:
    """Take apart a refused line that is not one JSON object; None, where it is one."""
    found = tuple(_segment.recover(BytesIO(line)))
    whole = len(found) == 1 and isinstance(found[0], Line) and len(found[0].data) == len(line)
    return None if whole else _batch(found, offset, offset + len(line), 0)
