"""Requests: a bulk body from ready lines, and what came of sending it."""

import gzip
from collections.abc import Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

import orjson

from driftlog._upload._connect import open_node
from driftlog._upload._failure import no_answer
from driftlog._upload._reply import Reply
from driftlog._upload._settings import Upload

__all__ = ["RESENT", "Sender", "bulk_body"]

# What ends a line that may have been indexed before: reading resolves these few by event.id.
RESENT = b',"tags":["resent"]}'
# The ids show that the reply is to this request, in this order.
_QUERY = (
    "?require_data_stream=true&filter_path=errors,error,"
    "items.*._id,items.*.status,items.*.error,items.*.failure_store"
)
_HEADERS = {"content-type": "application/x-ndjson", "accept": "application/json"}
# The newest backing index tells whose a stream is; its fields would be a megabyte.
_ABOUT = "?filter_path=-*.mappings.properties,-*.mappings.dynamic_templates"
# Data streams take no such operation, yet are made for it.
_IMPOSSIBLE = b'{"index":{}}\n{}\n'
_JSON = _HEADERS | {"content-type": "application/json"}
_ZIPPED = _HEADERS | {"content-encoding": "gzip"}


def bulk_body(ids: Sequence[str], lines: Sequence[bytes], *, resent: bool) -> bytes:
    """Put an action line above each event; mark the events, where they may be resent ones."""
    if resent:
        lines = [line[:-1] + RESENT for line in lines]
    actions = [b'{"create":{"_id":"%b"}}' % name.encode() for name in ids]
    return b"\n".join((*chain.from_iterable(zip(actions, lines, strict=True)), b""))


class Sender:
    """Sends each request once, and gives what comes of it as a value.

    Args:
        upload: Where to, and how.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The Elasticsearch client is not installed.
    """

    def __init__(self, upload: Upload) -> None:
        self._node = open_node(
            upload.url, api_key=upload.api_key, ca_certs=upload.ca_certs, timeout=upload.timeout
        )
        self._compress = upload.compress
        self._timeout = upload.timeout

    def pack(self, body: bytes) -> bytes:
        """Compress a body, if that is wanted."""
        return gzip.compress(body, 1, mtime=0) if self._compress else body

    def bulk(self, stream: str, packed: bytes) -> Reply:
        """Send a packed body to a data stream."""
        headers = _ZIPPED if self._compress else _HEADERS
        return self._send(f"/{quote(stream)}/_bulk{_QUERY}", packed, headers)

    def create(
        self, stream: str, name: str, document: dict[str, Any], timeout: float | None = None
    ) -> Reply:
        """Send one document to a data stream, within ``timeout`` seconds where that is not None."""
        path = f"/{quote(stream)}/_create/{quote(name, safe='')}"
        return self._send(path, orjson.dumps(document), _JSON, timeout=timeout)

    def make(self, stream: str, timeout: float | None = None) -> Reply:
        """Let a data stream come into being without a document, if a template says how."""
        return self._send(f"/{quote(stream)}/_bulk{_QUERY}", _IMPOSSIBLE, _HEADERS, timeout=timeout)

    def mapping(self, stream: str, timeout: float | None = None) -> Reply:
        """Ask for what the mappings of a stream's backing indices say of themselves."""
        return self._send(f"/{quote(stream)}/_mapping{_ABOUT}", None, _JSON, "GET", timeout)

    def close(self) -> None:
        """Close the connections."""
        self._node.close()

    def _send(
        self,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        method: str = "POST",
        timeout: float | None = None,
    ) -> Reply:
        from elastic_transport import HttpHeaders, TransportError  # noqa: PLC0415 - an extra, slow to load

        limit = self._timeout if timeout is None else timeout
        try:
            answer = self._node.perform_request(method, path, body, HttpHeaders(headers), limit)
        except (TransportError, OSError) as error:
            words, lasting = no_answer(error)
            return Reply(0, words, lasting=lasting)
        meta = answer.meta
        return Reply(
            meta.status,
            _parsed(answer.body),
            retry_after=_seconds(meta.headers.get("retry-after")),
            foreign=meta.headers.get("x-elastic-product") != "Elasticsearch",
            seconds=meta.duration,
        )


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode(errors="replace")


def _seconds(header: str | None) -> float | None:
    """Read ``Retry-After`` in seconds; a date is left to the backoff."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
