"""What all documents of the state have in common: ids, windows, and values kept whole. Pure.

An id is a hash of what the document is about, so that the same analysis writes the same documents, whoever runs it and
however often. A digest of the content tells a document that need not be written again.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from driftlog_analyzers._finding import Severity
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import StoreError

T = TypeVar("T")
Json = dict[str, Any]
GRAVITY: Mapping[Severity, int] = {severity: rank + 1 for rank, severity in enumerate(Severity)}
"""Severities as numbers for charts: info 1, low 2, medium 3, high 4, critical 5."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One window of one model, in the order in which windows are read.

    Attributes:
        start: UTC with microseconds, so that texts sort as moments do.
        start_id: id of its first event; empty for windows by time.
        model: the model's name.
        size: the size of the window, as text.
    """

    start: str
    start_id: str
    model: str
    size: str

    @property
    def id(self) -> str:
        """What all documents of the window share."""
        return identity(self.model, self.size, self.start, self.start_id)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it should be.

    Attributes:
        id: its ``_id``.
        body: its contents as JSON, the digest included.
        digest: of the contents.
    """

    id: str
    body: bytes
    digest: str


def document(name: str, body: Json, **flags: bool) -> Document:
    """A document with its digest in ``driftlog.digest``; numbers that are not finite are null.

    Args:
        name: its id.
        body: its contents; its ``driftlog`` is extended.
        flags: further fields under ``driftlog``, which the digest does not cover.
    """
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    digest = blake2b(content, digest_size=16).hexdigest()
    body["driftlog"] |= {"digest": digest, **flags}
    return Document(name, orjson.dumps(body), digest)


def identity(*parts: str) -> str:
    """An id of 32 hex digits for some texts."""
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def key_of(model: str, size: object, window: Window) -> Key:
    """The key of a window."""
    return Key(exact(window.start), window.start_id, model, str(size))


def stored_key(body: Json) -> Key:
    """The key of the window that a document is about."""
    window = body["window"]
    return Key(window["start"], window["start_id"], body["model"]["name"], window["size"])


def exact(moment: datetime) -> str:
    """UTC with microseconds, always."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def window_body(window: Window, size: str) -> Json:
    """A window as a document tells it."""
    return {
        "start": exact(window.start),
        "end": exact(window.end),
        "start_id": window.start_id,
        "end_id": window.end_id,
        "size": size,
    }


def stored_window(body: Json) -> Window:
    """The window that `window_body` told."""
    start, end = (datetime.fromisoformat(body[name]) for name in ("start", "end"))
    return Window(start, end, body["start_id"], body["end_id"])


def packed(value: object) -> str:
    """A value whole, as text that an index keeps without looking at it."""
    return b64encode(zlib.compress(to_json(value), 1)).decode()


def unpacked(cls: type[T], text: str) -> T:
    """Read what `packed` wrote of a `cls`.

    Raises:
        StoreError: the text is something else.
    """
    try:
        return from_json(cls, zlib.decompress(b64decode(text)))
    except (ValueError, zlib.error) as error:
        raise StoreError(
            "a document of the state cannot be read: another program or another driftlog wrote it;"
            " delete the indices driftlog-profiles-*, -findings-* and -alerts-* of the namespace, run"
            " driftlog setup, and analyze again: the events are untouched"
        ) from error
