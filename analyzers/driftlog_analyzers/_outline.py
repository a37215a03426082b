"""What must be known of a reference before it can be profiled: histogram edges and vocabularies."""

import math
from collections.abc import Sequence
from itertools import pairwise

import duckdb

from driftlog_analyzers._elements import ROWS, joined
from driftlog_analyzers._profile import Counts
from driftlog_analyzers._relation import Column, Relation
from driftlog_analyzers._store import Edges

BINS = 40
FEW = 100
"""Up to so many different numbers each has a bin of its own."""
SAMPLE = 200_000
VOCABULARY = 200_000
SORTED = 20_000_000
"""So many numbers are sorted at once."""


def histogram_edges(
    connection: duckdb.DuckDBPyConnection, relation: Relation
) -> tuple[Edges, Edges]:
    """Edges of the features and of the outputs: at equally probable quantiles, or around each of `FEW` values.

    The quantiles reach from just below the minimum to the maximum.
    Above `SAMPLE` rows the quantiles come from rows chosen by a hash of their id, so that the same reference gives the
    same edges.
    """
    (rows,) = connection.execute(f"SELECT count(*) FROM ({relation.sql})").fetchone() or (0,)
    return _edges(connection, relation, relation.features, rows), _edges(
        connection, relation, relation.predictions, rows
    )


def _edges(
    connection: duckdb.DuckDBPyConnection, relation: Relation, columns: Sequence[Column], rows: int
) -> dict[str, tuple[float, ...]]:
    numeric = [(column.name, column.number) for column in columns if column.number]
    step = max(1, math.ceil(rows / SAMPLE))
    width = max(1, SORTED // max(1, rows // step))
    found: dict[str, tuple[float, ...]] = {}
    for begin in range(0, len(numeric), width):
        part = numeric[begin : begin + width]
        found |= _quantiles(connection, relation, part, step)
        found |= _around_few(connection, relation, part)
    return found


def _quantiles(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    numeric: Sequence[tuple[str, str]],
    step: int,
) -> dict[str, tuple[float, ...]]:
    """The edges at quantiles; a FILTER would hold all columns once for each aggregate."""
    probabilities = ", ".join(repr(i / BINS) for i in range(1, BINS))
    chosen = f"CASE WHEN hash(id) % {step} = 0 THEN {{}} END" if step > 1 else "{}"
    parts = ", ".join(
        f"min({sql}), max({sql}), quantile_disc({chosen.replace('{}', sql)}, [{probabilities}])"
        for _, sql in numeric
    )
    row = connection.execute(f"SELECT {parts} FROM ({relation.sql})").fetchone() or ()
    found = zip(numeric, row[::3], row[1::3], row[2::3], strict=True)
    return {
        name: tuple(sorted({math.nextafter(low, -math.inf), *(inner or ()), high}))
        for (name, _), low, high, inner in found
        if low is not None
    }


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
    pairs = ", ".join(f"{{'f': {i}, 'v': {sql}}}" for i, (_, sql) in enumerate(near))
    rows = connection.execute(f"""
        SELECT pair.f, list(DISTINCT pair.v) FROM (SELECT unnest([{pairs}]) AS pair FROM ({relation.sql}))
        WHERE pair.v IS NOT NULL GROUP BY pair.f""").fetchall()
    return {near[i][0]: edges_around(sorted(found)) for i, found in rows if len(found) <= FEW}


def token_counts(connection: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, Counts]:
    """Texts per token, by text feature; the `VOCABULARY` most frequent, ties by the token itself."""
    texts = [column for column in relation.features if column.tokens]
    if not texts:
        return {}
    rows = connection.execute(f"""
        SELECT t.f, t.v AS token, count(*) AS texts
        FROM (SELECT unnest({joined([], {i: c.tokens for i, c in enumerate(texts)})}) AS t FROM ({relation.sql}))
        GROUP BY t.f, t.v QUALIFY row_number() OVER (PARTITION BY t.f ORDER BY count(*) DESC, t.v) <= {VOCABULARY}
        ORDER BY t.f, texts DESC, token""")
    found: dict[str, dict[str, int]] = {}
    while chunk := rows.fetchmany(ROWS):
        for i, token, count in chunk:
            found.setdefault(texts[i].name, {})[token] = count
    return found  # type: ignore[return-value]  # a dict of dicts is a mapping of mappings
