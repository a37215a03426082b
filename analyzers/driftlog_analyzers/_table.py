"""A training file or data frame as rows of typed columns, so that it is profiled by the same SQL as the log."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from driftlog import tokenize
from driftlog._values import classify
from driftlog_analyzers._relation import Column, Relation, identifier
from driftlog_analyzers._rows import open_rows
from driftlog_analyzers.errors import InputError

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = {*_INTEGERS, *(f"U{name}" for name in _INTEGERS), "FLOAT", "DOUBLE", "DECIMAL"}
_SEPARATOR = "\x1f"
_SQL_SEPARATOR = "chr(31)"
_SPLIT = ("num", "cat", "list", "na", "nonfinite", "other")


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a table are.

    Attributes:
        text: columns with text to be tokenized.
        categorical: columns whose numbers are categories.
        predictions: columns with the model's outputs.
        ignored: columns that are no features: ids, times.
        tokenizer: from a text to its tokens, the service's own.
    """

    text: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    predictions: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    tokenizer: Callable[[str], Collection[str]] = tokenize

    @property
    def named(self) -> frozenset[str]:
        """All columns with a role."""
        return self.text | self.categorical | self.predictions | self.ignored


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be profiled.

    Attributes:
        connection: where they are.
        relation: how they are read.
        rows: how many there are.
    """

    connection: duckdb.DuckDBPyConnection
    relation: Relation
    rows: int


@contextmanager
def file_table(path: Path, roles: Roles) -> Iterator[Table]:
    """Open a CSV or Parquet file.

    Raises:
        InputError: the file cannot be used, or lacks a named column.
    """
    with open_rows(path, strings=sorted(roles.text | roles.categorical)) as rows:
        rows.require(sorted(roles.named))
        yield _table(rows.connection, roles)


@contextmanager
def frame_table(frame: pd.DataFrame, roles: Roles) -> Iterator[Table]:
    """Open a data frame; a column of mixed Python objects is split by the objects' types, as the logger does.

    Raises:
        InputError: the frame is empty or lacks a named column.
    """
    if not len(frame) or not len(frame.columns):
        raise InputError(
            "the data frame has no rows or no columns; pass one with at least one of each"
        )
    if missing := sorted(roles.named - {str(name) for name in frame.columns}):
        raise InputError(
            f"the data frame has no column {missing[0]!r}; its columns are: {', '.join(map(str, frame.columns))}"
        )
    plain: dict[str, object] = {}
    for name in frame.columns:
        plain.update(_parts(str(name), frame[name].reset_index(drop=True)))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("frame", pd.DataFrame(plain))
        connection.execute("CREATE TABLE rows AS SELECT * FROM frame")
        connection.unregister("frame")
        yield _table(connection, roles)


def _parts(name: str, column: "pd.Series[Any]") -> dict[str, object]:
    """The column itself where DuckDB reads it by type, else one column per kind of value."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(column.tolist()).infer_objects()
    if column.dtype != object:
        return {name: column}
    if pd.api.types.infer_dtype(column, skipna=True) in {"string", "empty"}:
        return {name: column.astype("str")}
    kinds = [classify(None if value is pd.NaT else value) for value in column]
    numbers = [value if kind == "num" else None for kind, value in kinds]
    return {
        f"{name}{_SEPARATOR}num": pd.Series(numbers, dtype="float64"),
        f"{name}{_SEPARATOR}cat": _strings(
            value if kind == "cat" else None for kind, value in kinds
        ),
        f"{name}{_SEPARATOR}list": _strings(
            _SEPARATOR.join(value) if kind == "list" else None for kind, value in kinds
        ),
        f"{name}{_SEPARATOR}na": pd.Series(
            [kind in {"na", "nan"} for kind, _ in kinds], dtype="bool"
        ),
        f"{name}{_SEPARATOR}nonfinite": pd.Series(
            [kind == "inf" for kind, _ in kinds], dtype="bool"
        ),
        f"{name}{_SEPARATOR}other": _strings(
            value if kind == "other" else "mapping" if kind == "map" else None
            for kind, value in kinds
        ),
    }


def _strings(values: Iterator[object] | Sequence[object]) -> "pd.Series[Any]":
    return pd.Series(list(values), dtype="str")


def _table(connection: duckdb.DuckDBPyConnection, roles: Roles) -> Table:
    types = {str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE rows").fetchall()}
    for name in sorted(roles.text & types.keys()):
        _tokenize(connection, name, roles.tokenizer)
    columns = _columns(types, roles)
    inputs = [column for column in columns if column.name not in roles.predictions | roles.ignored]
    outputs = [column for column in columns if column.name in roles.predictions]
    sql = (
        "SELECT 0 AS w, NULL::BIGINT AS ts, rowid::VARCHAR AS id, NULL::VARCHAR AS version, NULL::VARCHAR AS outcome, "
        "NULL::DOUBLE AS seconds, * FROM rows"
    )
    (count,) = connection.execute("SELECT count(*) FROM rows").fetchone() or (0,)
    return Table(connection, Relation(sql, inputs, outputs), count)


def _tokenize(
    connection: duckdb.DuckDBPyConnection, name: str, tokenizer: Callable[[str], Collection[str]]
) -> None:
    """Add a column with the distinct tokens of a text, joined by a separator that no token holds."""
    cursor = connection.execute(f"SELECT {identifier(name)} FROM rows ORDER BY rowid")
    texts = [None if text is None else set(tokenizer(str(text))) for (text,) in cursor.fetchall()]
    tokens = [
        None if text is None else _SEPARATOR.join(token.replace(_SEPARATOR, " ") for token in text)
        for text in texts
    ]
    connection.register(
        "tokens", pd.DataFrame({f"{name}{_SEPARATOR}tok": pd.Series(tokens, dtype="str")})
    )
    connection.execute("CREATE TABLE tokenized AS SELECT * FROM rows POSITIONAL JOIN tokens")
    connection.execute("DROP TABLE rows")
    connection.execute("ALTER TABLE tokenized RENAME TO rows")
    connection.unregister("tokens")


def _columns(types: dict[str, str], roles: Roles) -> list[Column]:
    columns = []
    for name, kind in types.items():
        base, _, part = name.partition(_SEPARATOR)
        if not part:
            columns.append(_text(name) if name in roles.text else _typed(name, kind, roles))
        elif part == "num":
            columns.append(_split(base))
    return columns


def _split(name: str) -> Column:
    number, string, items, null, nonfinite, other = (
        identifier(f"{name}{_SEPARATOR}{part}") for part in _SPLIT
    )
    return Column(name, number, string, _list(items), null=null, nonfinite=nonfinite, other=other)


def _list(joined: str) -> str:
    return f"CASE WHEN {joined} = '' THEN []::VARCHAR[] ELSE string_split({joined}, {_SQL_SEPARATOR}) END"


def _text(name: str) -> Column:
    tokens = _list(identifier(f"{name}{_SEPARATOR}tok"))
    return Column(
        name, distinct=f"len({tokens})", tokens=tokens, null=f"{identifier(name)} IS NULL"
    )


def _typed(name: str, kind: str, roles: Roles) -> Column:
    quoted = identifier(name)
    null = f"{quoted} IS NULL"
    if kind.endswith("[]"):
        return Column(name, items=f"{quoted}::VARCHAR[]", null=null)
    if kind.partition("(")[0] not in _NUMBERS:
        return Column(name, string=_as_string(quoted, kind), null=null)
    number = f"CASE WHEN isfinite({quoted}::DOUBLE) THEN {quoted}::DOUBLE END"
    if name in roles.categorical:
        whole = f"CASE WHEN {number} = floor({number}) THEN ({quoted})::HUGEINT::VARCHAR ELSE ({number})::VARCHAR END"
        return Column(name, string=whole, null=f"({null} OR isnan({quoted}::DOUBLE))")
    return Column(
        name,
        number=number,
        null=f"({null} OR isnan({quoted}::DOUBLE))",
        nonfinite=f"coalesce(isinf({quoted}::DOUBLE), false)",
    )


def _as_string(quoted: str, kind: str) -> str:
    """A value as the logger writes it: dates and times in ISO 8601."""
    if not kind.startswith("TIMESTAMP"):
        return f"{quoted}::VARCHAR"
    zone = "+00:00" if kind == "TIMESTAMP WITH TIME ZONE" else ""
    at = f"{quoted} AT TIME ZONE 'UTC'" if zone else quoted
    whole = f"epoch_us({quoted}) % {timedelta(seconds=1) // timedelta(microseconds=1)} = 0"
    seconds, exact = f"'%Y-%m-%dT%H:%M:%S{zone}'", f"'%Y-%m-%dT%H:%M:%S.%f{zone}'"
    return f"CASE WHEN {whole} THEN strftime({at}, {seconds}) ELSE strftime({at}, {exact}) END"
