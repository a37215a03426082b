"""Labels joined to a spool's predictions by event id: DuckDB joins, and only sums come out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from driftlog_analyzers._catalog import Catalog
from driftlog_analyzers._placing import placed
from driftlog_analyzers._profile import Slice
from driftlog_analyzers._quality import (
    BINS,
    CLIP,
    Calibration,
    Compared,
    Confusion,
    Deviation,
    Quality,
)
from driftlog_analyzers._relation import Column, literal, microseconds
from driftlog_analyzers._segments import merge_names, read_lines
from driftlog_analyzers._spool_columns import Names, columns_of
from driftlog_analyzers._spool_source import Rows, placed_groups, predictions_sql
from driftlog_analyzers._store import QualitySpec
from driftlog_analyzers._window import Window

LABELS = "labels"


def quality(
    catalog: Catalog, rows: Rows, spec: QualitySpec, windows: Sequence[Window]
) -> Iterator[Quality]:
    """What the labels say of each window's predictions; see `EventStore.quality`.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        spec: what is compared with the labels.
        windows: apart from each other, in any order.
    """
    rows(_labels_sql(spec.model, catalog.labelled(spec.model, spec.since), spec.since))
    found = [Quality()] * len(windows)
    for numbers, near, held in placed_groups(catalog, rows, spec.model, windows):
        there = merge_names(part.names for _, part in held)
        names, fields = outputs_of(there, spec.compared, spec.part)
        source = predictions_sql(spec.model, held, fields, names, spec.version)
        sql = placed(f"SELECT * FROM ({source}) WHERE chosen", near)
        for n, part in qualities(rows(sums_sql(sql)), rows(pairs_sql(sql))).items():
            found[numbers[n]] = found[numbers[n]].merge(part)
    rows(f"DROP TABLE {LABELS}")
    yield from found


def _labels_sql(model: str, paths: Sequence[Path], since: datetime | None) -> str:
    """The statement that makes the table ``labels``: the last label of each event id.

    Args:
        model: whose labels.
        paths: the segments with labels of the model; none, an empty table.
        since: only labels from then on.
    """
    made = f"CREATE OR REPLACE TEMP TABLE {LABELS}"
    if not paths:
        return f"{made} (id VARCHAR, num DOUBLE, cat VARCHAR)"
    columns = {
        "@timestamp": "TIMESTAMPTZ",
        "event": "STRUCT(id VARCHAR, action VARCHAR)",
        "driftlog": "STRUCT(model STRUCT(name VARCHAR), label STRUCT(id VARCHAR, "
        "num STRUCT(value DOUBLE), cat STRUCT(value VARCHAR)))",
    }
    bound = "" if since is None else f" AND ts >= {microseconds(since)}"
    return f"""
        {made} AS SELECT id, last.num AS num, last.cat AS cat FROM (
            SELECT id, max({{'ts': ts, 'event': event, 'num': num, 'cat': cat}}) AS last FROM (
                SELECT driftlog.label.id AS id, epoch_us("@timestamp") AS ts, event.id AS event,
                       driftlog.label.num.value AS num, driftlog.label.cat.value AS cat
                FROM {read_lines(paths, columns)}
                WHERE event.action = 'label' AND driftlog.model.name = {literal(model)}
                  AND event.id IS NOT NULL AND isfinite("@timestamp"))
            WHERE id IS NOT NULL AND (num IS NOT NULL OR cat IS NOT NULL){bound} GROUP BY id)"""


def outputs_of(held: Names, compared: Compared, part: Slice | None) -> tuple[Names, str]:
    """What must be read of the segments' outputs.

    Args:
        held: names by section, as the segments have them.
        compared: the outputs that are wanted.
        part: only predictions of this slice.

    Returns:
        The names to declare; the expressions ``score`` and ``class``, null where no segment has such an output, and
        ``chosen``, whether the prediction is of the slice.
    """
    feature, value = part or (None, "")
    wanted = {
        "prediction.num": compared.numeric,
        "prediction.cat": compared.categorical,
        "cat": feature,
    }
    names = {
        section: _alike(name, held.get(section, frozenset()))
        for section, name in wanted.items()
        if name is not None
    }
    columns = {column.name: column for column in columns_of(names, "prediction.")}
    nothing = Column("")
    score = columns.get(compared.numeric or "", nothing).number or "NULL::DOUBLE"
    string = columns.get(compared.categorical or "", nothing).string or "NULL::VARCHAR"
    inputs = {column.name: column for column in columns_of(names, "")}
    own = inputs.get(feature or "", nothing).string
    chosen = "true" if part is None else f"{own} = {literal(value)}" if own else "false"
    return names, f", {score} AS score, {string} AS class, {chosen} AS chosen"


def _alike(name: str, held: frozenset[str]) -> frozenset[str]:
    """The name, if it is there, with those that DuckDB would take for it."""
    return frozenset(n for n in held if n.lower() == name.lower()) if name in held else frozenset()


def sums_sql(source: str) -> str:
    """The statement that sums up each window's predictions and their labels.

    Args:
        source: a SELECT of ``w``, ``id``, ``score`` and ``class``.
    """
    parts = [
        "count(*)",
        "count(label)",
        *("count(error)", "sum(error)", "sum(abs(error))", "sum(error * error)"),
        *(f"sum({value}) FILTER (error IS NOT NULL)" for value in ("num", "num * num")),
        "sum(error * error * error * error)",
        *(f"count(*) FILTER (bin = {n})" for n in range(BINS)),
        *(f"sum(score) FILTER (bin = {n})" for n in range(BINS)),
        *(f"sum(truth) FILTER (bin = {n})" for n in range(BINS)),
        *(f"sum({loss}) FILTER (bin IS NOT NULL)" for loss in ("brier", "loss")),
        *(f"sum({loss} * {loss}) FILTER (bin IS NOT NULL)" for loss in ("brier", "loss")),
    ]
    return f"""
        SELECT w, {", ".join(parts)} FROM (
            SELECT *, score - num AS error, (score - truth) * (score - truth) AS brier,
                   -ln(CASE truth WHEN 1 THEN clipped ELSE 1 - clipped END) AS loss
            FROM (SELECT *,
                   least(greatest(score, {CLIP!r}::DOUBLE), 1 - {CLIP!r}::DOUBLE) AS clipped,
                   CASE WHEN truth IS NOT NULL AND score >= 0 AND score <= 1
                        THEN least(floor(score * {BINS}), {BINS - 1})::INTEGER END AS bin
            FROM ({_joined(source)})))
        GROUP BY w"""


def pairs_sql(source: str) -> str:
    """The statement that counts each window's pairs of a class and a label."""
    return f"""
        SELECT w, class, cat, count(*) FROM ({_joined(source)})
        WHERE class IS NOT NULL AND cat IS NOT NULL GROUP BY ALL"""


def _joined(source: str) -> str:
    return f"""
        SELECT p.w, p.score, p.class, l.id AS label, l.num, l.cat,
               CASE WHEN l.num IN (0, 1) THEN l.num::INTEGER WHEN l.num IS NULL
                    THEN CASE l.cat WHEN 'true' THEN 1 WHEN 'false' THEN 0 END END AS truth
        FROM ({source}) p LEFT JOIN {LABELS} l ON p.id = l.id"""


def qualities(sums: Iterable[Sequence[Any]], pairs: Iterable[Sequence[Any]]) -> dict[int, Quality]:
    """What `sums_sql` and `pairs_sql` found, by window number."""
    counts: dict[int, dict[tuple[str, str], int]] = {}
    for window, predicted, label, count in pairs:
        counts.setdefault(window, {})[predicted, label] = count
    return {row[0]: _quality(iter(row[1:]), counts.get(row[0], {})) for row in sums}


def _quality(values: Iterator[Any], pairs: dict[tuple[str, str], int]) -> Quality:
    def floats(count: int) -> list[float]:
        return [next(values) or 0.0 for _ in range(count)]

    def whole(count: int) -> list[int]:
        return [int(next(values) or 0) for _ in range(count)]

    predictions, labelled, n = whole(3)
    deviation = Deviation(n, *floats(6))
    counts, scores, labels = whole(BINS), floats(BINS), whole(BINS)
    calibration = Calibration(tuple(counts), tuple(scores), tuple(labels), *floats(4))
    return Quality(predictions, labelled, Confusion(pairs), deviation, calibration)
