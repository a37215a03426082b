"""A segment's format, and its recovery: whatever happened to the file, every good line comes back.

Pure but for :func:`set_aside`; a file of any size passes through in chunks.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import orjson

__all__ = ["BadRange", "Line", "Reason", "header", "new_id", "recover", "set_aside"]

Reason = Literal["torn", "foreign", "not UTF-8", "zero-filled", "too long", "not an object"]

FORMAT = 1
MAX_LINE = 16 << 20
_CHUNK = 1 << 20
_START = b'{"@timestamp"'
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """A good line: one JSON object.

    Args:
        offset: Of its first byte in the file.
        data: The object, without the newline.
        end: Offset of the first byte after it and its newline, where reading may go on later.
    """

    offset: int
    data: bytes
    end: int


@dataclass(frozen=True, slots=True)
class BadRange:
    """Bytes that are no line of ours: where, how many, and what they look like."""

    offset: int
    length: int
    reason: Reason


def new_id(last: str = "") -> str:
    """Give a segment id that sorts by time: 12 hex digits of milliseconds, 12 of chance.

    Args:
        last: The id before; the new one sorts after it though the clock was set back.
    """
    now = time.time_ns() // 1_000_000
    return f"{max(now, int(last[:12], 16) + 1 if last else 0):012x}{os.urandom(6).hex()}"


def header(segment_id: str, model: str, version: str, host: str, timestamp: str) -> bytes:
    """Give a segment's first line, newline included."""
    document = {
        "@timestamp": timestamp,
        "event": {
            "id": f"{segment_id}-{0:012x}",
            "kind": "event",
            "action": "segment",
            "dataset": f"driftlog.{model}",
        },
        "host": {"name": host},
        "driftlog": {
            "model": {"name": model, "version": version},
            "segment": {"id": segment_id, "format": FORMAT, "pid": os.getpid()},
        },
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def recover(
    file: BinaryIO, *, offset: int = 0, live: bool = False, max_line: int = MAX_LINE
) -> Iterator[Line | BadRange]:
    """Give the good lines and the bad ranges of a segment, in their order, to its end.

    Args:
        file: The segment, opened in binary mode and seekable.
        offset: Where to begin: 0, or the ``end`` of a line read before.
        live: Whether the segment is still being written; an unfinished last line is then not bad,
            and not given.
        max_line: Bytes above which a line is bad; memory stays within this and two chunks.
    """
    for start, raw, ended in _cut(file, offset, max_line):
        if isinstance(raw, BadRange):
            yield raw
        elif ended or not live:
            yield from _examine(start, raw, ended)


def _cut(
    file: BinaryIO, offset: int, max_line: int
) -> Iterator[tuple[int, bytes | BadRange, bool]]:
    """Cut a file at its newlines: offset, bytes, and whether a newline followed."""
    file.seek(offset)
    held = b""
    while chunk := file.read(_CHUNK):
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            yield (offset, line if len(line) <= max_line else _long(offset, line), True)
            offset += len(line) + 1
        if len(held) > max_line:
            length, zero = _skip(file, held)
            yield offset, BadRange(offset, length, "zero-filled" if zero else "too long"), True
            offset, held = offset + length, b""
            file.seek(offset)
    if held:
        yield offset, held, False


def _long(offset: int, line: bytes) -> BadRange:
    return BadRange(offset, len(line), "too long" if line.strip(b"\0") else "zero-filled")


def _skip(file: BinaryIO, held: bytes) -> tuple[int, bool]:
    """Read on to the next newline, excluded: bytes of the line, and whether all were zero."""
    length, zero = len(held), not held.strip(b"\0")
    while chunk := file.read(_CHUNK):
        found = chunk.find(b"\n")
        part = chunk if found < 0 else chunk[:found]
        length += len(part)
        zero = zero and not part.strip(b"\0")
        if found >= 0:
            break
    return length, zero


def _examine(offset: int, raw: bytes, ended: bool) -> Iterator[Line | BadRange]:
    """Give what is good in the bytes between two newlines, and what is not."""
    if not raw.strip(b" \r\t"):
        return
    end = offset + len(raw) + ended
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        yield from _salvage(offset, raw, end, ended=ended)
        return
    if isinstance(document, dict):
        yield Line(offset, raw, end)
    else:
        yield BadRange(offset, len(raw), "not an object")


def _salvage(offset: int, raw: bytes, end: int, *, ended: bool) -> Iterator[Line | BadRange]:
    bad = 0
    for begin, stop in _objects(raw):
        yield from _blame(offset, raw, bad, begin, ended=True)
        yield Line(offset + begin, raw[begin:stop], end if stop == len(raw) else offset + stop)
        bad = stop
    yield from _blame(offset, raw, bad, len(raw), ended=ended)


def _objects(raw: bytes) -> Iterator[tuple[int, int]]:
    """Find the whole events inside bytes that are not one: a half line may stick to a good one."""
    text = raw.decode("latin-1")
    begin = raw.find(_START)
    while begin >= 0:
        stop = _object_end(raw, text, begin)
        if stop:
            yield begin, stop
        begin = raw.find(_START, stop or begin + 1)


def _object_end(raw: bytes, text: str, begin: int) -> int:
    try:
        _, stop = _decoder.raw_decode(text, begin)
        orjson.loads(raw[begin:stop])
    except (ValueError, RecursionError):
        return 0
    return stop


def _blame(offset: int, raw: bytes, begin: int, stop: int, *, ended: bool) -> Iterator[BadRange]:
    """Name what is wrong with ``raw[begin:stop]``, zeros at its two ends by themselves."""
    part = raw[begin:stop]
    core = part.lstrip(b"\0")
    zeros = len(part) - len(core)
    core = core.rstrip(b"\0")
    after = len(part) - zeros - len(core)
    offset += begin
    if zeros:
        yield BadRange(offset, zeros, "zero-filled")
    if core:
        yield BadRange(offset + zeros, len(core), _reason(core, ended))
    if after:
        yield BadRange(offset + zeros + len(core), after, "zero-filled")


def _reason(part: bytes, ended: bool) -> Reason:
    if part.startswith(_START[: len(part)]) or not ended:
        return "torn"
    try:
        part.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    return "foreign"


def set_aside(path: Path, ranges: Iterable[BadRange], folder: Path) -> int:
    """Copy a segment's bad bytes to ``<folder>/<segment>.bad``, each range once.

    A range stands there as one JSON line (``segment``, ``offset``, ``length``, ``reason``), its
    bytes, and a newline.

    Args:
        path: The segment; it is not changed.
        ranges: What :func:`recover` called bad.
        folder: Made if missing, for its owner alone.

    Returns:
        The number of ranges that were not there before.

    Raises:
        OSError: The segment cannot be read, or the folder not written.
    """
    missing = list(ranges)
    if not missing:
        return 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(folder / f"{path.stem}.bad", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b") as aside, path.open("rb") as segment:
        known, end = _known(aside)
        aside.seek(end)
        aside.truncate()
        missing = [bad for bad in missing if bad.offset not in known]
        for bad in missing:
            _copy(segment, path.stem, bad, aside)
    return len(missing)


def _known(aside: BinaryIO) -> tuple[set[int], int]:
    """Give the offsets that a file of bad bytes holds, and where its last whole record ends."""
    known: set[int] = set()
    size, end = aside.seek(0, os.SEEK_END), 0
    while end < size:
        aside.seek(end)
        try:
            record = orjson.loads(aside.readline())
        except orjson.JSONDecodeError:
            break
        after = aside.tell() + record["length"] + 1
        if after > size:
            break
        known.add(record["offset"])
        end = after
    return known, end


def _copy(segment: BinaryIO, name: str, bad: BadRange, aside: BinaryIO) -> None:
    record = {
        "segment": name,
        "offset": bad.offset,
        "length": bad.length,
        "reason": bad.reason,
    }
    aside.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    segment.seek(bad.offset)
    left = bad.length
    while left and (chunk := segment.read(min(left, _CHUNK))):
        aside.write(chunk)
        left -= len(chunk)
    aside.write(b"\0" * left + b"\n")
