"""What `analyze` costs: events a second and peak memory at 100,000 and 1,000,000 events.

Run it with ``python benchmarks/scanning.py``. The spools, of 30 features, are made once and kept in
``.cache/scanning``; each figure comes from a fresh process. The floor is DuckDB itself: counts and
means of the same files with declared columns.
"""

import json
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import orjson

from driftlog_analyzers import (
    SpoolStore,
    StateFile,
    analyze,
    baseline_from_store,
    load_baseline,
    parse_size,
    save_baseline,
)

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "scanning"
SIZES = (100_000, 1_000_000)
ROUNDS = 3
SEGMENT_BYTES = 64 << 20
EVENTS_PER_HOUR = 10_000
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
MODEL = "churn"
WORDS = [f"word{n}" for n in range(5_000)]
FLOATS, INTEGERS, STRINGS, NULLS, MANY = 10, 5, 10, 3, 3
FLAT = 1.25


def events(count: int) -> Iterator[bytes]:
    """Give event documents as lines, always the same ones."""
    chance = random.Random(11)
    for number in range(count):
        at = BEGIN + timedelta(hours=1) * number / EVENTS_PER_HOUR
        tokens = sorted({chance.choice(WORDS) for _ in range(12)})
        yield orjson.dumps(
            {
                "@timestamp": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "event": {
                    "id": f"0190000000000badc0ffee00-{number:012x}",
                    "kind": "event",
                    "action": "prediction",
                    "outcome": "success",
                    "duration": 1_000_000 + chance.randrange(1_000_000),
                    "dataset": f"driftlog.{MODEL}",
                },
                "service": {"name": MODEL},
                "host": {"name": "benchmark"},
                "driftlog": {
                    "model": {"name": MODEL, "version": "7"},
                    "num": _numbers(chance),
                    "cat": _strings(chance),
                    "text": {"comment": {"tokens": 12, "distinct": len(tokens)}},
                    "tok": {"comment": tokens},
                    "na": [f"null_{n}" for n in range(NULLS)],
                    "prediction": {"num": {"score": chance.random()}},
                },
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


def _numbers(chance: random.Random) -> dict[str, float]:
    floats = {f"float_{n}": chance.gauss(100, 15) for n in range(FLOATS)}
    return floats | {f"int_{n}": chance.randrange(1000) for n in range(INTEGERS)}


def _strings(chance: random.Random) -> dict[str, str]:
    strings = {
        f"string_{n}": f"v-{chance.randrange(100_000 if n < MANY else 9)}" for n in range(STRINGS)
    }
    return strings | {"flag": chance.choice(("true", "false"))}


def spool(count: int) -> Path:
    """Give the spool of so many events; it is made where it is missing."""
    folder = CACHE / f"spool-{count}"
    if folder.is_dir():
        return folder
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    size, number, file = 0, 0, (making / "churn-000000.ndjson").open("wb")
    for line in events(count):
        if size + len(line) > SEGMENT_BYTES:
            file.close()
            size, number = 0, number + 1
            file = (making / f"churn-{number:06}.ndjson").open("wb")
        file.write(line)
        size += len(line)
    file.close()
    making.rename(folder)
    return folder


def baseline() -> Path:
    """Give the baseline file made of the first hour."""
    path = CACHE / "monitor.toml"
    with SpoolStore(spool(SIZES[0])) as store:
        made = baseline_from_store(
            store, model=MODEL, version="7", start=BEGIN, end=BEGIN + timedelta(hours=1)
        )
    save_baseline(made, path)
    return path


def run_driftlog(folder: Path) -> int:
    """Analyze a spool by the hour into a new state file."""
    state = CACHE / f"state-{os.getpid()}.db"
    try:
        with SpoolStore(folder) as store, StateFile(state) as kept:
            done = analyze(store, load_baseline(CACHE / "monitor.toml"), kept, parse_size("1h"))
            return sum(evaluation.events for evaluation in done)
    finally:
        for path in CACHE.glob(f"{state.name}*"):
            path.unlink()


def run_duckdb(folder: Path) -> int:
    """Count and average the same files with declared columns, an hour a row."""
    numbers = [*(f"float_{n}" for n in range(FLOATS)), *(f"int_{n}" for n in range(INTEGERS))]
    strings = [*(f"string_{n}" for n in range(STRINGS)), "flag"]
    num = ", ".join(f"{name} DOUBLE" for name in numbers)
    cat = ", ".join(f"{name} VARCHAR" for name in strings)
    figures = [f"avg(driftlog.num.{name})" for name in numbers]
    figures += [f"count(driftlog.cat.{name})" for name in strings]
    rows = duckdb.execute(f"""
        SELECT count(*), epoch_us("@timestamp") // 3600000000 AS hour, {", ".join(figures)}
        FROM read_ndjson('{folder}/*.ndjson', columns={{'@timestamp': 'TIMESTAMPTZ',
            'driftlog': 'STRUCT(num STRUCT({num}), cat STRUCT({cat}))'}})
        GROUP BY hour""").fetchall()
    return sum(row[0] for row in rows)


SUBJECTS: dict[str, Callable[[Path], int]] = {"driftlog": run_driftlog, "duckdb": run_duckdb}


def measured(subject: str, count: int) -> tuple[float, float]:
    """Give events a second and peak memory in MiB of one fresh process."""
    command = [sys.executable, __file__, subject, str(count)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, peak = json.loads(answer)
    return count / seconds, peak


def child(subject: str, count: int) -> None:
    """Do one run and print its seconds and its peak memory in MiB."""
    begin = time.perf_counter()
    done = SUBJECTS[subject](spool(count))
    seconds = time.perf_counter() - begin
    if done != count:
        raise SystemExit(f"{subject} saw {done} of {count} events")
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def row(  # noqa: PLR0917 - a part of the row for each argument
    subject: str, case: str, metric: str, every: list[float], unit: str, target: float | None
) -> dict[str, object]:
    """Give one row of the result file and print it."""
    value = statistics.median(every)
    print(f"{subject:9} {case:18} {metric:24} {value:12,.2f} {unit}")
    return {
        "subject": subject,
        "case": case,
        "metric": metric,
        "value": round(value, 3),
        "unit": unit,
        "spread": [round(min(every), 3), round(max(every), 3)],
        "target": target,
    }


def race() -> list[dict[str, object]]:
    """Run every subject at every size, interleaved, and give the rows."""
    figures = {(subject, count): [] for count in SIZES for subject in SUBJECTS}
    for _ in range(ROUNDS):
        for (subject, count), runs in figures.items():
            runs.append(measured(subject, count))
    rows = []
    for (subject, count), runs in figures.items():
        case = f"{count:,} events"
        rows.append(row(subject, case, "events a second", [r for r, _ in runs], "1/s", None))
        rows.append(row(subject, case, "peak memory", [m for _, m in runs], "MiB", None))
    for subject in SUBJECTS:
        small, large = ([m for _, m in figures[subject, count]] for count in SIZES)
        ratios = [b / a for a, b in zip(small, large, strict=True)]
        target = FLAT if subject == "driftlog" else None
        rows.append(row(subject, "1M against 100k", "peak memory ratio", ratios, "x", target))
    return rows


def keep(rows: list[dict[str, object]]) -> None:
    """Write the figures as JSON and as a table."""
    result = {
        "race": "scanning",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        },
        "rows": rows,
    }
    home = HERE / "results"
    home.mkdir(exist_ok=True)
    (home / "scanning.json").write_text(json.dumps(result, indent=2) + "\n")
    table = ["| subject | case | metric | value | unit |", "|---|---|---|---:|---|"]
    table += [
        f"| {r['subject']} | {r['case']} | {r['metric']} | {r['value']:,} | {r['unit']} |"
        for r in rows
    ]
    (home / "scanning.md").write_text("\n".join(table) + "\n")


def main() -> None:
    """Make what is missing, race, keep the figures."""
    if len(sys.argv) > 1:
        child(sys.argv[1], int(sys.argv[2]))
        return
    for count in SIZES:
        spool(count)
    baseline()
    keep(race())


if __name__ == "__main__":
    main()
