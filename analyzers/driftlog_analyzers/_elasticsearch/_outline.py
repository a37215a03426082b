"""What must be known of a reference before it can be profiled: histogram edges and vocabularies."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from driftlog_analyzers._elasticsearch._fields import Fields
from driftlog_analyzers._elasticsearch._queries import Query
from driftlog_analyzers._elasticsearch._search import Part, Table, View
from driftlog_analyzers._outline import BINS, FEW, SAMPLE, VOCABULARY, edges_around
from driftlog_analyzers._profile import Counts

_COMPRESSION = 2_000


def histogram_edges(view: View, query: Query, fields: Fields) -> dict[str, tuple[float, ...]]:
    """Edges at equally probable quantiles, from just below the minimum to the maximum, or around each of few values.

    Up to `SAMPLE` events they are those that the spool gives. Above, they are exact for features with up to about
    so many different values, and else come from a t-digest; the spool takes a sample there.

    Raises:
        StoreError: the store could not answer completely.
    """
    names = sorted(fields.names("num"))
    asked = [_spread(fields.path("num", name), n) for n, name in enumerate(names)]
    events, found = view.aggregate(query, asked)
    spread = {name: found[f"stats {n}"] for n, name in enumerate(names)}
    few = {
        name: Table(fields.path("num", name))
        for n, name in enumerate(names)
        if events <= SAMPLE or found[f"distinct {n}"]["value"] <= SAMPLE
    }
    exact = view.tables(query, few)
    rest = {name: fields.path("num", name) for name in names if name not in few}
    around = {
        name: edges_around([bucket["key"]["value"] for bucket in table])
        for name, table in exact.items()
        if 0 < len(table) <= FEW
    }
    inner = {name: _quantiles(table) for name, table in exact.items()}
    inner |= _estimated(view, query, rest)
    return around | {
        name: tuple(sorted({math.nextafter(s["min"], -math.inf), *inner[name], s["max"]}))
        for name, s in spread.items()
        if s["count"] and name not in around
    }


def token_counts(view: View, query: Query, fields: Fields) -> dict[str, Counts]:
    """Texts per token, by text feature; the `VOCABULARY` most frequent, ties by the token itself.

    Raises:
        StoreError: the store could not answer completely.
    """
    tables = {name: Table(fields.path("tok", name)) for name in sorted(fields.names("tok"))}
    found = {}
    for name, table in view.tables(query, tables).items():
        counts = ((bucket["key"]["value"], bucket["doc_count"]) for bucket in table)
        found[name] = dict(sorted(counts, key=lambda c: (-c[1], c[0]))[:VOCABULARY])
    return {name: counts for name, counts in found.items() if counts}


def _spread(field: str, n: int) -> Part:
    stats = {"stats": {"field": field}}
    distinct = {"cardinality": {"field": field, "precision_threshold": 40_000}}
    return Part({f"stats {n}": stats, f"distinct {n}": distinct})


def _quantiles(table: Sequence[Any]) -> set[float]:
    """The values at the ranks that DuckDB's quantile_disc takes."""
    total = sum(bucket["doc_count"] for bucket in table)
    ranks = iter([max(1, -(-total * i // BINS)) for i in range(1, BINS)])
    found: set[float] = set()
    rank, passed = next(ranks), 0
    for bucket in table:
        passed += bucket["doc_count"]
        while rank <= passed:
            found.add(bucket["key"]["value"])
            rank = next(ranks, total + 1)
    return found


def _estimated(view: View, query: Query, fields: Mapping[str, str]) -> dict[str, set[float]]:
    percents = [100 * i / BINS for i in range(1, BINS)]
    digest = {"compression": _COMPRESSION}
    parts = [
        Part({f"{n}": {"percentiles": {"field": field, "percents": percents, "tdigest": digest}}})
        for n, field in enumerate(fields.values())
    ]
    found = view.aggregate(query, parts)[1] if parts else {}
    return {
        name: {value for value in found[f"{n}"]["values"].values() if value is not None}
        for n, name in enumerate(fields)
    }
