"""A column of a frame, classified once for all its rows where its type allows that."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from driftlog._features import Parts, Route, Splitter
from driftlog._strings import SHORT, clean

__all__ = ["Column", "NeedsRows", "Source", "assemble", "column", "sources"]

# Wider numbers have no Python type of their own.
MAX_BYTES = 8

Cells = list[Parts]


class NeedsRows(Exception):  # noqa: N818 - a signal, no error
    """The frame holds what columns cannot say, such as nested mappings: take it row by row."""


@dataclass(frozen=True, slots=True)
class Column:
    """Some rows of a column.

    Args:
        name: Of the feature.
        kind: The part that all rows belong to; ``""`` where they differ, ``"na"`` for all null.
        values: What stands there, row by row; for differing rows the parts of each.
    """

    name: str
    kind: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A named column of the caller's, of any array-like type."""

    name: Any
    data: Any

    def rows(self, start: int, stop: int) -> Any:
        """Give some of the rows: a numpy array of numbers, or a list."""
        part = getattr(self.data, "iloc", self.data)[start:stop]
        numpy = sys.modules.get("numpy")
        dtype = getattr(part, "dtype", None)
        if numpy is None or dtype is None:
            return list(part)
        if isinstance(dtype, numpy.dtype) and dtype.kind in "fiub" and dtype.itemsize <= MAX_BYTES:
            return numpy.asarray(part)
        return list(part) if dtype.kind in "mMfc" else part.tolist()


def sources(frame: Any) -> list[Source]:
    """Give the columns of a DataFrame, or of a mapping of columns."""
    return [
        Source(name, data if hasattr(data, "__getitem__") else list(data))
        for name, data in frame.items()
    ]


def column(source: Source, start: int, stop: int, owner: Splitter) -> Column:
    """Classify some rows of a column.

    Raises:
        NeedsRows: A value is a mapping, or the column holds whole rows.
    """
    if source.name is None:
        raise NeedsRows
    name = owner.clean(source.name)
    rows = source.rows(start, stop)
    if owner.route(name) == Route():
        if not isinstance(rows, list):
            return _numbers(name, rows, owner)
        return _objects(name, rows, owner)
    return Column(name, "", _cells(name, rows if isinstance(rows, list) else rows.tolist(), owner))


def _objects(name: str, rows: list[Any], owner: Splitter) -> Column:
    kinds = set(map(type, rows))
    if kinds == {type(None)}:
        return Column(name, "na", rows)
    strings = [value for value in rows if type(value) is str]
    if not strings or not _all_fit(strings):
        return Column(name, "", _cells(name, rows, owner))
    if len(strings) == len(rows):
        return Column(name, "cat", rows)
    others = iter(_cells(name, [value for value in rows if type(value) is not str], owner))
    cells = [{"cat": {name: v}} if type(v) is str else next(others) for v in rows]
    return Column(name, "", cells)


def _numbers(name: str, rows: Any, owner: Splitter) -> Column:
    numpy = sys.modules["numpy"]
    values = rows.tolist()
    if rows.dtype.kind == "b":
        return Column(name, "cat", ["true" if value else "false" for value in values])
    if rows.dtype.kind != "f" or numpy.isfinite(rows).all():
        return Column(name, "num", values)
    if numpy.isnan(rows).all():
        return Column(name, owner.nan, values)
    null, infinite = {owner.nan: [name]}, {"nonfinite": [name]}
    cells = [
        {"num": {name: v}} if v - v == 0.0 else null if v != v else infinite  # noqa: PLR0124 - NaN
        for v in values
    ]
    return Column(name, "", cells)


def _all_fit(rows: list[str]) -> bool:
    text = "".join(rows)
    return max(map(len, rows)) <= SHORT and clean(text) == text


def _cells(name: str, rows: list[Any], owner: Splitter) -> Cells:
    """Split each value by itself; strings and nulls that come again are not looked at again."""
    known: dict[Any, Parts] = {}
    cells: Cells = []
    for value in rows:
        simple = type(value) is str or value is None
        cell = known.get(value) if simple else None
        if cell is None:
            cell = owner.split({name: value}, careful=type(value) is not float)
            if any(name not in part for part in cell.values()):
                raise NeedsRows
            if simple and not ("truncated" in cell or "redacted" in cell):
                known[value] = cell
        cells.append(cell)
    return cells


def assemble(columns: Iterable[Column], count: int) -> list[Parts]:
    """Give the parts of each row.

    Args:
        columns: The classified columns of the same rows.
        count: The number of rows.
    """
    alike: dict[str, list[Column]] = {}
    for one in columns:
        alike.setdefault(one.kind, []).append(one)
    mixed = alike.pop("", [])
    rows: list[Parts] = [{} for _ in repeat(None, count)]
    for kind, group in alike.items():
        names = [one.name for one in group]
        if kind in ("na", "nonfinite"):
            for row in rows:
                row[kind] = names.copy()
            continue
        for row, values in zip(rows, zip(*(one.values for one in group), strict=True), strict=True):
            row[kind] = dict(zip(names, values, strict=True))
    for one in mixed:
        for row, cell in zip(rows, one.values, strict=True):
            _add(row, cell)
    return rows


def _add(row: Parts, cell: Parts) -> None:
    for kind, part in cell.items():
        if isinstance(part, Mapping):
            row.setdefault(kind, {}).update(part)
        else:
            row.setdefault(kind, []).extend(part)
