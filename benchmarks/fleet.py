"""One run over 200 models of 100 features with an hour due each; and a further window after a longer history.

Run it with ``python benchmarks/fleet.py [MODELS [FEATURES]]``. Everything is on disk: spools, state, baselines. The
run is a process of its own, so that its memory is its own. A further window is measured on one model after histories of
different lengths: the same new events each time, in processor time, which a busy machine does not stretch.
"""

import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from figures import RESULTS, Cost, cost_of, exponent, fresh, keep, row, tell

from driftlog import PredictionLogger
from driftlog_analyzers._baseline_file import BaselineFolder
from driftlog_analyzers._config import Config
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers._schedule._round import Site, run_once
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PER_HOUR = 1_000
HISTORIES = (50, 200, 800, 3_200)
HISTORY_FEATURES, HISTORY_PER_WINDOW = 20, 30
FIVE = timedelta(minutes=5)
FURTHER = 5
FLAT = 0.1
ABOUT = """# One run over a fleet, and a further window after a longer history

`python benchmarks/fleet.py`"""
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


def one_run(folder: Path, now: datetime, size: str) -> int:
    """Open everything and run once; the number of windows."""
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
    return sum(done.windows for done in report.done.values())


def in_a_process(folder: Path, now: datetime, size: str) -> Cost:
    """Do `one_run` in a process of its own."""
    return fresh(Path(__file__), "--run", folder, now.isoformat(), size)


def save_baselines(home: Path, spool: Path, models: Sequence[str]) -> None:
    """Save one baseline, made of the first model's events, for all."""
    with SpoolStore(spool) as store:
        first = baseline_from_store(store, model=models[0], version="1")
    for model in models:
        BaselineFolder(home).save(replace(first, model=model))


def names_of(models: int) -> list[str]:
    """Names of so many models."""
    return [f"model-{n:03}" for n in range(models)]


def prepare(folder: Path, models: int, features: int, events: int = PER_HOUR) -> None:
    """One hour of each model is evaluated."""
    for n, name in enumerate(names_of(models)):
        log(folder / "spool", name, features, BEGIN, HOUR, events, n)
    save_baselines(folder / "baselines", folder / "spool", names_of(models))
    in_a_process(folder, BEGIN + 1.5 * HOUR, "1h")


def further_hour(
    folder: Path, models: int, features: int, events: int = PER_HOUR, hour: int = 1
) -> Cost:
    """Another hour of each model is due; it is the first but one, or a later one."""
    for n, name in enumerate(names_of(models)):
        begin = BEGIN + hour * HOUR
        log(folder / "spool", name, features, begin, HOUR, events, hour * models + n)
    return in_a_process(folder, BEGIN + (hour + 1.5) * HOUR, "1h")


def further(folder: Path, windows: int) -> list[float]:
    """Processor seconds of runs with one new window each, after so many."""
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
        if found.done != EXPECTED:
            raise SystemExit(f"{found.done} windows instead of {EXPECTED}")
        times.append(found.cpu)
    return times


def main() -> None:
    """Measure both and keep the figures."""
    models, features = (*map(int, sys.argv[1:3]), *(200, 100)[len(sys.argv[1:3]) :])
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), models, features)
        found = further_hour(Path(folder), models, features)
    case = f"{models} models, {features} features, an hour of {PER_HOUR:,} events due each"
    rows = [
        row("driftlog", case, ("time", "s"), [found.seconds]),
        row("driftlog", case, ("CPU time", "s"), [found.cpu]),
        row("driftlog", case, ("memory", "MiB"), [found.mib]),
    ]
    runs = {}
    for windows in HISTORIES:
        with tempfile.TemporaryDirectory() as folder:
            runs[windows] = further(Path(folder), windows)
        case = f"a further window after {windows:,}"
        rows.append(row("driftlog", case, ("CPU time", "s"), runs[windows]))
    turns = zip(*runs.values(), strict=True)
    powers = [exponent(dict(zip(runs, turn, strict=True))) for turn in turns]
    measure = ("exponent of CPU time against history", "1")
    rows.append(row("driftlog", "a further window", measure, powers, FLAT))
    keep("fleet", ABOUT, rows, {}, RESULTS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        where, now = Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
        tell(cost_of(lambda: one_run(where, now, sys.argv[4])))
    else:
        main()
