"""What must be known of a reference before it can be profiled: histogram edges and vocabularies."""

import math
from collections.abc import Sequence
from itertools import pairwise

import duckdb

from driftlog_analyzers._profile import Counts
from driftlog_analyzers._relation import Column, Relation
from driftlog_analyzers._store import Edges

BINS = 40
FEW = 32
"""Up to so many different numbers each has a bin of its own."""
SAMPLE = 200_000
VOCABULARY = 200_000


def histogram_edges(
    connection: duckdb.DuckDBPyConnection, relation: Relation
) -> tuple[Edges, Edges]:
    """Edges of the features and of the outputs: at equally probable quantiles, or around each of `FEW` values.

    The quantiles reach from just below the minimum to the maximum.
    Above `SAMPLE` rows the quantiles come from rows chosen by a hash of their id, so that the same reference gives the
    same edges.
    """
    (rows,) = connection.execute(f"SELECT count(*) FROM ({relation.sql})").fetchone() or (0,)
    step = max(1, math.ceil(rows / SAMPLE))
    return _edges(connection, relation, relation.features, step), _edges(
        connection, relation, relation.predictions, step
    )


def _edges(
    connection: duckdb.DuckDBPyConnection, relation: Relation, columns: Sequence[Column], step: int
) -> dict[str, tuple[float, ...]]:
    numeric = [(column.name, column.number) for column in columns if column.number]
    if not numeric:
        return {}
    probabilities = ", ".join(repr(i / BINS) for i in range(1, BINS))
    parts = [f"min({sql}), max({sql})" for _, sql in numeric]
    quantiles = [
        f"quantile_disc({sql}, [{probabilities}]) FILTER (hash(id) % {step} = 0)"
        for _, sql in numeric
    ]
    row = (
        connection.execute(
            f"SELECT {', '.join(parts + quantiles)} FROM ({relation.sql})"
        ).fetchone()
        or ()
    )
    found = _around_few(connection, relation, numeric)
    for i, (name, _) in enumerate(numeric):
        low, high, inner = row[2 * i], row[2 * i + 1], row[2 * len(numeric) + i]
        if low is not None and name not in found:
            found[name] = tuple(sorted({math.nextafter(low, -math.inf), *(inner or ()), high}))
    return found


def edges_around(values: Sequence[float]) -> tuple[float, ...]:
    """Two edges around each value, a millionth of the smallest gap away: what is on no value is in a bin of its own.

    Args:
        values: different finite numbers, ascending, at least one.
    """
    gap = min((b - a for a, b in pairwise(values)), default=max(1.0, abs(values[0])))
    step = gap * 1e-6 if math.isfinite(gap) else 0.0
    return tuple(sorted({edge for value in values for edge in _around(value, step)}))


def _around(value: float, step: float) -> tuple[float, float]:
    """The two edges, where they are numbers; else just below the value, and the value."""
    low, high = min(value - step, math.nextafter(value, -math.inf)), value + step
    if math.isinf(low) or math.isinf(high):
        return math.nextafter(value, -math.inf), value
    return low, high


def _around_few(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    numeric: Sequence[tuple[str, str]],
) -> dict[str, tuple[float, ...]]:
    """The edges of those that have few different values."""
    counts = ", ".join(f"approx_count_distinct({sql})" for _, sql in numeric)
    row = connection.execute(f"SELECT {counts} FROM ({relation.sql})").fetchone() or ()
    near = [(name, sql) for (name, sql), n in zip(numeric, row, strict=True) if 0 < n <= 2 * FEW]
    if not near:
        return {}
    lists = ", ".join(f"list_sort(list(DISTINCT {sql}))" for _, sql in near)
    values = connection.execute(f"SELECT {lists} FROM ({relation.sql})").fetchone() or ()
    sorted_values = ([v for v in found or () if v is not None] for found in values)
    return {
        name: edges_around(found)
        for (name, _), found in zip(near, sorted_values, strict=True)
        if 0 < len(found) <= FEW
    }


def token_counts(connection: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, Counts]:
    """Texts per token, by text feature; the `VOCABULARY` most frequent, ties by the token itself."""
    found: dict[str, Counts] = {}
    for column in relation.features:
        if column.tokens:
            rows = connection.execute(f"""
                SELECT token, count(*) AS texts
                FROM (SELECT unnest(list_distinct({column.tokens})) AS token FROM ({relation.sql}))
                GROUP BY token ORDER BY texts DESC, token LIMIT {VOCABULARY}""").fetchall()
            if rows:
                found[column.name] = dict(rows)
    return found
