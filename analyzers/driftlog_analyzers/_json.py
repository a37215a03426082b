"""Values as JSON and back, without loss: what the state file and the baseline's profile hold."""

from functools import cache
from types import GenericAlias
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter

T = TypeVar("T")

# JSON has no name for infinity, which the moments of very large numbers can reach; a string does.
_CONFIG = ConfigDict(extra="forbid", ser_json_inf_nan="strings")


def to_json(value: object) -> bytes:
    """The value dataclass as one JSON object in UTF-8; floats keep every bit, times their moment.

    Times must be aware.
    """
    cls: Any = type(value)
    return _adapter(cls).dump_json((value,))[1:-1]


def from_json(cls: type[T], data: bytes) -> T:
    """Read what `to_json` wrote of a `cls`.

    Raises:
        ValueError: the data is not JSON, or not of that class.
    """
    kind: Any = cls
    value: T = _adapter(kind).validate_json(b"[" + data + b"]")[0]
    return value


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    """An adapter of a one-element list: a dataclass takes its settings from what holds it."""
    holder: Any = GenericAlias(tuple, (cls,))
    return TypeAdapter(holder, config=_CONFIG)
