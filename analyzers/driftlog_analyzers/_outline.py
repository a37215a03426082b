"""What must be known of a reference before it can be profiled: histogram edges and vocabularies."""

import math
from collections.abc import Sequence

import duckdb

from driftlog_analyzers._profile import Counts
from driftlog_analyzers._relation import Column, Relation
from driftlog_analyzers._store import Edges

BINS = 40
SAMPLE = 200_000
VOCABULARY = 200_000


def histogram_edges(
    connection: duckdb.DuckDBPyConnection, relation: Relation
) -> tuple[Edges, Edges]:
    """Edges at equally probable quantiles, from just below the minimum to the maximum: of the features, of the outputs.

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
    found = {}
    for i, (name, _) in enumerate(numeric):
        low, high, inner = row[2 * i], row[2 * i + 1], row[2 * len(numeric) + i]
        if low is not None:
            found[name] = tuple(sorted({math.nextafter(low, -math.inf), *(inner or ()), high}))
    return found


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
