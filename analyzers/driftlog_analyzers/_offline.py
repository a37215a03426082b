"""The offline recomputation: a file whose rows are looked up by event id, a sample of them at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftlog import tokenize
from driftlog._strings import clean, clean_name, shorten
from driftlog._values import classify
from driftlog_analyzers._logged import NONFINITE, NULL, Cell, listed
from driftlog_analyzers._rows import RowFile, open_rows, quoted
from driftlog_analyzers._skew import read_cell
from driftlog_analyzers.errors import InputError

CELLS = 500_000
"""Values that are looked at together."""
_FEWEST = 500


@dataclass(frozen=True, slots=True)
class Offline:
    """The opened file.

    Attributes:
        rows: the file; each row's event id stands in the column `id`.
        id: that column.
        columns: column by feature.
    """

    rows: RowFile
    id: str
    columns: Mapping[str, str]

    def sample(self, size: int | None) -> Iterator[list[str]]:
        """The ids of some rows, those whose hash is smallest, so that each run takes the same; in chunks.

        Args:
            size: how many; None, all rows.
        """
        key = quoted(self.id)
        stop = "" if size is None else f"LIMIT {int(size)}"
        cursor = self.rows.connection.cursor()
        cursor.execute(
            f"SELECT {key} FROM rows WHERE {key} IS NOT NULL ORDER BY md5({key}), {key} {stop}"  # noqa: S608 - a quoted name
        )
        many = max(_FEWEST, CELLS // len(self.columns))
        while chunk := cursor.fetchmany(many):
            yield [name for (name,) in chunk]

    def values(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The raw values of some rows, by event id and feature."""
        selected = ", ".join(self.rows.value(column) for column in self.columns.values())
        found = self._among(ids, f"SELECT {quoted(self.id)}, {selected} FROM rows")  # noqa: S608 - quoted names
        return {row[0]: dict(zip(self.columns, row[1:], strict=True)) for row in found}

    def before(self, feature: str, ids: Sequence[str], entity: str | None) -> dict[str, Any]:
        """The raw value of a feature in the row before each, of the same entity where its column is named."""
        of = f"PARTITION BY {quoted(entity)} " if entity else ""
        value = self.rows.value(self.columns[feature])
        found = self._among(
            ids,
            f"SELECT {quoted(self.id)}, lag({value}) OVER ({of}ORDER BY rowid) FROM rows",  # noqa: S608 - quoted names
        )
        return {row[0]: row[1] for row in found}

    def _among(self, ids: Sequence[str], select: str) -> list[tuple[Any, ...]]:
        connection = self.rows.connection
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE among AS SELECT unnest(?::VARCHAR[]) AS among", [[*ids]]
        )
        name = quoted(self.id)
        return connection.execute(
            f"FROM ({select}) AS r SEMI JOIN among ON r.{name} = among"
        ).fetchall()


@contextmanager
def open_offline(
    path: Path, key: str, *, ignored: Sequence[str] = (), entity: str | None = None
) -> Iterator[Offline]:
    """Open a CSV or Parquet file of features by event id.

    Args:
        path: the file.
        key: its column of event ids.
        ignored: columns that are no features.
        entity: the column by which rows belong together, in the order of time.

    Raises:
        InputError: the file cannot be used, lacks a column, has no other column or several rows with one id.
    """
    with open_rows(path, raw=True) as rows:
        rows.require([key, *ignored, *([entity] if entity else [])])
        name = quoted(key)
        rows.connection.execute(f"ALTER TABLE rows ALTER {name} TYPE VARCHAR")
        columns = {
            clean_name(column): column
            for column in rows.columns
            if column != key and column not in ignored
        }
        if not columns:
            raise InputError(f"{path} has no column beside {key!r}; add those to be compared")
        _require_distinct(rows, path, key)
        yield Offline(rows, key, columns)


def _require_distinct(rows: RowFile, path: Path, key: str) -> None:
    name = quoted(key)
    (count, distinct) = rows.connection.execute(
        f"SELECT count({name}), count(DISTINCT {name}) FROM rows"  # noqa: S608 - a quoted name
    ).fetchall()[0]
    if not count:
        raise InputError(f"column {key!r} of {path} is empty; name the column with the event ids")
    if distinct < count:
        twice = rows.connection.execute(
            f"SELECT {name}, count(*) FROM rows WHERE {name} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 "  # noqa: S608 - as above
            "ORDER BY 2 DESC, 1 LIMIT 1"
        ).fetchall()[0]
        raise InputError(
            f"column {key!r} of {path} has {count - distinct:,} repeated ids, such as {twice[0]!r}"
            f" ({twice[1]:,} times); keep one row for each event"
        )


def cell(value: Any, logged: Cell | None) -> Cell:
    """A raw value of the file as the log would have it.

    Args:
        value: from a CSV file a text, to be read as what the log has there; else typed.
        logged: what the log has.
    """
    if value is None:
        empty = logged is not None and logged.kind == "string" and not logged.string
        return Cell("string") if empty else NULL
    if isinstance(value, str):
        if logged is not None and logged.kind == "text":
            return Cell("text", float(len(set(tokenize(value)))))
        return read_cell(shorten(clean(value)), logged)
    return _typed(value, logged)


def _typed(  # noqa: PLR0911 - one for each kind
    value: Any, logged: Cell | None
) -> Cell:
    """A value of a Parquet file; a whole number is the code that the log has as a string."""
    kind, plain = classify(value)
    match kind:
        case "num":
            number = float(plain)
            if logged is not None and logged.kind == "string" and number.is_integer():
                return Cell("string", string=str(int(plain)))
            return Cell("number", number)
        case "cat":
            return Cell("string", string=plain)
        case "list":
            return listed(plain)
        case "na":
            return NULL
        case "nan" | "inf":
            return NONFINITE
    return Cell("other", string=str(plain))
