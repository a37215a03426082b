"""Feedback loops in a spool: DuckDB joins each prediction with the one before it, spilling to disk."""

from collections.abc import Sequence
from datetime import timedelta

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._feedback import FeedbackSpec, Followed, reach
from driftlog_analyzers._placing import needs_table, placed, table_sql
from driftlog_analyzers._relation import microseconds
from driftlog_analyzers._segments import merge_names
from driftlog_analyzers._spool_columns import Names, columns_of
from driftlog_analyzers._spool_source import Rows, predictions_sql
from driftlog_analyzers._window import Window

_EVENTS, _SAID = "followers", "said"


def feedback(
    catalog: Catalog, rows: Rows, model: str, spec: FeedbackSpec, windows: Sequence[Window]
) -> list[Followed]:
    """How much of each window's traffic follows the model.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        spec: what follows what.
        windows: apart from each other, in any order.
    """
    if not windows:
        return []
    rows(
        f"CREATE OR REPLACE TEMP TABLE {_EVENTS}"
        " (ts BIGINT, id VARCHAR, entity VARCHAR, input VARCHAR, output VARCHAR)"
    )
    span = reach(windows, spec.within)
    for _, held in catalog.groups(model, [span]):
        rows(f"INSERT INTO {_EVENTS} {_events_sql(model, held, spec, span)}")
    # Of outputs at one moment the one with the last id counts, as in a stream sorted by time and id.
    rows(
        f"CREATE OR REPLACE TEMP TABLE {_SAID} AS SELECT entity, ts, arg_max(output, id) AS output"
        f" FROM {_EVENTS} WHERE output IS NOT NULL GROUP BY entity, ts"
    )
    source = f"SELECT ts, id, entity, input FROM {_EVENTS} WHERE input IS NOT NULL"
    if needs_table(windows):
        rows(table_sql(source, windows))
    limit = spec.within // timedelta(microseconds=1)
    found = rows(f"""
        SELECT w, count(*), count(*) FILTER (e.ts - s.ts <= {limit} AND e.input = s.output)
        FROM ({placed(source, windows)}) e
        ASOF LEFT JOIN {_SAID} s ON e.entity = s.entity AND e.ts > s.ts GROUP BY w""")
    for table in (_EVENTS, _SAID):
        rows(f"DROP TABLE {table}")
    counts = {window: Followed(n, hits) for window, n, hits in found}
    return [counts.get(n, Followed()) for n in range(len(windows))]


def _events_sql(model: str, held: Parts, spec: FeedbackSpec, span: Window) -> str:
    names = merge_names(part.names for _, part in held)
    own: dict[str, frozenset[str]] = {}
    found = []
    for name, role in ((spec.entity, ""), (spec.input, ""), (spec.output, "prediction.")):
        kept, value = _value(names, name, role)
        own |= {section: own.get(section, frozenset()) | some for section, some in kept.items()}
        found.append(value)
    fields = "".join(
        f", {value} AS {name}"
        for value, name in zip(found, ("entity", "input", "output"), strict=True)
    )
    source = predictions_sql(model, held, fields, own)
    low, high = microseconds(span.start), microseconds(span.end)
    return (
        f"SELECT ts, id, entity, input, output FROM ({source})"
        f" WHERE entity IS NOT NULL AND ts >= {low} AND ts <= {high}"
    )


def _value(names: Names, name: str, role: str) -> tuple[Names, str]:
    """The names to declare, and a string or number as text that tells the two apart; collisions of case included."""
    sections = [f"{role}{section}" for section in ("cat", "num")]
    own = {
        section: frozenset(n for n in names.get(section, ()) if n.lower() == name.lower())
        for section in sections
    }
    column = next((c for c in columns_of(own, role) if c.name == name), None)
    parts = []
    if column and column.string:
        parts.append(f"'s' || {column.string}")
    if column and column.number:
        parts.append(f"'n' || {column.number}::VARCHAR")
    return own, f"coalesce({', '.join([*parts, 'NULL'])})" if parts else "NULL::VARCHAR"
