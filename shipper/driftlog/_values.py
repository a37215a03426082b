"""From a value to its kind, by its type alone: pure, one rule for every type."""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

__all__ = ["Classified", "Kind", "category", "classify"]

# "nan" and "inf" become "na" or "nonfinite" as the settings say; "map" is to be flattened.
Kind = Literal["num", "cat", "list", "na", "nan", "inf", "other", "map"]
Classified = tuple[Kind, Any]

MAX_ITEMS = 10_000
_NULL: Classified = ("na", None)
_NAN: Classified = ("nan", None)
_INFINITE: Classified = ("inf", None)
# orjson writes integers of 64 bits, signed or unsigned.
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1


def classify(value: Any) -> Classified:
    """Give a value's kind and the value as it is logged.

    A number is a finite ``float`` or an ``int`` of 64 bits, a category a ``str``, a list a ``list``
    of ``str`` (10,001 at the most, so that the caller sees when there were more), other the type's
    name.

    Raises:
        Exception: Whatever the value's own methods raise.
    """
    kind: type = type(value)
    return _rule(kind)(value)


def category(kind: Kind, value: Any) -> str:
    """Write a scalar as a category: ``1`` and ``1.0`` as ``"1"``, a null as ``"null"``."""
    if kind == "num":
        whole = isinstance(value, int) or value.is_integer()
        return str(int(value)) if whole and abs(value) < 1 << 64 else repr(value)
    return str(value) if kind == "cat" else "null" if kind == "na" else str(kind)


def _float(value: Any) -> Classified:
    number = float(value)
    if math.isfinite(number):
        return "num", number
    return _NAN if math.isnan(number) else _INFINITE


def _int(value: Any) -> Classified:
    number = int(value)
    if _SMALLEST <= number <= _LARGEST:
        return "num", number
    try:
        return "num", float(number)
    except OverflowError:
        return _INFINITE


def _decimal(value: Decimal) -> Classified:
    return _NAN if value.is_nan() else _float(value)


def _bool(value: Any) -> Classified:
    return "cat", "true" if value else "false"


def _str(value: str) -> Classified:
    return "cat", str.__str__(value)


def _date(value: date | time) -> Classified:
    return "cat", value.isoformat()


def _list(value: Iterable[Any]) -> Classified:
    items: list[str] = []
    for item in value:
        kind, plain = classify(item)
        if kind in ("list", "other", "map"):
            return _other(value)
        items.append(category(kind, plain))
        if len(items) > MAX_ITEMS:
            break
    return "list", items


def _set(value: AbstractSet[Any]) -> Classified:
    kind, items = _list(value)
    return kind, sorted(items) if kind == "list" else items


def _other(value: Any) -> Classified:
    return "other", type(value).__name__


def _numpy(value: Any) -> Classified:
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.ndarray):
        return classify(value.tolist())
    if isinstance(value, numpy.datetime64 | numpy.timedelta64) and numpy.isnat(value):
        return _NULL
    if isinstance(value, numpy.datetime64):
        moment = value.astype("datetime64[us]").item()
        return _date(moment) if isinstance(moment, date) else ("cat", str(value))
    if isinstance(value, numpy.bool_):
        return _bool(value)
    if isinstance(value, numpy.integer) and not isinstance(value, numpy.timedelta64):
        return _int(value)
    return _float(value) if isinstance(value, numpy.floating) else _other(value)


_RULES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Classified]], ...] = (
    (Enum, lambda value: classify(value.value)),
    (bool, _bool),
    (int, _int),
    (float, _float),
    (str, _str),
    (type(None), lambda _: _NULL),
    ((datetime, date, time), _date),
    (Decimal, _decimal),
    (UUID, lambda value: ("cat", str(value))),
    ((list, tuple), _list),
    (AbstractSet, _set),
    (Mapping, lambda value: ("map", value)),
)


@lru_cache(maxsize=1024)
def _rule(kind: type) -> Callable[[Any], Classified]:
    module = kind.__module__.partition(".")[0]
    if module == "pandas" and kind.__name__ in ("NAType", "NaTType"):
        return lambda _: _NULL
    for bases, rule in _RULES:
        if issubclass(kind, bases):
            return rule
    return _numpy if module == "numpy" else _other
