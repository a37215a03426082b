"""The parts' figures as benchmarks/results/detection.json and .md."""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.detection.cells import Cell, add
from benchmarks.detection.metrics import Rate, summary
from benchmarks.detection.parts import PARTS, RACE, kept
from benchmarks.detection.rounds import CLEAN
from benchmarks.detection.standings import Standing, load, rates
from benchmarks.detection.tables import document
from benchmarks.detection.targets import CASES, SIZES, Case

RESULTS = Path(__file__).parents[1] / "results"
BUDGET = 1.0

Row = dict[str, Any]
Table = dict[tuple[str, int], Cell]


def write() -> str:
    """Write both files from what the parts have kept.

    Returns:
        The Markdown.
    """
    figures = {part: kept(part) for part in PARTS if part != "race"}
    standings = load(RACE)
    cells = figures["cells"]
    table = _table(cells)
    rows = [
        *_clean_rows(figures["clean"], figures["quiet"]),
        *_cell_rows(table),
        *_time_rows(figures["times"]),
        *_race_rows(standings),
    ]
    environment = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "seed": cells.get("seed"),
    }
    found = {"race": "detection", "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    found |= {"environment": environment, "rows": rows}
    (RESULTS / "detection.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    text = document(figures, table, standings)
    (RESULTS / "detection.md").write_text(text)
    return text


def _table(cells: Row) -> Table:
    """The cells of all data sets together, by row of the tables and window size."""
    table: Table = {}
    for _, key, size, counts in cells.get("cells", []):
        for case in CASES:
            if case.holds(key):
                add(table.setdefault((case.title, size), Cell()), Cell(**counts))
    return table


def _row(subject: str, case: str, metric: str, value: float, unit: str, **more: Any) -> Row:
    row = {
        "subject": subject,
        "case": case,
        "metric": metric,
        "value": round(value, 5),
        "unit": unit,
    }
    return row | {"spread": None, "target": None} | more


def _spread(rate: Rate, factor: float = 1.0) -> list[float]:
    return [round(factor * bound, 5) for bound in rate.interval]


def _clean_rows(clean: Row, calm: Row) -> Iterator[Row]:
    for size, hits, n in clean.get("counts", []):
        rate = Rate(hits, n)
        yield _row(
            "driftlog",
            f"windows of {size}",
            "false_alerts_per_1000",
            1_000 * rate.value,
            f"per 1,000 clean feature-windows, of {n}",
            spread=_spread(rate, 1_000),
            target=BUDGET,
        )
    for case, (hits, n) in calm.items():
        rate = Rate(hits, n)
        unit = f"share of {n} windows with an alert"
        yield _row("driftlog", case, "alerts_without_fault", rate.value, unit, spread=_spread(rate))


def _cell_rows(table: Table) -> Iterator[Row]:
    for case in CASES:
        for size in SIZES:
            if cell := table.get((case.title, size)):
                yield from _rows_of(case, size, cell)


def _rows_of(case: Case, size: int, cell: Cell) -> Iterator[Row]:
    where, unit = f"{case.title}, windows of {size}", f"share of {cell.runs} runs"
    found, missed = Rate(cell.detected, cell.runs), Rate(cell.runs - cell.detected, cell.runs)
    yield _row("driftlog", where, "detection_rate", found.value, unit, spread=_spread(found))
    asked = case.targets.get(size)
    if asked is not None:
        target = round(1.0 - asked, 5)
        yield _row(
            "driftlog",
            where,
            "missed_rate",
            missed.value,
            unit,
            spread=_spread(missed),
            target=target,
        )
    if cell.bounded:
        for name, total in (("best", cell.best), ("learned", cell.learned)):
            value = total / cell.bounded
            yield _row("any test", where, f"detection_rate_{name}", value, "power at 1 per 1,000")


def _time_rows(times: Row) -> Iterator[Row]:
    for name, events, alerts in summary(times):
        unit = f"events from the onset, windows of {times['size']}"
        for metric, value in (("median", events[0]), ("p95", events[1])):
            if value is not None:
                yield _row("driftlog", name, f"time_to_detection_{metric}", value, unit)
        yield _row("driftlog", name, "alerts_per_incident", alerts, "mean of the incidents found")


def _race_rows(standings: Mapping[str, Standing]) -> Iterator[Row]:
    for name, standing in standings.items():
        for (case, size), rate in rates(standing).items():
            clean = case == CLEAN
            yield _row(
                f"{name} (race)",
                f"{case}, windows of {size}",
                "false_alerts_per_1000" if clean else "detection_rate",
                rate.value * (1_000 if clean else 1),
                f"of {rate.n}",
                spread=_spread(rate, 1_000 if clean else 1),
            )
