"""Values of single events of a spool: DuckDB joins the wanted ids, and only their events come out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._logged import NONFINITE, NULL, Cell, Logged, listed
from driftlog_analyzers._relation import Column
from driftlog_analyzers._segments import merge_names
from driftlog_analyzers._spool_columns import columns_of, only
from driftlog_analyzers._spool_source import Rows, predictions_sql
from driftlog_analyzers._window import Window

_EVER = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_WANTED = "wanted"
_PARTS = ("number", "string", "items", "distinct", "null", "nonfinite", "other")


def wanted_sql() -> str:
    """The statement that makes the table of wanted ids of the parameter, a list."""
    return f"CREATE OR REPLACE TEMP TABLE {_WANTED} AS SELECT DISTINCT unnest(?::VARCHAR[]) AS id"


def values(catalog: Catalog, rows: Rows, model: str, features: Collection[str]) -> Iterator[Logged]:
    """Some features of the predictions with the wanted ids, see `wanted_sql` and `EventStore.values`.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose predictions.
        features: whose values are asked for.
    """
    for _, held in catalog.groups(model, [_EVER]):
        sql, columns = _values_sql(model, held, features)
        yield from _logged(rows(sql), columns)


def _values_sql(model: str, held: Parts, features: Collection[str]) -> tuple[str, list[Column]]:
    """The statement that gives the wanted events of some segments, and the features that those segments have.

    Its columns are the id and, of each feature, number, string, items, distinct tokens, whether it is null, whether it
    is not finite, and the name of its type.
    """
    names = only(merge_names(part.names for _, part in held), features)
    columns = [column for column in columns_of(names, "") if column.name in features]
    parts = [getattr(column, part) or "NULL" for column in columns for part in _PARTS]
    fields = "".join(f", {part} AS v{n}" for n, part in enumerate(parts))
    source = predictions_sql(model, held, fields, names)
    return f"SELECT * EXCLUDE (ts) FROM ({source}) SEMI JOIN {_WANTED} USING (id)", columns


def _logged(rows: Iterable[Sequence[Any]], columns: Sequence[Column]) -> Iterator[Logged]:
    """The events that `_values_sql` gave."""
    width = len(_PARTS)
    for name, *values in rows:
        cells = {
            column.name: cell
            for n, column in enumerate(columns)
            if (cell := _cell(values[n * width : (n + 1) * width]))
        }
        yield Logged(name, cells)


def _cell(values: Sequence[Any]) -> Cell | None:  # noqa: PLR0911 - one for each kind
    number, string, items, distinct, null, nonfinite, other = values
    if number is not None:
        return Cell("number", number)
    if string is not None:
        return Cell("string", string=string)
    if items is not None:
        return listed(items)
    if distinct is not None:
        return Cell("text", float(distinct))
    if other is not None:
        return Cell("other", string=other)
    if null:
        return NULL
    return NONFINITE if nonfinite else None
