"""What must not reach the disk."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from driftlog.errors import SettingsError

__all__ = ["Action", "Redaction"]

Action = Literal["deny", "hash"] | int | None

_DIGEST_BYTES = 10
_MAX_KEY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Which values are withheld, hashed or cut before an event is written.

    A name is that of a feature (flattened, ``user.email``), of its parent (``user`` covers all
    below it), of a field of the prediction, or of a context variable. Denial wins over hashing,
    hashing over truncation. A value whose redaction fails is withheld and its feature named under
    ``driftlog.redacted``.

    Args:
        allow: The only features and context variables that are logged; all, where None. Fields
            of the prediction need not be listed.
        deny: Never logged.
        hash: Logged as a category that is a keyed BLAKE2b hash (20 hex digits) of the value, so
            that equal values stay equal and nobody without the key can guess them.
        key: The key of the hash, up to 64 bytes. Keep it out of the log's reach.
        truncate: Characters to keep of a value, by name; numbers become categories.

    Raises:
        SettingsError: ``hash`` without a key, or an argument of the wrong shape.
    """

    allow: Collection[str] | None = None
    deny: Collection[str] = ()
    hash: Collection[str] = ()
    key: bytes | None = field(default=None, repr=False)
    truncate: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("allow", "deny", "hash"):
            names = getattr(self, name)
            if isinstance(names, str):
                raise SettingsError(f"Redaction: write {name}=[{names!r}], a collection of names.")
        if self.hash and not self.key:
            raise SettingsError("Redaction: hash needs a key; give key=... as bytes from a secret.")
        key: object = self.key
        if key is not None and not (isinstance(key, bytes) and len(key) <= _MAX_KEY):
            raise SettingsError(f"Redaction: the key must be bytes, {_MAX_KEY} at the most.")
        lengths: Mapping[str, object] = self.truncate
        for name, length in lengths.items():
            if not isinstance(length, int) or length < 0:
                raise SettingsError(f"Redaction: truncate[{name!r}] must be 0 or more characters.")

    def action(self, name: str, *, listed_only: bool = False) -> Action:
        """Say what is to be done with the values of a name.

        Args:
            name: A flattened name.
            listed_only: Leave ``allow`` aside, as for the fields of a prediction.
        """
        family = _family(name)
        if any(member in self.deny for member in family):
            return "deny"
        allow = None if listed_only else self.allow
        if allow is not None and not any(member in allow for member in family):
            return "deny"
        if any(member in self.hash for member in family):
            return "hash"
        lengths = [self.truncate[member] for member in family if member in self.truncate]
        return min(lengths) if lengths else None

    def digest(self, text: str) -> str:
        """Give the keyed hash of a value, as 20 hex digits."""
        data = text.encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=_DIGEST_BYTES, key=self.key or b"").hexdigest()


def _family(name: str) -> list[str]:
    """Give a flattened name and its parents: ``a.b.c``, ``a.b``, ``a``."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
