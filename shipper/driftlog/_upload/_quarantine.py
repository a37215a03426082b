"""Events that Elasticsearch refused, and bytes that are no event: kept, with the reason.

``<segment>.ndjson`` holds one JSON line for each refused event: when and where, its ``id``, the
reason, and the event's own bytes as a string (``line``, or ``base64`` where they are not UTF-8).
An uploader that was killed may keep an event twice, under one id; none is missing.
``<segment>.bad`` holds damaged ranges, as :func:`driftlog._segment.set_aside` writes them.
"""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from driftlog import _segment

__all__ = ["Refused", "keep_damage", "keep_refused"]


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was refused.

    Args:
        id: Under which it was sent.
        offset: Of its first byte in the segment.
        line: The event.
        reason: Elasticsearch's words.
    """

    id: str
    offset: int
    line: bytes
    reason: str


def keep_refused(path: Path, refused: Sequence[Refused], timestamp: str) -> None:
    """Append refused events to a file of the quarantine, and bring them to the disk.

    Args:
        path: Of the file; its folder is made, for its owner alone.
        refused: Of one segment.
        timestamp: Now, RFC 3339.

    Raises:
        OSError: They could not be kept, and must not be passed; the file is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(fd).st_size
        torn = size and os.pread(fd, 1, size - 1) != b"\n"
        data = b"".join([_record(one, timestamp) for one in refused])
        try:
            _write(fd, b"\n" + data if torn else data)
            os.fdatasync(fd)
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _record(one: Refused, timestamp: str) -> bytes:
    try:
        event = {"line": one.line.decode()}
    except UnicodeDecodeError:
        event = {"base64": base64.b64encode(one.line).decode()}
    record = {
        "@timestamp": timestamp,
        "id": one.id,
        "offset": one.offset,
        "reason": one.reason,
        **event,
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def keep_damage(path: Path, bad: Sequence[_segment.BadRange], folder: Path) -> None:
    """Copy damaged ranges of a segment to the quarantine, each once, and onto the disk.

    Raises:
        OSError: They could not be kept, and must not be passed.
    """
    if not bad:
        return
    _segment.set_aside(path, bad, folder)
    fd = os.open(folder / f"{path.stem}.bad", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
