"""What a spool's segments hold, found by one scan of each: models, names, time span, damage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from driftlog._segment import MAX_LINE
from driftlog_analyzers._profile import Counts, add_counts
from driftlog_analyzers._relation import literal, microseconds
from driftlog_analyzers._spool_columns import ELEMENT, NAMED, Names
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import StoreError

PREDICTION = "prediction"
ACTIONS = frozenset({PREDICTION, "label", "segment"})


@dataclass(frozen=True, slots=True)
class Held:
    """What one segment holds of one model.

    Attributes:
        names: feature names by section of the event document (``num``, ``prediction.num`` …).
        events: predictions.
        first: time of the earliest, microseconds since 1970.
        last: time of the latest.
        versions: events by model version.
    """

    names: Names
    events: int
    first: int
    last: int
    versions: Counts

    def touches(self, window: Window) -> bool:
        """Whether some of the events may lie in a window."""
        first, last = microseconds(window.start), microseconds(window.end)
        return self.first <= last and self.last >= first


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the spool, as it was when it had `size` bytes.

    Attributes:
        path: the file.
        size: bytes.
        models: what it holds, by model name.
        damaged: lines that are no event document.
        labels: time of the last label, microseconds since 1970, by model name.
    """

    path: Path
    size: int
    models: Mapping[str, Held] = field(default_factory=dict)
    damaged: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)


def merge_names(parts: Iterable[Names]) -> dict[str, frozenset[str]]:
    """All names, by section."""
    merged: dict[str, frozenset[str]] = {}
    for names in parts:
        for section, found in names.items():
            merged[section] = merged.get(section, frozenset()) | found
    return merged


def read_lines(paths: Sequence[Path], columns: Mapping[str, str], *, strict: bool = False) -> str:
    """A table function over segments, with declared columns.

    A value that is not of its column's type is null, and so is all of a line that is no JSON; or,
    where `strict`, an error.
    """
    files = ", ".join(literal(str(path)) for path in paths)
    declared = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    return (
        f"read_ndjson([{files}], columns={{{declared}}}, ignore_errors={str(not strict).lower()}, "
        f"maximum_object_size={MAX_LINE}, hive_partitioning=false)"
    )


def inspect(connection: duckdb.DuckDBPyConnection, path: Path, *, strict: bool) -> Segment:
    """Scan one segment.

    Args:
        connection: to read it with.
        path: the segment.
        strict: raise at the first line that is no JSON or has a value of a wrong type, instead of
            reading nulls there.

    Raises:
        StoreError: the file cannot be read.
    """
    size = path.stat().st_size
    sections = ", ".join(f"{name} MAP(VARCHAR, {kind})" for name, kind in ELEMENT.items())
    lists = ", ".join(f"{name} VARCHAR[]" for name in NAMED)
    columns = {
        "@timestamp": "TIMESTAMPTZ",
        "event": "STRUCT(id VARCHAR, action VARCHAR, duration BIGINT)",
        "driftlog": f"STRUCT(model STRUCT(name VARCHAR, version VARCHAR, schema VARCHAR), {sections}, {lists}, "
        f"prediction STRUCT({sections}, {lists}))",
    }
    try:
        rows = connection.execute(
            _inspection(read_lines([path], columns, strict=strict))
        ).fetchall()
    except duckdb.Error as error:
        raise StoreError(
            f"segment {path} cannot be read ({first_line(error)});"
            " move it out of the spool and run again"
        ) from error
    models: dict[str, list[Sequence[Any]]] = {}
    labels: dict[str, int] = {}
    damaged = 0
    for action, model, *row in rows:
        if model is None or action not in ACTIONS:
            damaged += row[1]
        elif action == PREDICTION:
            models.setdefault(model, []).append(row)
        elif action == "label":
            labels[model] = max(row[3], labels.get(model, row[3]))
    held = {model: _held(parts) for model, parts in models.items()}
    return Segment(path, size, held, damaged, labels)


def _inspection(lines: str) -> str:
    """Sum up the lines by their sets of names first: most events have the same ones.

    Every field must be asked for, the duration too: DuckDB checks the type of no other.
    """
    names = [
        name
        for role in ("driftlog.", "driftlog.prediction.")
        for name in (*(f"map_keys({role}{s})" for s in ELEMENT), *(f"{role}{s}" for s in NAMED))
    ]
    shape = ", ".join(f"{name} AS n{i}" for i, name in enumerate(names))
    found = ", ".join(f"list_distinct(flatten(list(n{i})))" for i in range(len(names)))
    return f"""
        SELECT action, model, version, sum(events)::BIGINT, min(first), max(last), sum(timed),
               {found} FROM (
            SELECT CASE WHEN isfinite("@timestamp") AND event.id IS NOT NULL THEN event.action END
                       AS action,
                   driftlog.model.name AS model, driftlog.model.version AS version,
                   count(*) AS events, count(event.duration) AS timed, min(epoch_us("@timestamp")) AS first,
                   max(epoch_us("@timestamp")) AS last, {shape}
            FROM {lines} GROUP BY ALL)
        GROUP BY ALL"""


def first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return str(error).partition("\n")[0]


def _held(rows: Sequence[Sequence[Any]]) -> Held:
    """What the rows of one model, one for each of its versions, say together."""
    sections = [f"{role}{s}" for role in ("", "prediction.") for s in (*ELEMENT, *NAMED)]
    names = (
        {s: frozenset(found) for s, found in zip(sections, row[5:], strict=True) if found}
        for row in rows
    )
    return Held(
        merge_names(names),
        events=sum(row[1] for row in rows),
        first=min(row[2] for row in rows),
        last=max(row[3] for row in rows),
        versions={row[0]: row[1] for row in rows if row[0] is not None},
    )


def total_versions(held: Iterable[Held]) -> Counts:
    """Events by model version over several segments."""
    total: Counts = {}
    for part in held:
        total = add_counts(total, part.versions)
    return total
