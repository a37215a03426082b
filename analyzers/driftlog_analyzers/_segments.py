"""What a spool's segments hold, found by one light scan of each: models, feature names, time span, damaged lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from driftlog_analyzers._profile import Counts, add_counts
from driftlog_analyzers._scan import literal
from driftlog_analyzers.errors import StoreError

SECTIONS = ("num", "cat", "list", "text", "tok", "oov", "other")
NAMED = ("na", "nonfinite")
LINE_BYTES = 64 * 1024 * 1024

Names = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Held:
    """What one segment holds of one model.

    Attributes:
        names: feature names by section of the event document (``num``, ``prediction.num``, ``na`` …).
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


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the spool, as it was when it had `size` bytes.

    Attributes:
        path: the file.
        size: bytes.
        models: what it holds, by model name.
        damaged: lines that are no event document.
    """

    path: Path
    size: int
    models: Mapping[str, Held] = field(default_factory=dict)
    damaged: int = 0


def merge_names(parts: Iterable[Names]) -> dict[str, frozenset[str]]:
    """All names, by section."""
    merged: dict[str, frozenset[str]] = {}
    for names in parts:
        for section, found in names.items():
            merged[section] = merged.get(section, frozenset()) | found
    return merged


def read_lines(paths: Sequence[Path], columns: Mapping[str, str], *, filename: bool = False) -> str:
    """A table function over segments, with declared columns; a line that does not parse becomes a row of nulls."""
    files = ", ".join(literal(str(path)) for path in paths)
    declared = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    return (
        f"read_ndjson([{files}], columns={{{declared}}}, ignore_errors=true, "
        f"maximum_object_size={LINE_BYTES}, filename={str(filename).lower()})"
    )


def inspect(connection: duckdb.DuckDBPyConnection, path: Path) -> Segment:
    """Scan one segment.

    Raises:
        StoreError: the file cannot be read.
    """
    size = path.stat().st_size
    sections = ", ".join(f"{name} JSON" for name in SECTIONS)
    lists = ", ".join(f"{name} VARCHAR[]" for name in NAMED)
    outputs = f"prediction STRUCT({sections}, {lists})"
    columns = {
        "@timestamp": "TIMESTAMPTZ",
        "event": "STRUCT(id VARCHAR, action VARCHAR)",
        "driftlog": f"STRUCT(model STRUCT(name VARCHAR, version VARCHAR), {sections}, {lists}, {outputs})",
    }
    keys = [f"histogram(json_keys(driftlog.{section}))" for section in SECTIONS]
    keys += [f"histogram(driftlog.{section})" for section in NAMED]
    keys += [f"histogram(json_keys(driftlog.prediction.{section}))" for section in SECTIONS]
    keys += [f"histogram(driftlog.prediction.{section})" for section in NAMED]
    try:
        rows = connection.execute(f"""
            SELECT CASE WHEN "@timestamp" IS NOT NULL AND event.id IS NOT NULL THEN event.action END AS action,
                   driftlog.model.name AS model, count(*), min(epoch_us("@timestamp")), max(epoch_us("@timestamp")),
                   histogram(driftlog.model.version), {", ".join(keys)}
            FROM {read_lines([path], columns)} GROUP BY ALL""").fetchall()
    except duckdb.Error as error:
        raise StoreError(f"segment {path} cannot be read: {first_line(error)}") from error
    models = {
        row[1]: _held(row[2:]) for row in rows if row[0] == "prediction" and row[1] is not None
    }
    known = sum(
        row[2]
        for row in rows
        if row[1] is not None and row[0] in {"prediction", "label", "segment"}
    )
    return Segment(path, size, models, sum(row[2] for row in rows) - known)


def first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return str(error).partition("\n")[0]


def _held(row: Sequence[Any]) -> Held:
    events, first, last, versions, *shapes = row
    sections = [*SECTIONS, *NAMED]
    names = {}
    for section, shape in zip(
        [*sections, *(f"prediction.{s}" for s in sections)], shapes, strict=True
    ):
        found = frozenset(name for keys in _shapes(shape) for name in keys)
        if found:
            names[section] = found
    return Held(names, events, first, last, versions or {})


def _shapes(histogram: Any) -> Iterable[Sequence[str]]:
    """The distinct lists that were counted; DuckDB gives a map with list keys as two lists."""
    if not histogram:
        return ()
    keys = histogram["key"] if "key" in histogram and "value" in histogram else histogram
    return (json.loads(key) if isinstance(key, str) else key for key in keys)


def total_versions(held: Iterable[Held]) -> Counts:
    """Events by model version over several segments."""
    total: Counts = {}
    for part in held:
        total = add_counts(total, part.versions)
    return total
