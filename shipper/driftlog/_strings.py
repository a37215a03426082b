"""The rules by which names and strings become fit for a line: pure, one rule each."""

import re
from hashlib import blake2b

__all__ = ["clean", "clean_name", "shorten"]

# Elasticsearch refuses a keyword above 32,766 bytes and finds nothing in one above `ignore_above`.
MAX_BYTES = 1024
# So many characters are MAX_BYTES at the most, whatever they are.
SHORT = MAX_BYTES // 4
MAX_NAME = 256

_unfit = re.compile("[\ud800-\udfff\0]")
_unfit_in_name = re.compile("[\ud800-\udfff\0-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot carry, and NUL by U+FFFD."""
    return _unfit.sub("\ufffd", text)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def shorten(text: str) -> str:
    """Cut a string above 1,024 bytes to a prefix, ``…`` and a hash of the whole.

    Two values that share the prefix stay two values. Surrogates must be gone already.
    """
    if len(text) <= SHORT:
        return text
    encoded = text.encode()
    if len(encoded) <= MAX_BYTES:
        return text
    digest = _digest(text)
    prefix = encoded[: MAX_BYTES - len("…".encode()) - len(digest)].decode(errors="ignore")
    return f"{prefix}…{digest}"


def clean_name(name: str) -> str:
    """Make a feature's name one that every store takes.

    Control characters and surrogates become ``_``, so does an empty or blank part between dots;
    above 256 characters it is cut to a prefix, ``…`` and a hash of the whole.
    """
    fit = _unfit_in_name.sub("_", name)
    fit = ".".join(part if part.strip() else "_" for part in fit.split("."))
    if len(fit) <= MAX_NAME:
        return fit
    digest = _digest(name)
    return f"{fit[: MAX_NAME - 1 - len(digest)]}…{digest}"
