"""Two versions of a model joined in a spool: DuckDB joins, spilling to disk, and only sums come out."""

from collections.abc import Sequence
from typing import Any

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._placing import placed
from driftlog_analyzers._quality import Confusion
from driftlog_analyzers._relation import literal
from driftlog_analyzers._segments import merge_names
from driftlog_analyzers._shadow import GAMMA, OFFSET, Joined, Scores, Shadow, ShadowSpec
from driftlog_analyzers._spool_columns import columns_of
from driftlog_analyzers._spool_quality import outputs_of
from driftlog_analyzers._spool_source import Rows, predictions_sql

_KEYS = {"trace": "trace.id", "id": "event.id"}
_MORE = {"trace": "STRUCT(id VARCHAR)"}
_ANSWERS = "answers"
_FIRST = "first_answers"


def shadow(catalog: Catalog, rows: Rows, spec: ShadowSpec) -> Shadow:
    """Join the two versions' predictions of the window.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        spec: what is joined.
    """
    rows(
        f"CREATE OR REPLACE TEMP TABLE {_ANSWERS} (key VARCHAR, live BOOLEAN, ts BIGINT, id VARCHAR,"
        " score DOUBLE, class VARCHAR, part VARCHAR)"
    )
    for _, held in catalog.groups(spec.model, [spec.window]):
        rows(f"INSERT INTO {_ANSWERS} {_answers_sql(spec, held)}")
    # Of one request and version only the first prediction counts, as in a stream sorted by time.
    rows(f"""
        CREATE OR REPLACE TEMP TABLE {_FIRST} AS
        SELECT key, live, count(*) AS n, min({{'ts': ts, 'id': id, 'score': score, 'class': class, 'part': part}}) AS a
        FROM {_ANSWERS} GROUP BY key, live""")
    rows(f"DROP TABLE {_ANSWERS}")
    ((live, other, repeated),) = rows(
        f"SELECT count(*) FILTER (live), count(*) FILTER (NOT live), coalesce(sum(n - 1), 0)::BIGINT FROM {_FIRST}"
    )
    slices = _slices(rows)
    rows(f"DROP TABLE {_FIRST}")
    return Shadow(live, other, repeated, slices)


def _answers_sql(spec: ShadowSpec, held: Parts) -> str:
    names = merge_names(part.names for _, part in held)
    outputs, fields = outputs_of(names, spec.compared, None)
    part = "NULL::VARCHAR"
    if spec.segment is not None:
        own = {
            "cat": frozenset(n for n in names.get("cat", ()) if n.lower() == spec.segment.lower())
        }
        column = next((c for c in columns_of(own, "") if c.name == spec.segment), None)
        if column and column.string:
            listed = ", ".join(map(literal, spec.values)) or "NULL"
            part = f"CASE WHEN {column.string} IN ({listed}) THEN {column.string} END"
            outputs = {**outputs, **own}
    versions = f"({literal(spec.live)}, {literal(spec.shadow)})"
    more = f", {_KEYS[spec.by]} AS key, driftlog.model.version AS version{fields}, {part} AS part"
    source = predictions_sql(spec.model, held, more, outputs, more=_MORE)
    return f"""
        SELECT key, version = {literal(spec.live)}, ts, id, score, class, part
        FROM ({placed(source, [spec.window])}) WHERE key IS NOT NULL AND version IN {versions}"""


def _slices(rows: Rows) -> dict[str | None, Joined]:
    pairs = f"""
        SELECT l.a.part AS part, l.a.class AS old, s.a.class AS new,
               CASE WHEN isfinite(s.a.score - l.a.score) THEN l.a.score END AS x,
               CASE WHEN isfinite(s.a.score - l.a.score) THEN s.a.score END AS y
        FROM {_FIRST} l JOIN {_FIRST} s ON l.key = s.key AND l.live AND NOT s.live"""
    labels: dict[str | None, dict[tuple[str, str], int]] = {}
    for part, old, new, count in rows(
        f"SELECT part, old, new, count(*) FROM ({pairs}) WHERE old IS NOT NULL AND new IS NOT NULL GROUP BY ALL"
    ):
        labels.setdefault(part, {})[old, new] = count
    buckets: dict[str | None, dict[int, int]] = {}
    bucket = f"CASE WHEN y = x THEN 0 ELSE sign(y - x) * (ceil(ln(abs(y - x)) / ln({GAMMA}::DOUBLE)) + {OFFSET}) END"
    for part, place, count in rows(
        f"SELECT part, ({bucket})::BIGINT, count(*) FROM ({pairs}) WHERE x IS NOT NULL GROUP BY ALL"
    ):
        buckets.setdefault(part, {})[place] = count
    moments = ("avg(x)", "avg(y)", *(f"var_pop({v}) * count({v})" for v in ("x", "y", "y - x")))
    sums = rows(
        f"SELECT part, count(*), count(x), {', '.join(moments)}, covar_pop(x, y) * count(x)"
        f" FROM ({pairs}) GROUP BY part"
    )
    return {
        part: Joined(n, Confusion(labels.get(part, {})), _scores(row, buckets.get(part, {})))
        for part, n, *row in sums
    }


def _scores(row: Sequence[Any], buckets: dict[int, int]) -> Scores:
    if not row[0]:
        return Scores()
    n, live, other, live_m2, shadow_m2, difference_m2, co = row
    return Scores(n, live, other, live_m2, shadow_m2, difference_m2, co, buckets)
