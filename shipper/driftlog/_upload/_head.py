"""What a segment says of itself: its identity, and the data stream its events belong to.

The rule of names: a model's dataset is ``driftlog.<model>``; in lower case, with every character
other than a-z, 0-9, ``_`` and ``.`` written as ``_``, and cut at 100 characters, it is the middle
of the stream's name.
"""

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import orjson

from driftlog import _segment

__all__ = ["Head", "read_head", "stream_name"]

_FIRST = 1 << 16
_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_SAMPLE = 16


@dataclass(frozen=True, slots=True)
class Head:
    """A segment's identity, whatever its file is called.

    Args:
        id: From its first line; where that is none of ours, a digest of it.
        dataset: ``driftlog.<model>``.
        start: Offset of the first event.
    """

    id: str
    dataset: str
    start: int


def stream_name(dataset: str, namespace: str) -> str:
    """Give the data stream of a dataset, by the rule of names."""
    safe = re.sub(r"[^a-z0-9_.]", "_", dataset.lower())
    return f"logs-{safe[:100]}-{namespace}"


def read_head(file: BinaryIO, *, live: bool) -> Head | None:
    """Read what a segment is; None, where too little of it has been written to tell.

    Args:
        file: The segment, opened in binary mode.
        live: Whether it is still being written.
    """
    file.seek(0)
    first = file.read(_FIRST)
    line, newline, _ = first.partition(b"\n")
    if not newline and len(first) < _FIRST and (live or not first):
        return None
    document = _loads(line)
    head = _own(document, len(line) + 1) if newline and document is not None else None
    return head or Head(hashlib.sha256(line).hexdigest()[:24], _dataset(file), 0)


def _own(document: dict[str, Any], start: int) -> Head | None:
    try:
        event, segment_id = document["event"], document["driftlog"]["segment"]["id"]
        if event["action"] == "segment" and _ID.fullmatch(segment_id):
            return Head(segment_id, str(event["dataset"]), start)
    except (KeyError, TypeError):
        pass
    return None


def _dataset(file: BinaryIO) -> str:
    """Look among the first events of a segment without its own first line."""
    file.seek(0)
    for found in _segment.recover(BytesIO(file.read(_FIRST * _SAMPLE)), live=True):
        document = _loads(found.data) if isinstance(found, _segment.Line) else None
        event = document.get("event") if document else None
        if isinstance(event, dict) and isinstance(event.get("dataset"), str):
            return str(event["dataset"])
    return "driftlog.unknown"


def _loads(line: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
