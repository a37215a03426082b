"""Driftlog and the peers on the same windows: few columns, few runs, since a peer takes up to seconds for a window."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
from benchmarks.detection.data import NAMES, Feature, Split, data_set, features, split, windows
from benchmarks.detection.faults import Chosen, Fault, every_fault, faulty
from benchmarks.detection.ours import Driftlog
from benchmarks.detection.peers import Answer, Worker
from benchmarks.detection.subject import Alert, elsewhere, found, right_kinds

from driftlog_analyzers import Roles

SIZES = (100, 500, 1_000, 5_000)
REFERENCE = 10_000
CLEAN = 4
PARALLEL = 2
PART = 10
LEVELS = frozenset(
    {
        "vanishes: key absent",
        "vanishes: null",
        "NA rate: × 2",
        "NA rate: × 5",
        "share shift: + 5 points",
        "share shift: + 10 points",
        "share shift: + 20 points",
        "unseen category: 1 %",
        "unseen category: 5 %",
        "unit change: × 100",
        "stuck: last good value",
        "range violation: 1 %",
        "numeric drift: mean + 0.25 sd",
        "swapped columns: like types",
        "casing: categories in upper case",
        "type change: number as string",
        "prediction collapse: one class",
        "prediction collapse: constant score",
        "prediction shift: score × 0.5",
    }
)


@dataclass(frozen=True)
class Task:
    """One window that every subject judges.

    Attributes:
        case: the fault's key, or ``clean``.
        size: events.
        touched: the features that the fault befell.
        kinds: which of driftlog's detectors name it rightly.
        columns: how many columns the window has.
        path: where it is.
    """

    case: str
    size: int
    touched: tuple[str, ...]
    kinds: frozenset[str]
    columns: int
    path: Path


@dataclass
class Score:
    """What a subject has made of its windows of one case and size."""

    runs: int = 0
    detected: int = 0
    false: int = 0
    feature_windows: int = 0
    errors: int = 0


@dataclass
class Standing:
    """One subject in the race.

    Attributes:
        scores: by case and size.
        seconds: it took in all.
        errors: the exceptions it raised, by sentence.
    """

    scores: dict[tuple[str, int], Score] = field(default_factory=dict)
    seconds: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, task: Task, alerts: frozenset[Alert], answer: Answer | None) -> None:
        """Count one window."""
        score = self.scores.setdefault((task.case, task.size), Score())
        score.runs += 1
        score.detected += found(alerts, task.touched, task.kinds)
        score.false += elsewhere(alerts, task.touched)
        score.feature_windows += task.columns - len(task.touched)
        if answer is not None:
            self.seconds += answer.seconds
            score.errors += answer.error is not None
            self.errors.update([answer.error.partition(":")[0]] if answer.error else [])


def race(
    workers: Sequence[Worker],
    *,
    ours: bool,
    seed: int,
    rounds: int,
    seconds: float,
    until: float,
    report: Callable[[str, dict[str, Standing]], None],
) -> dict[str, Standing]:
    """Judge the same windows in the same random order, a round at a time.

    Args:
        workers: the peers.
        ours: whether driftlog takes part.
        seed: of the first round; each round has the next one.
        rounds: how many at most.
        seconds: after which a peer does not begin another part of the round's windows.
        until: when no round begins any more, by the monotonic clock.
        report: is told of each round.
    """
    standings = {worker.name: Standing() for worker in workers}
    if ours:
        standings["driftlog"] = Standing()
    for number in range(rounds):
        if time.monotonic() > until:
            break
        source = split(data_set(NAMES[number % len(NAMES)]), seed + number)
        with TemporaryDirectory() as folder:
            reference, tasks, rows = prepare(source, Path(folder), seed + number)
            if ours:
                _ours(source, rows, tasks, standings["driftlog"])

            def run(worker: Worker, path: Path = reference, tasks: list[Task] = tasks) -> None:
                _theirs(worker, path, tasks, standings[worker.name], seconds)

            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(run, workers))
        report(f"race: round {number} of {source.name}", standings)
    return standings


def _ours(
    source: Split, reference: pd.DataFrame, tasks: Sequence[Task], standing: Standing
) -> None:
    judge = Driftlog().fit(reference, _roles(source, reference))
    for task in tasks:
        begin = time.perf_counter()
        alerts = judge.judge(read(task.path))
        standing.add(task, alerts, Answer(frozenset(), None, time.perf_counter() - begin))


def _theirs(
    worker: Worker, reference: Path, tasks: Sequence[Task], standing: Standing, seconds: float
) -> None:
    begin = time.monotonic()
    for i in range(0, len(tasks), PART):
        if time.monotonic() > begin + seconds:
            return
        part = tasks[i : i + PART]
        for task, answer in zip(part, worker.ask(reference, [t.path for t in part]), strict=True):
            standing.add(task, frozenset(Alert(name) for name in answer.alerts), answer)


def prepare(source: Split, folder: Path, seed: int) -> tuple[Path, list[Task], pd.DataFrame]:
    """Write a reference of a few columns and the windows of all cases, in random order."""
    chance = np.random.default_rng(seed)
    known = [f for f in features(source.reference, source.roles) if f.kind != "text"]
    chosen = sorted(f.name for f in _some(known, chance))
    rows = source.reference[chosen].iloc[:REFERENCE].reset_index(drop=True)
    write(rows, folder / "reference.parquet")
    pool = source.pool[chosen]
    inside = features(rows, source.roles)
    tasks = [*_clean(pool, folder, chance), *_faulty(source.name, pool, inside, folder, chance)]
    return folder / "reference.parquet", [tasks[i] for i in chance.permutation(len(tasks))], rows


def _some(known: Sequence[Feature], chance: np.random.Generator) -> Iterator[Feature]:
    """Three numeric features, two categorical ones, and the outputs."""
    for kinds, number in (({"numeric"}, 3), ({"categorical", "boolean"}, 2)):
        found = [f for f in known if f.kind in kinds and not f.output and f.distinct > 1]
        yield from (found[i] for i in chance.permutation(len(found))[:number])
    yield from (f for f in known if f.output)


def _clean(pool: pd.DataFrame, folder: Path, chance: np.random.Generator) -> Iterator[Task]:
    for size in SIZES:
        for n in range(CLEAN):
            path = folder / f"clean-{size}-{n}.parquet"
            write(windows(pool, size, 1, int(chance.integers(2**31))), path)
            yield Task("clean", size, (), frozenset(), pool.shape[1], path)


def _faulty(
    name: str,
    pool: pd.DataFrame,
    known: Sequence[Feature],
    folder: Path,
    chance: np.random.Generator,
) -> Iterator[Task]:
    for n, fault in enumerate(f for f in every_fault() if f.key in LEVELS and name in f.streams):
        eligible = fault.eligible(known)
        for size in SIZES if eligible else ():
            chosen = eligible[int(chance.integers(len(eligible)))]
            path = folder / f"{n}-{size}.parquet"
            rows = windows(pool, size, 1, int(chance.integers(2**31)))
            write(faulty(rows, fault.inject(rows, chosen, chance)), path)
            yield _task(fault, chosen, size, pool.shape[1], path)


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as Parquet, with what driftlog itself needs anyway."""
    with duckdb.connect() as connection:
        connection.from_df(frame).write_parquet(str(path))


def read(path: Path) -> pd.DataFrame:
    """Read such a file."""
    with duckdb.connect() as connection:
        return connection.read_parquet(str(path)).df()


def _task(fault: Fault, chosen: Chosen, size: int, columns: int, path: Path) -> Task:
    names = tuple(feature.name for feature in chosen)
    return Task(fault.key, size, names, right_kinds(fault.name, fault.level), columns, path)


def _roles(source: Split, rows: pd.DataFrame) -> Roles:
    there = frozenset(map(str, rows.columns))
    return Roles(predictions=source.roles.predictions & there)
