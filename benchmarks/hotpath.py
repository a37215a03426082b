"""What `log()` costs above encoding and writing the same document; prints and keeps the figures.

Run it with ``python benchmarks/hotpath.py``: floor and driftlog in one go, interleaved.
"""

import json
import os
import platform
import random
import statistics
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from driftlog import PredictionLogger
from driftlog.testing import read_events

ROUNDS, CALLS, ROWS = 15, 4000, 20_000
TEXT = "the quick brown fox jumps over the lazy dog and runs off"
chance = random.Random(7)


def features() -> dict[str, object]:
    """Give one event's 30 features, 3 of the strings of high cardinality."""
    return {
        **{f"float_{n}": chance.random() * 100 for n in range(10)},
        **{f"int_{n}": chance.randrange(1000) for n in range(5)},
        **{f"string_{n}": f"v-{chance.randrange(10**8 if n < 3 else 9)}" for n in range(10)},  # noqa: PLR2004 - as the docstring says
        **dict.fromkeys(("null_0", "null_1", "null_2")),
        "flag": True,
        "comment": TEXT,
    }


def timed(work: Callable[[], object], threads: int) -> float:
    """Give µs a call, with so many threads at it at once."""

    def loop() -> None:
        for _ in range(CALLS // threads):
            work()

    crew = [threading.Thread(target=loop) for _ in range(threads)]
    begin = time.perf_counter()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return (time.perf_counter() - begin) / CALLS * 1e6


def race_log(folder: Path, threads: int) -> tuple[list[float], list[float]]:
    """Time floor and `log()` in turn."""
    event = features()
    spool = folder / f"spool-{threads}"
    with PredictionLogger(model="churn", version="7", spool=spool, text=["comment"]) as logger:
        logger.log(event, prediction=0.9)
        document = read_events(spool)[0]
        fd = os.open(folder / f"floor-{threads}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def floor() -> None:
            os.write(fd, orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))

        rounds = [
            (timed(floor, threads), timed(lambda: logger.log(event, prediction=0.9), threads))
            for _ in range(ROUNDS)
        ]
        os.close(fd)
    return [one for one, _ in rounds], [other for _, other in rounds]


def race_batch(folder: Path) -> tuple[list[float], list[float]]:
    """Time a loop of dumps with one buffered write, and `log_batch`, in turn."""
    frame = pd.DataFrame([features() for _ in range(ROWS)])
    scores = pd.Series([0.9] * ROWS)
    floors, ours = [], []
    spool = folder / "batch"
    with PredictionLogger(model="churn", version="7", spool=spool, text=["comment"]) as logger:
        logger.log_batch(frame, scores)
        documents = read_events(spool)[:ROWS]
        for _ in range(5):
            begin = time.perf_counter()
            with (folder / "floor-batch").open("wb", buffering=1 << 20) as file:
                for document in documents:
                    file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
            floors.append((time.perf_counter() - begin) / ROWS * 1e6)
            begin = time.perf_counter()
            logger.log_batch(frame, scores)
            ours.append((time.perf_counter() - begin) / ROWS * 1e6)
    return floors, ours


def rows(
    case: str, floor: list[float], ours: list[float], target: float
) -> list[dict[str, object]]:
    """Print one case and give its rows for the result file."""
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    least, mine = statistics.median(floor), statistics.median(ours)
    ratio = mine / least
    print(f"{case}: floor {least:.2f} us, driftlog {mine:.2f} us, {ratio:.2f} x")
    return [
        _row("floor", case, "time a call", floor, least, "us", None),
        _row("driftlog", case, "time a call", ours, mine, "us", None),
        _row("driftlog", case, "time ratio to the floor", ratios, ratio, "x", target),
    ]


def _row(  # noqa: PLR0917 - a part of the row for each argument
    subject: str,
    case: str,
    metric: str,
    every: list[float],
    value: float,
    unit: str,
    target: float | None,
) -> dict[str, object]:
    spread = [round(min(every), 3), round(max(every), 3)]
    return {"subject": subject, "case": case, "metric": metric, "value": round(value, 3),
            "unit": unit, "spread": spread, "target": target}  # fmt: skip


def main() -> None:
    """Run all cases and write ``benchmarks/results/hotpath.json`` and ``batch.json``."""
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    environment = f"{platform.python_implementation()} {platform.python_version()} "
    environment += f"({'' if optimized else 'not '}profile-guided), "
    environment += f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, "
    environment += f"load average {os.getloadavg()[0]:.1f} at the start"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hotpath = rows("1 thread", *race_log(folder, 1), 1.6)
        hotpath += rows("4 threads", *race_log(folder, 4), 1.5)
        batch = rows(f"{ROWS} rows", *race_batch(folder), 1.5)
    for race, result in (("hotpath", hotpath), ("batch", batch)):
        kept = {"race": race, "date": datetime.now(UTC).date().isoformat(),
                "environment": environment, "rows": result}  # fmt: skip
        target = Path(__file__).parent / "results" / f"{race}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(kept, indent=1) + "\n")
        target.with_suffix(".md").write_text(table(kept))


def table(kept: dict[str, Any]) -> str:
    """Write a result as Markdown."""
    columns = ("subject", "case", "metric", "value", "unit", "spread", "target")
    lines = [
        f"# {kept['race']}, {kept['date']}",
        f"\n{kept['environment']}. Medians of interleaved rounds, and the extremes.\n",
        "Made by `python benchmarks/hotpath.py`.\n",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
    ]
    for row in kept["rows"]:
        shown = row | {
            "spread": " to ".join(map(str, row["spread"])),
            "target": row["target"] or "",
        }
        lines.append(f"| {' | '.join(str(shown[name]) for name in columns)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
