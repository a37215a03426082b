"""A training file or data frame as rows of typed columns, so that it is profiled by the same SQL as the log."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pandas as pd

from driftlog import tokenize
from driftlog._strings import MAX_BYTES, clean, clean_name, shorten
from driftlog._text import MAX_CHARACTERS
from driftlog._values import classify
from driftlog_analyzers._connect import connect
from driftlog_analyzers._relation import Column, Relation, identifier
from driftlog_analyzers._rows import open_rows
from driftlog_analyzers.errors import InputError

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = {*_INTEGERS, *(f"U{name}" for name in _INTEGERS), "FLOAT", "DOUBLE", "DECIMAL"}
_SPLIT = ("num", "cat", "list", "na", "nonfinite", "other")
_TOKENS = "\x1ftokens"  # no file calls a column so
_WHOLE = 1 << 64


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


@dataclass(frozen=True, slots=True)
class _Stored:
    """One feature in the table ``rows``: its name, its column there, and whether that is split by kind."""

    name: str
    column: str
    split: bool = False


@contextmanager
def file_table(path: Path, roles: Roles) -> Iterator[Table]:
    """Open a CSV or Parquet file.

    Raises:
        InputError: the file cannot be used, or lacks a named column.
    """
    with open_rows(path, strings=sorted(roles.text | roles.categorical)) as rows:
        rows.require(sorted(roles.named))
        yield _table(rows.connection, [_Stored(name, name) for name in rows.columns], roles)


@contextmanager
def frame_table(frame: pd.DataFrame, roles: Roles) -> Iterator[Table]:
    """Open a data frame; a column of mixed Python objects is split by the objects' types, as the logger does.

    Raises:
        InputError: the frame is empty, lacks a named column, names one twice, or holds mappings or a type such as
            complex numbers.
    """
    names = [str(name) for name in frame.columns]
    _check(frame, names, roles)
    plain: dict[str, object] = {}
    stored = []
    for n, name in enumerate(names):
        parts = _parts(name, f"c{n}", frame.iloc[:, n].reset_index(drop=True))
        stored.append(_Stored(name, f"c{n}", split=len(parts) > 1))
        plain |= parts
    lists = [f"{one.column}_list" for one in stored if one.split]
    with connect() as connection:
        try:
            connection.register("frame", pd.DataFrame(plain))
            connection.execute(f"CREATE TABLE rows AS SELECT * {_from_json(lists)} FROM frame")
        except duckdb.Error as error:
            kinds = ", ".join(sorted({str(kind) for kind in frame.dtypes}))
            raise InputError(
                f"the data frame has a column of a type that cannot be read (its types: {kinds});"
                " convert it to numbers, strings or dates"
            ) from error
        connection.unregister("frame")
        yield _table(connection, stored, roles)


def _check(frame: pd.DataFrame, names: Sequence[str], roles: Roles) -> None:
    if not len(frame) or not names:
        raise InputError(
            "the data frame has no rows or no columns; pass one with at least one of each"
        )
    if missing := sorted(roles.named - set(names)):
        raise InputError(
            f"the data frame has no column {missing[0]!r}; its columns are: {', '.join(names)}"
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"the data frame names column {twice[0]!r} twice; rename one of the two")


def _parts(name: str, stored: str, column: "pd.Series[Any]") -> dict[str, object]:
    """The column itself where DuckDB reads it by type, else one column per kind of value."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(column.tolist()).infer_objects()
    if column.dtype != object:
        return {stored: column}
    if pd.api.types.infer_dtype(column, skipna=True) in {"string", "empty"}:
        return {stored: column.map(clean, na_action="ignore").astype("str")}
    values = [classify(None if value is pd.NaT else value) for value in column]
    if any(kind == "map" for kind, _ in values):
        raise InputError(
            f"column {name!r} of the data frame holds mappings; flatten it first,"
            " for example with pandas.json_normalize"
        )
    found = {
        kind: [v if k == kind else None for k, v in values]
        for kind in ("num", "cat", "list", "other")
    }
    columns = {
        "num": pd.Series(found["num"], dtype="float64"),
        "cat": _strings(None if v is None else clean(v) for v in found["cat"]),
        "list": _strings(None if v is None else _json(v) for v in found["list"]),
        "na": pd.Series([kind in {"na", "nan"} for kind, _ in values], dtype="bool"),
        "nonfinite": pd.Series([kind == "inf" for kind, _ in values], dtype="bool"),
        "other": _strings(None if v is None else clean(v) for v in found["other"]),
    }
    return {f"{stored}_{part}": columns[part] for part in _SPLIT}


def _strings(values: Iterator[object]) -> "pd.Series[Any]":
    return pd.Series(list(values), dtype="str")


def _json(items: Iterable[str]) -> str:
    """A list of strings as JSON, each as the logger would write it."""
    return orjson.dumps([shorten(clean(item)) for item in items]).decode()


def _from_json(columns: Sequence[str]) -> str:
    """A REPLACE clause that turns JSON into lists."""
    lists = (f"{identifier(name)}::JSON::VARCHAR[] AS {identifier(name)}" for name in columns)
    return f"REPLACE ({', '.join(lists)})" if columns else ""


def _table(connection: duckdb.DuckDBPyConnection, stored: Sequence[_Stored], roles: Roles) -> Table:
    types = {str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE rows").fetchall()}
    texts = {one.column for one in stored if one.name in roles.text and not one.split}
    strings = {name for name, kind in types.items() if kind == "VARCHAR"}
    _cut(connection, sorted(strings - texts))
    for column in sorted(texts):
        _tokenize(connection, column, roles.tokenizer)
    inputs: dict[str, Column] = {}
    outputs: dict[str, Column] = {}
    selected = []
    for n, one in enumerate(stored):
        if one.name in roles.ignored:
            continue
        selected += _selected(one, f"f{n}", tokens=one.column in texts)
        found = _column(one, f"f{n}", types, roles, text=one.column in texts)
        (outputs if one.name in roles.predictions else inputs).setdefault(found.name, found)
    sql = (
        "SELECT 0 AS w, NULL::BIGINT AS ts, rowid::VARCHAR AS id, NULL::VARCHAR AS version, NULL::VARCHAR AS outcome, "
        "NULL::VARCHAR AS schema, "
        f"{', '.join(['NULL::DOUBLE AS seconds', *selected])} FROM rows"
    )
    (count,) = connection.execute("SELECT count(*) FROM rows").fetchone() or (0,)
    return Table(connection, Relation(sql, list(inputs.values()), list(outputs.values())), count)


def _selected(one: _Stored, at: str, *, tokens: bool) -> list[str]:
    """The columns of one feature, under names that are safe whatever the feature is called."""
    if one.split:
        return [f"{one.column}_{part} AS {at}_{part}" for part in _SPLIT]
    plain = [f"{identifier(one.column)} AS {at}"]
    return [*plain, f"{identifier(one.column + _TOKENS)} AS {at}_tok"] if tokens else plain


def _cut(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
    """Cut the strings that are too long for a line of the log, as the logger does; only those are looked at."""
    for name in columns:
        quoted = identifier(name)
        rows = connection.execute(
            f"SELECT DISTINCT {quoted} FROM rows WHERE strlen({quoted}) > {MAX_BYTES} OR contains({quoted}, chr(0))"
        ).fetchall()
        if rows:
            pairs = [(text, shorten(clean(text))) for (text,) in rows]
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE cut AS "
                "SELECT unnest(?::VARCHAR[]) AS whole, unnest(?::VARCHAR[]) AS part",
                [[whole for whole, _ in pairs], [part for _, part in pairs]],
            )
            connection.execute(f"UPDATE rows SET {quoted} = part FROM cut WHERE {quoted} = whole")


def _tokenize(
    connection: duckdb.DuckDBPyConnection, column: str, tokenizer: Callable[[str], Collection[str]]
) -> None:
    """Add a column with the distinct tokens of a text."""
    cursor = connection.execute(f"SELECT {identifier(column)} FROM rows ORDER BY rowid")
    texts = (
        None if text is None else clean(str(text)[:MAX_CHARACTERS]) for (text,) in cursor.fetchall()
    )
    tokens = _strings(
        None if text is None else _json(sorted(set(tokenizer(text)))) for text in texts
    )
    connection.register("tokens", pd.DataFrame({column + _TOKENS: tokens}))
    connection.execute(
        f"CREATE TABLE tokenized AS SELECT * {_from_json([column + _TOKENS])} FROM rows POSITIONAL JOIN tokens"
    )
    connection.execute("DROP TABLE rows")
    connection.execute("ALTER TABLE tokenized RENAME TO rows")
    connection.unregister("tokens")


def _column(one: _Stored, at: str, types: Mapping[str, str], roles: Roles, *, text: bool) -> Column:
    """Where a feature stands in the relation, as whose column `at` its values are selected."""
    name = clean_name(one.name)
    if one.split:
        number, string, items, null, nonfinite, other = (f"{at}_{part}" for part in _SPLIT)
        return Column(name, number, string, items, null=null, nonfinite=nonfinite, other=other)
    if text:
        return Column(name, distinct=f"len({at}_tok)", tokens=f"{at}_tok", null=f"{at} IS NULL")
    return _typed(name, at, types[one.column], categorical=one.name in roles.categorical)


def _typed(name: str, at: str, kind: str, *, categorical: bool) -> Column:
    null = f"{at} IS NULL"
    if kind.endswith("[]"):
        items = f"list_transform({at}, lambda x: coalesce({_category('x', kind[:-2])}, 'null'))"
        return Column(name, items=items, null=null)
    if kind.startswith(("STRUCT", "MAP")):
        raise InputError(
            f"column {name!r} holds mappings; flatten it into columns of its own first"
        )
    if not _is_number(kind):
        return Column(name, string=_as_string(at, kind), null=null)
    finite = f"CASE WHEN isfinite({at}::DOUBLE) THEN {at} END"
    null = f"({null} OR isnan({at}::DOUBLE))"
    nonfinite = f"coalesce(isinf({at}::DOUBLE), false)"
    if categorical:
        return Column(name, string=_category(f"({finite})", kind), null=null, nonfinite=nonfinite)
    return Column(name, number=f"({finite})::DOUBLE", null=null, nonfinite=nonfinite)


def _is_number(kind: str) -> bool:
    return kind.partition("(")[0] in _NUMBERS


def _category(sql: str, kind: str) -> str:
    """A value as a category, as the logger writes it: a whole number without its point."""
    if not _is_number(kind):
        return _as_string(sql, kind)
    double = f"{sql}::DOUBLE"
    whole = f"{double} = floor({double}) AND abs({double}) < {_WHOLE}"
    return f"CASE WHEN {whole} THEN {sql}::HUGEINT::VARCHAR ELSE {double}::VARCHAR END"


def _as_string(quoted: str, kind: str) -> str:
    """A value as the logger writes it: dates and times in ISO 8601."""
    if not kind.startswith("TIMESTAMP"):
        return f"{quoted}::VARCHAR"
    zone = "+00:00" if kind == "TIMESTAMP WITH TIME ZONE" else ""
    at = f"{quoted} AT TIME ZONE 'UTC'" if zone else quoted
    whole = f"epoch_us({quoted}) % {timedelta(seconds=1) // timedelta(microseconds=1)} = 0"
    seconds, exact = f"'%Y-%m-%dT%H:%M:%S{zone}'", f"'%Y-%m-%dT%H:%M:%S.%f{zone}'"
    return f"CASE WHEN {whole} THEN strftime({at}, {seconds}) ELSE strftime({at}, {exact}) END"
