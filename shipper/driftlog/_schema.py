"""What decides the meaning of a logger's features, as a short hash."""

from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from typing import Any

from driftlog._redaction import Redaction
from driftlog._text import Text

__all__ = ["schema_hash"]

_DIGEST_BYTES = 6


def schema_hash(
    categorical: Collection[str],
    text: Mapping[str, Text],
    nan: str,
    redaction: Redaction | None,
) -> str:
    """Give 12 hex digits that change with the declared features, vocabularies, tokenizers, and what is withheld.

    The same in every process. Of a tokenizer the name counts, not what it does; the key of hashes does not count.
    """
    withheld = redaction or Redaction()
    meaning = {
        "categorical": sorted(map(str, categorical)),
        "text": {str(name): _text(feature) for name, feature in text.items()},
        "nan": nan,
        "allow": None if withheld.allow is None else sorted(map(str, withheld.allow)),
        "deny": sorted(map(str, withheld.deny)),
        "hash": sorted(map(str, withheld.hash)),
        "truncate": {str(name): length for name, length in withheld.truncate.items()},
    }
    return _digest(ascii(_sorted(meaning)).encode())


def _text(feature: Text) -> list[str | None]:
    known = feature.known
    # Tokens may hold anything, lone surrogates too; `ascii` writes each in one way.
    words = None if known is None else _digest("\n".join(sorted(map(ascii, known))).encode())
    return [words, _name(feature.tokenizer)]


def _name(tokenizer: Callable[..., Any]) -> str:
    """Where the tokenizer is from; of an object that is called, its class."""
    named = tokenizer if hasattr(tokenizer, "__qualname__") else type(tokenizer)
    module = getattr(named, "__module__", None)  # a method of a builtin type has none
    return f"{module}.{named.__qualname__}"


def _sorted(value: Any) -> Any:
    return (
        sorted((name, _sorted(one)) for name, one in value.items())
        if isinstance(value, dict)
        else value
    )


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()
