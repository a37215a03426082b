"""A few rows of a relation, chosen by a hash of their id."""

from collections.abc import Callable, Sequence
from typing import Any

from driftlog_analyzers._joint import Row
from driftlog_analyzers._relation import Column, Relation

Chosen = tuple[int, Row]
"""The hash that a row was chosen by, and its values."""


def sampled(
    rows: Callable[[str], list[tuple[Any, ...]]],
    relation: Relation,
    features: Sequence[str],
    limit: int,
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
