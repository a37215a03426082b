"""A few rows of a relation or of a spool's windows, chosen by a hash of their id."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from operator import itemgetter

from driftlog_analyzers._catalog import Catalog
from driftlog_analyzers._joint import Row
from driftlog_analyzers._relation import Column, Relation
from driftlog_analyzers._spool_source import Rows, placed_groups, relation_of
from driftlog_analyzers._window import Window

Chosen = tuple[int, Row]
"""The hash that a row was chosen by, and its values."""


def sample(
    catalog: Catalog,
    rows: Rows,
    model: str,
    windows: Sequence[Window],
    *,
    features: Sequence[str],
    limit: int,
    version: str | None,
) -> Iterator[Sequence[Row]]:
    """Values of a few events of each window; see `EventStore.sample`.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        windows: apart from each other, in any order.
        features: whose values are wanted.
        limit: rows of a window at the most.
        version: only of this model version.
    """
    found: dict[int, list[Chosen]] = {}
    for numbers, near, held in placed_groups(catalog, rows, model, windows):
        relation = relation_of(model, near, held, features, version)
        for n, part in sampled(rows, relation, features, limit).items():
            both = [*found.get(numbers[n], ()), *part]
            found[numbers[n]] = nsmallest(limit, both, key=itemgetter(0))
    for n in range(len(windows)):
        yield [row for _, row in found.pop(n, ())]


def sampled(
    rows: Rows, relation: Relation, features: Sequence[str], limit: int
) -> dict[int, list[Chosen]]:
    """Of each window the rows with the smallest hashes: the same ones each time.

    Args:
        rows: answers a SELECT.
        relation: the rows.
        features: whose values are wanted.
        limit: rows of a window at the most.
    """
    columns = {column.name: column for column in relation.features}
    parts = [part for name in features for part in _parts(columns.get(name, Column(name)))]
    answers = rows(f"""
        SELECT w, hash(id) AS h, {", ".join(parts) or "NULL"} FROM ({relation.sql})
        QUALIFY row_number() OVER (PARTITION BY w ORDER BY hash(id), id) <= {limit}
        ORDER BY w, h, id""")
    found: dict[int, list[Chosen]] = {}
    for window, chosen, *values in answers:
        row = tuple(_value(*values[2 * n : 2 * n + 2]) for n in range(len(features)))
        found.setdefault(window, []).append((chosen, row))
    return found


def _parts(column: Column) -> tuple[str, str]:
    return column.number or "NULL", column.string or "NULL"


def _value(number: float | None, string: str | None) -> str | float | None:
    return string if number is None else number
