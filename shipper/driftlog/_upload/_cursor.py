"""How far each segment has been sent: one small file, replaced whole, believed only if intact.

Whatever happens to the file, the answer to doubt is to send again, under the same ids.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from driftlog._upload._account import Account

__all__ = ["Cursor", "Position", "Trouble", "load", "save", "tail_of"]

_FORMAT = 1
_TAIL = 256


@dataclass(frozen=True, slots=True)
class Position:
    """How far one segment has been sent.

    Args:
        name: Of its file.
        offset: Of the first byte that is not resolved.
        tail: Digest of the bytes before, to see that it is still the same file.
        generation: How often it was found to be another; part of the ids from 1 on.
        unsent: Lines after the offset, as last counted.
        done: When it was found closed and sent whole, in seconds since 1970.
        sent: Lines before the offset.
    """

    name: str
    offset: int
    tail: str
    generation: int = 0
    unsent: int = 0
    done: float | None = None
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stood in the way last.

    Args:
        at: When, in seconds since 1970.
        sentence: What, and what to do.
        lasting: Whether it still does.
    """

    at: float
    sentence: str
    lasting: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """What an uploader knows of its spool.

    Args:
        since: When the account began, in seconds since 1970.
        reach: Bytes beyond a position that may have been under way.
        positions: By the segments' own ids.
        account: What became of the lines before the positions.
        acknowledged: When Elasticsearch last took an event, in seconds since 1970.
        trouble: What stood in the way last.
        lost: Segments that went before they were wholly sent, by file: the lines accounted for.
    """

    since: float
    reach: int
    positions: Mapping[str, Position] = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    acknowledged: float | None = None
    trouble: Trouble | None = None
    lost: Mapping[str, int] = field(default_factory=dict)

    def at(self, segment_id: str, position: Position) -> "Cursor":
        """Give the cursor with a segment's new position."""
        return replace(self, positions={**self.positions, segment_id: position})

    def without(self, segment_id: str) -> "Cursor":
        """Give the cursor without a segment that is gone."""
        rest = {name: one for name, one in self.positions.items() if name != segment_id}
        return replace(self, positions=rest)


def encode(cursor: Cursor) -> bytes:
    """Write a cursor as two lines of JSON: itself, and its digest."""
    state = orjson.dumps({"format": _FORMAT, **asdict(cursor)})
    digest = hashlib.sha256(state).hexdigest()
    return b'%b\n{"sha256":"%b"}\n' % (state, digest.encode())


def decode(data: bytes) -> Cursor | None:
    """Read a cursor; None, where it is not intact."""
    state, _, rest = data.partition(b"\n")
    digest = hashlib.sha256(state).hexdigest()
    if rest.strip() != b'{"sha256":"%b"}' % digest.encode():
        return None
    try:
        return _cursor(orjson.loads(state))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _cursor(state: dict[str, Any]) -> Cursor | None:
    if state.pop("format") != _FORMAT:
        return None
    positions = {name: Position(**one) for name, one in state.pop("positions").items()}
    account, trouble = Account.of(state.pop("account")), state.pop("trouble")
    return Cursor(
        **state,
        positions=positions,
        account=account,
        trouble=Trouble(**trouble) if trouble else None,
    )


def load(path: Path) -> tuple[Cursor | None, str]:
    """Read the cursor file.

    Returns:
        The cursor, or None and what is wrong with the file (nothing, where there is none).
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"
    cursor = decode(data)
    return cursor, "" if cursor else ("is damaged" if data else "is empty")


def save(path: Path, cursor: Cursor, *, sync: bool) -> None:
    """Replace the cursor file: whole or not at all, for any reader and after any crash.

    Args:
        path: Of the file.
        cursor: What to keep.
        sync: Whether to bring it to the disk, against a power loss; it outlives the process anyway.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    beside = path.with_name(path.name + ".new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(encode(cursor))
        file.flush()
        if sync:
            os.fdatasync(fd)
    beside.replace(path)
    if sync:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def tail_of(file: BinaryIO, offset: int) -> str:
    """Give a digest of the bytes before an offset."""
    begin = max(0, offset - _TAIL)
    # Not by seeking: another thread may be reading on.
    return hashlib.sha256(os.pread(file.fileno(), offset - begin, begin)).hexdigest()[:16]
