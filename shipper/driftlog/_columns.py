"""A column of a frame, encoded at once for all its rows where its type allows that.

What is encoded here is cut into pieces: bytes that are the same in each row, or a list of bytes,
one for each row. A row is all its pieces in a row, so that joining them is left to C.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

import orjson

from driftlog._careful import Route
from driftlog._document import BACKSLASH
from driftlog._features import Splitter
from driftlog._strings import SHORT, clean

__all__ = ["NeedsRows", "Piece", "Source", "enclose", "encode_columns", "join", "sources"]

Piece: TypeAlias = bytes | list[bytes]
# By part (``num``, ``na``, ...), each beginning with a comma where it is not empty.
Pieces: TypeAlias = dict[str, list[Piece]]

# Wider numbers have no Python type of their own.
MAX_BYTES = 8
MARKS = frozenset({"na", "nonfinite", "empty", "redacted", "truncated"})


class NeedsRows(Exception):  # noqa: N818 - a signal, no error
    """The frame holds what columns cannot say, such as nested mappings: take it row by row."""


@dataclass(frozen=True, slots=True)
class Source:
    """A named column of the caller's, of any array-like type."""

    name: Any
    data: Any

    def rows(self, start: int, stop: int) -> list[Any]:
        """Give some of the rows."""
        part = self.data[start:stop]
        dtype: Any = getattr(part, "dtype", None)
        kind = getattr(dtype, "kind", "")
        # Times, and numbers that Python has no type for, stay what they are.
        if kind in ("", "m", "M", "c") or (kind == "f" and dtype.itemsize > MAX_BYTES):
            return list(part)
        return part.tolist()  # type: ignore[no-any-return]


def sources(frame: Any) -> list[Source]:
    """Give the columns of a DataFrame, or of a mapping of columns."""
    return [Source(name, _sliceable(data)) for name, data in frame.items()]


def _sliceable(data: Any) -> Any:
    """Give what is cheap to slice by position: a pandas Series is not."""
    if hasattr(data, "iloc"):
        array = data.array
        numpy = sys.modules["numpy"]
        plain = isinstance(data.dtype, numpy.dtype) and data.dtype.kind not in "mM"
        return numpy.asarray(array) if plain else array
    return data if hasattr(data, "__getitem__") else list(data)


def join(pieces: Sequence[Piece], count: int) -> list[bytes]:
    """Give each row as a whole."""
    same = [repeat(piece, count) if isinstance(piece, bytes) else piece for piece in pieces]
    return list(map(b"".join, zip(*same, strict=True))) if same else [b""] * count


def enclose(opening: bytes, pieces: Sequence[Piece], closing: bytes, count: int) -> list[Piece]:
    """Put what stands in a row between brackets, without its first comma; nothing around nothing."""
    if pieces and isinstance(pieces[0], bytes):
        return [opening + pieces[0][1:], *pieces[1:], closing]
    rows = join(pieces, count)
    return [[opening + row[1:] + closing if row else b"" for row in rows]]


def encode_columns(
    columns: Iterable[Source], start: int, stop: int, owner: Splitter, *, plain: bool = False
) -> list[Piece]:
    """Give the parts of a document for some rows of a frame, each part beginning with a comma.

    Args:
        columns: Of the frame.
        start: The first row.
        stop: The row after the last.
        owner: Splits what has no one type.
        plain: Leave ``truncated`` out, and take no part in redaction.

    Raises:
        NeedsRows: A value is a mapping, two columns have one name, or one holds whole rows; or a
            value was withheld where no redaction is taken part in.
    """
    names: set[str] = set()
    parts: dict[str, list[list[Piece]]] = {}
    for source in columns:
        if source.name is None:
            raise NeedsRows
        name = owner.clean(source.name, stop - start)
        if name in names:
            raise NeedsRows
        names.add(name)
        for kind, pieces in _column(name, source.rows(start, stop), owner).items():
            parts.setdefault(kind, []).append(pieces)
    if plain:
        parts.pop("truncated", None)
        if "redacted" in parts:
            raise NeedsRows
    document: list[Piece] = []
    for kind, group in parts.items():
        # What is in every row comes first, so that no row's brackets are empty.
        group.sort(key=lambda pieces: not isinstance(pieces[0], bytes))
        opening, closing = (b"[", b"]") if kind in MARKS else (b"{", b"}")
        inner = [piece for pieces in group for piece in pieces]
        document += enclose(b',"%b":%b' % (kind.encode(), opening), inner, closing, stop - start)
    return document


def _column(name: str, rows: list[Any], owner: Splitter) -> Pieces:
    kinds = set(map(type, rows))
    if owner.route(name) == Route():
        quoted = orjson.dumps(name)
        if kinds == {type(None)}:
            return {"na": [b"," + quoted]}
        if kinds in ({float}, {int}):
            return _numbers(name, rows, owner)
        if kinds == {bool}:
            return {
                "cat": [b',%b:"' % quoted, [b"true" if row else b"false" for row in rows], b'"']
            }
        strings = _strings(rows if kinds == {str} else [row for row in rows if type(row) is str])
        if strings and kinds == {str}:
            return {"cat": [b',%b:"' % quoted, strings, b'"']}
        if strings:
            one = iter(strings)
            cells = [b',%b:"%b"' % (quoted, next(one)) if type(row) is str else b"" for row in rows]
            pieces = _cells(name, rows, owner, but=str)
            pieces.setdefault("cat", []).append(cells)
            return pieces
    return _cells(name, rows, owner)


def _numbers(name: str, rows: list[Any], owner: Splitter) -> Pieces:
    """Encode floats, or integers."""
    quoted = orjson.dumps(name)
    lead, mark = b",%b:" % quoted, b"," + quoted
    try:
        encoded = orjson.dumps(rows)[1:-1].split(b",")
    except TypeError:  # an integer of more than 64 bits
        return _cells(name, rows, owner)
    total = sum(rows)
    if total - total == 0:
        return {"num": [lead, encoded]}
    nan = [mark if row != row else b"" for row in rows]  # noqa: PLR0124 - what NaN alone is
    if all(nan):
        return {owner.nan: [mark]}
    finite = [row - row == 0.0 for row in rows]
    pairs = zip(finite, encoded, strict=True)
    pieces: Pieces = {"num": [[lead + number if fit else b"" for fit, number in pairs]]}
    pieces[owner.nan] = [nan]
    infinite = [b"" if fit or null else mark for fit, null in zip(finite, nan, strict=True)]
    pieces.setdefault("nonfinite", []).append(infinite)
    return pieces


def _strings(rows: list[str]) -> list[bytes] | None:
    """Encode strings, without their quotes; None where one is long or unfit, or there is none."""
    if not rows or max(map(len, rows)) > SHORT:
        return None
    try:
        encoded = orjson.dumps(rows)
    except TypeError:  # a lone surrogate
        return None
    if BACKSLASH not in encoded:  # no quote but those around the strings
        return encoded[2:-2].split(b'","')
    return None if b"\\u0000" in encoded else [orjson.dumps(row)[1:-1] for row in rows]


def _cells(name: str, rows: list[Any], owner: Splitter, *, but: type | None = None) -> Pieces:
    """Split each value by itself; strings and nulls that come again are not looked at again.

    Values of the type ``but`` are left out.
    """
    known: dict[Any, dict[str, bytes]] = {}
    cells: dict[str, list[bytes]] = {}
    for index, value in enumerate(rows):
        kind = type(value)
        if kind is but:
            continue
        simple = kind is str or value is None or (kind is float and value != value)  # noqa: PLR0124 - NaN
        key = value if kind is str else kind
        cell = known.get(key) if simple else None
        if cell is None:
            cell = _cell(name, value, owner)
            if simple and _unchanged(value, cell):
                known[key] = cell
        for part, encoded in cell.items():
            if part not in cells:
                cells[part] = [b""] * len(rows)
            cells[part][index] = encoded
    return {part: [column] for part, column in cells.items()}


def _cell(name: str, value: Any, owner: Splitter) -> dict[str, bytes]:
    parts = owner.split({name: value}, careful=type(value) is not float)
    if any(name not in part for part in parts.values()):
        raise NeedsRows
    return {kind: b"," + orjson.dumps(part)[1:-1] for kind, part in parts.items()}


def _unchanged(value: Any, cell: Mapping[str, bytes]) -> bool:
    """Say whether nothing was counted for a value, so that its like need not be looked at."""
    if cell.keys() & {"other", "redacted", "truncated"}:
        return False
    return type(value) is not str or (len(value) <= SHORT and clean(value) == value)
