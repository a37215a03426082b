"""``python -m benchmarks.analysis``: race 5, one window of 50 features against its reference.

Writes ``benchmarks/results/analysis.json`` and ``.md``, unless only some subjects or sizes are asked for: those figures
are printed. ``--rows 2000 --rounds 1 --only compare spool`` is a trial.
"""

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.analysis import places
from benchmarks.analysis.race import chosen, prepare, race
from benchmarks.analysis.subjects import SUBJECTS
from benchmarks.analysis.tables import Row, rows_of

SIZES = [100_000, 1_000_000]
KEYS = [subject.key for subject in SUBJECTS]
RESULTS = places.ROOT / "benchmarks" / "results"


def main() -> None:
    """Measure, print, keep."""
    asked = _arguments()
    prepare(asked.rows)
    runs = race(chosen(asked.only), asked.rows, asked.rounds, asked.limit)
    rows = rows_of(runs, _drifted())
    table = markdown(rows, asked.rounds)
    print(table)
    if not asked.only and asked.rows == SIZES:
        keep(rows, table, asked.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.analysis", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="of the window")
    parser.add_argument("--only", nargs="+", default=[], choices=KEYS, metavar="SUBJECT",
                        help=", ".join(KEYS))  # fmt: skip
    parser.add_argument("--limit", type=float, default=170.0, help="seconds for one run")
    return parser.parse_args()


def _drifted() -> frozenset[str]:
    """The features that drifted, read at the end: the module is too large to be there while others start."""
    from benchmarks.analysis.columns import FAULTS  # noqa: PLC0415 - as above

    return frozenset(FAULTS)


def markdown(rows: list[Row], rounds: int) -> str:
    """The rows as a table."""
    lines = [
        "# One window of 50 features, 11 of which drifted, against its reference",
        "",
        f"Median and range of {rounds} interleaved rounds, each run in a fresh process; times without imports and",
        "without reading frames. The reference has 100,000 rows, or as many as the window where that has fewer.",
        "",
        "| subject | case | metric | median | range | target |",
        "|---|---|---|---:|---|---|",
    ]
    for row in rows:
        low, high = row["spread"]
        target = "" if row["target"] is None else f"≤ {row['target']:g}"
        lines.append(
            f"| {row['subject']} | {row['case']} | {row['metric']} | {row['value']:,} {row['unit']} "
            f"| {low:,} to {high:,} | {target} |"
        )
    return "\n".join(lines) + "\n"


def keep(rows: list[Row], table: str, rounds: int) -> None:
    """Write the result files."""
    result = {
        "race": "analysis",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load": [round(load, 1) for load in os.getloadavg()],
            "rounds": rounds,
            **{name: version(name) for name in ("duckdb", "pandas", "numpy")},
        },
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "analysis.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "analysis.md").write_text(table)


if __name__ == "__main__":
    main()
