"""One run over 200 models of 100 features with an hour due each; and a further window after a longer history.

Run it with ``python benchmarks/fleet.py [MODELS [FEATURES]]``. Everything is on disk: spools, state, baselines. The
run is a process of its own, so that its memory is its own. A further window is measured on one model after histories of
different lengths: the same new events each time, in processor time, which a busy machine does not stretch.
"""

import json
import math
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from driftlog import PredictionLogger  # noqa: E402 - the path comes first
from driftlog_analyzers._baseline_file import BaselineFolder  # noqa: E402 - as above
from driftlog_analyzers._config import Config  # noqa: E402 - as above
from driftlog_analyzers._reference import baseline_from_store  # noqa: E402 - as above
from driftlog_analyzers._schedule._clock import Clock  # noqa: E402 - as above
from driftlog_analyzers._schedule._round import Site, run_once  # noqa: E402 - as above
from driftlog_analyzers._settings import Settings  # noqa: E402 - as above
from driftlog_analyzers._spool_store import SpoolStore  # noqa: E402 - as above
from driftlog_analyzers._state_file import StateFile  # noqa: E402 - as above

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PER_HOUR = 1_000
HISTORIES = (50, 200, 800, 3_200)
HISTORY_FEATURES, HISTORY_PER_WINDOW = 20, 30
FIVE = timedelta(minutes=5)
FURTHER = 5
EXPECTED = 2
"""Windows of a further run: the new one, and one that a late event revises."""


def log(  # noqa: PLR0917 - where, what and when
    spool: Path,
    model: str,
    features: int,
    begin: datetime,
    length: timedelta,
    events: int,
    seed: int,
) -> None:
    """Log events of a model, spread over a stretch of time."""
    chance = random.Random(seed)
    with PredictionLogger(model=model, version="1", spool=spool) as logger:
        for n in range(events):
            numbers = {f"n{i:03}": chance.gauss(0, 1) for i in range(features * 7 // 10)}
            rest = features - len(numbers)
            names = {f"c{i:03}": f"v{chance.randrange(8)}" for i in range(rest)}
            logger.log(
                numbers | names, prediction=chance.random(), timestamp=begin + length * n / events
            )


def site(  # noqa: PLR0917 - what it consists of
    folder: Path, now: datetime, size: str, models: list[str], store: SpoolStore, home: StateFile
) -> Site:
    """Give a schedule over these models."""
    baselines = BaselineFolder(folder / "baselines")
    return Site(
        config=Config.model_validate({"models": {model: {"window": size} for model in models}}),
        store=store,
        home=home,
        open_leases=lambda: StateFile(folder / "state.sqlite"),
        baseline=baselines.find,
        settings=lambda _: Settings(),
        clock=Clock(lambda: now, lambda: 0.0),
        holder="benchmark",
        once=True,
    )


def one_run(folder: Path, now: datetime, size: str) -> dict[str, float]:
    """Open everything and run once; time, processor time and memory of this process."""
    began, cpu = time.perf_counter(), time.process_time()
    memory = folder / "segments.sqlite"
    with (
        SpoolStore(folder / "spool", memory=memory) as store,
        StateFile(folder / "state.sqlite") as home,
    ):
        with store.frozen():
            models = list(store.models())
        report = run_once(site(folder, now, size, models, store, home), lambda: False)
    if report.failures:
        raise SystemExit(str(report.failures))
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "windows": sum(done.windows for done in report.done.values()),
    }


def in_a_process(folder: Path, now: datetime, size: str) -> dict[str, float]:
    """Do `one_run` in a process of its own."""
    command = [sys.executable, __file__, "--run", str(folder), now.isoformat(), size]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def fleet(folder: Path, models: int, features: int) -> dict[str, float]:
    """One hour of each model is evaluated already, and another one is due."""
    names = [f"model-{n:03}" for n in range(models)]
    home = BaselineFolder(folder / "baselines")
    for n, name in enumerate(names):
        log(folder / "spool", name, features, BEGIN, HOUR, PER_HOUR, n)
        if n == 0:
            with SpoolStore(folder / "spool") as store:
                first = baseline_from_store(store, model=name, version="1")
        home.save(replace(first, model=name))
    in_a_process(folder, BEGIN + 1.5 * HOUR, "1h")
    for n, name in enumerate(names):
        log(folder / "spool", name, features, BEGIN + HOUR, HOUR, PER_HOUR, models + n)
    return in_a_process(folder, BEGIN + 2.5 * HOUR, "1h")


def further(folder: Path, windows: int) -> float:
    """Processor seconds of a run with one new window, after so many; the median of several."""
    log(
        folder / "spool",
        "m",
        HISTORY_FEATURES,
        BEGIN,
        windows * FIVE,
        windows * HISTORY_PER_WINDOW,
        1,
    )
    with SpoolStore(folder / "spool") as store:
        baseline = baseline_from_store(store, model="m", version="1", end=BEGIN + 50 * FIVE)
    BaselineFolder(folder / "baselines").save(baseline)
    in_a_process(folder, BEGIN + windows * FIVE + timedelta(minutes=2), "5m")
    times = []
    for n in range(FURTHER):
        begin = BEGIN + (windows + n) * FIVE
        log(folder / "spool", "m", HISTORY_FEATURES, begin, FIVE, HISTORY_PER_WINDOW, n)
        log(
            folder / "spool", "m", HISTORY_FEATURES, begin - 7 * FIVE, FIVE, 1, n
        )  # late, which revises and folds
        found = in_a_process(folder, begin + FIVE + timedelta(minutes=2), "5m")
        if found["windows"] != EXPECTED:
            raise SystemExit(f"{found['windows']} windows instead of {EXPECTED}")
        times.append(found["cpu"])
    return statistics.median(times)


def slope(points: list[tuple[float, float]]) -> float:
    """The exponent of a power of the first number that gives the second, by least squares."""
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points), strict=True)
    return statistics.linear_regression(xs, ys).slope


def main() -> None:
    """Measure both and keep the figures."""
    models, features = (*map(int, sys.argv[1:3]), *(200, 100)[len(sys.argv[1:3]) :])
    with tempfile.TemporaryDirectory() as folder:
        found = fleet(Path(folder), models, features)
    points = []
    for windows in HISTORIES:
        with tempfile.TemporaryDirectory() as folder:
            points.append((windows, further(Path(folder), windows)))
            print(points[-1], flush=True)
    case = f"{models} models, {features} features, an hour of {PER_HOUR:,} events due each"
    rows: list[dict[str, Any]] = [
        _row(case, "time", found["seconds"], "s"),
        _row(case, "processor time", found["cpu"], "s"),
        _row(case, "memory", found["mib"], "MiB"),
    ]
    for windows, cpu in points:
        rows.append(_row(f"a further window after {windows:,}", "processor time", cpu, "s"))
    rows.append(
        _row(
            "a further window", "exponent of processor time against history", slope(points), "", 0.1
        )
    )
    keep(rows)


def _row(
    case: str, metric: str, value: float, unit: str, target: float | None = None
) -> dict[str, Any]:
    return {
        "subject": "driftlog",
        "case": case,
        "metric": metric,
        "value": round(value, 3),
        "unit": unit,
        "spread": None,
        "target": target,
    }


def keep(rows: list[dict[str, Any]]) -> None:
    """Write the figures as JSON and as a table."""
    result = {
        "race": "fleet",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load": [round(load, 1) for load in os.getloadavg()],
        },
        "rows": rows,
    }
    (HERE / "results" / "fleet.json").write_text(json.dumps(result, indent=2) + "\n")
    table = ["| case | metric | value | target |", "|---|---|---|---|"]
    table += [
        f"| {r['case']} | {r['metric']} | {r['value']:g} {r['unit']} | {'' if r['target'] is None else r['target']} |"
        for r in rows
    ]
    head = "# One run over a fleet, and a further window after a longer history\n\n`python benchmarks/fleet.py`\n\n"
    (HERE / "results" / "fleet.md").write_text(head + "\n".join(table) + "\n")
    print("\n".join(table))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        print(
            json.dumps(one_run(Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), sys.argv[4]))
        )
    else:
        main()
