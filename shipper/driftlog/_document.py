"""The event document as bytes: what never changes is encoded once."""

from collections.abc import Mapping

import orjson

from driftlog._features import Parts

__all__ = ["BACKSLASH", "Envelope", "NotEncodable", "encode", "following"]

# A single byte is found twenty times faster than a few in a row.
BACKSLASH = ord("\\")


class NotEncodable(ValueError):  # noqa: N818 - says what it is
    """Some value is fit only after a careful look: a lone surrogate, NUL, a number too large."""


def encode(parts: Parts) -> bytes:
    """Write parts as JSON, where the values may not have been looked at one by one.

    Raises:
        NotEncodable: A string holds a lone surrogate or (perhaps) NUL, an integer has more than
            64 bits.
    """
    try:
        encoded = orjson.dumps(parts)
    except TypeError as error:
        raise NotEncodable(str(error)) from error
    if BACKSLASH in encoded and b"\\u0000" in encoded:
        raise NotEncodable
    return encoded


class Envelope:
    """The common fields of a logger's documents.

    Args:
        model: Name, version, and the hash of what decides its features' meaning (`_schema`).
        service: ``name``, ``version`` and ``environment``, as far as known.
        host: The host's name.
    """

    def __init__(self, model: tuple[str, str, str], service: Mapping[str, str], host: str) -> None:
        dataset = orjson.dumps(f"driftlog.{model[0]}")
        common = orjson.dumps({"service": dict(service), "host": {"name": host}})[1:-1]
        name = orjson.dumps(dict(zip(("name", "version", "schema"), model, strict=True)))
        self._common = common + b","
        self._model = b'"driftlog":{"model":' + name
        self._starts = {
            (action, outcome): b'","kind":"event","action":"%b","dataset":%b%b'
            % (action, dataset, b',"outcome":"%b"' % outcome if outcome else b"")
            for action, outcome in (
                (b"prediction", b"success"),
                (b"prediction", b"failure"),
                (b"prediction", b"unknown"),
                (b"label", b""),
            )
        }
        self._leads = {
            key: b"%b},%b%b" % (start, self._common, self._model)
            for key, start in self._starts.items()
        }
        self.usual = self._leads[b"prediction", b"success"] + b","
        """What stands between the id of most predictions and the fields of their body."""

    def lead(self, action: bytes, outcome: bytes, duration: int | None, context: bytes) -> bytes:
        """Give what stands between the event's id and the parts under ``driftlog``.

        Args:
            action: Of the event.
            outcome: Of a prediction; empty for a label.
            duration: In nanoseconds.
            context: Further fields, encoded, each followed by a comma.
        """
        if duration is None and not context:
            return self._leads[action, outcome]
        spent = b"" if duration is None else b',"duration":%d' % duration
        start = self._starts[action, outcome]
        return b"%b%b},%b%b%b" % (start, spent, self._common, context, self._model)


def following(body: bytes) -> bytes:
    """Give an encoded object's inside as it follows other fields, and the bracket that closes it."""
    return b"," + body[1:] if body != b"{}" else b"}"
