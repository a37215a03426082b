"""Driftlog and the peers on the same windows, a round at a time.

A window of a fault is shown to a peer as its touched columns only, where these are there, since none of the peers lets
another column change its verdict on one (alibi-detect's correction counts all columns, which its worker minds). Clean
windows, on which false alerts count, are whole. Windows of `PLAIN` events of the first round of each data set are shown
both ways, to see whether the verdicts agree.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import duckdb
import numpy as np
import pandas as pd
from benchmarks.detection.data import NAMES
from benchmarks.detection.ours import Driftlog, DriftlogJudge, Raw, decided, exchanged
from benchmarks.detection.peers import SETTINGS, Answer, View, Worker
from benchmarks.detection.rounds import Lot, Round, Task, prepared
from benchmarks.detection.standings import Judged, Said, Standing, Verdict, judged
from benchmarks.detection.subject import Alert

from driftlog_analyzers import WindowProfile

PARALLEL = 2
PLAIN = 500


class Entrant(Protocol):
    """Who judges rounds, for one subject or for several at once.

    Attributes:
        subjects: by their names in the standings.
        spent: seconds so far.
    """

    subjects: tuple[str, ...]
    spent: float

    def judge(self, asked: Round, folder: Path, /) -> dict[str, Judged]:
        """Judge all windows of a round.

        Args:
            asked: the round.
            folder: where `write_round` has put its files.

        Raises:
            EOFError: it is there no longer.
        """

    def stop(self) -> None:
        """Let go of what it holds."""


def race(
    entrants: Sequence[Entrant],
    standings: dict[str, Standing],
    *,
    seed: int,
    rounds: int,
    seconds: float,
    until: float,
    report: Callable[[str, Iterable[str]], None],
) -> None:
    """Judge all rounds that a subject lacks, and add them to its standing.

    Args:
        entrants: who takes part.
        standings: of their subjects.
        seed: of the race.
        rounds: how many.
        seconds: after which an entrant begins no further round.
        until: when no round begins any more, by the monotonic clock.
        report: is told of each round that an entrant has judged, with the subjects whose standing has grown.
    """
    for number in range(rounds):
        if time.monotonic() > until:
            return
        asked = prepared(seed, number)
        waiting = [
            entrant
            for entrant in entrants
            if entrant.spent < seconds
            and not all(standings[name].has(asked) for name in entrant.subjects)
        ]
        with TemporaryDirectory() as folder:
            if any(isinstance(entrant, Theirs) for entrant in waiting):
                write_round(asked, Path(folder))

            def run(entrant: Entrant, asked: Round = asked, folder: str = folder) -> None:
                report(_judge(entrant, asked, Path(folder), standings), entrant.subjects)

            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(run, waiting))


def _judge(entrant: Entrant, asked: Round, folder: Path, standings: dict[str, Standing]) -> str:
    begin = time.monotonic()
    title = f"race: {entrant.subjects[0].partition(',')[0]}, round {asked.number} ({asked.source})"
    try:
        found = entrant.judge(asked, folder)
    except EOFError:
        entrant.spent = float("inf")
        return f"{title}: its process has ended, so that it begins no further round"
    took = time.monotonic() - begin
    entrant.spent += took
    for name, one in found.items():
        standings[name].add(one)
    return f"{title}: {asked.windows} windows of {len(asked.names)} columns in {took:.0f} s"


def plainly(asked: Round, lot: Lot) -> bool:
    """Whether the lot's windows are shown both ways."""
    first = next(one for one in asked.lots if one.size == PLAIN)
    return asked.number < len(NAMES) and lot is first


class Ours:
    """Driftlog: a lot is profiled in one pass, and each window is decided as a whole."""

    def __init__(self) -> None:
        self.subjects = ("driftlog",)
        self.spent = 0.0

    def judge(self, asked: Round, _folder: Path, /) -> dict[str, Judged]:
        """Judge all windows of a round, in memory."""
        judge = Driftlog().fit(asked.reference, asked.roles)
        verdicts = (verdict for lot in asked.lots for verdict in _ours(judge, asked, lot))
        return {"driftlog": judged(asked, verdicts)}

    def stop(self) -> None:
        """Hold nothing."""


def _ours(judge: DriftlogJudge, asked: Round, lot: Lot) -> Iterator[Verdict]:
    number = np.zeros(lot.size, dtype=np.int64)
    clean = judge.profiles(lot.rows[asked.names], number)[0]
    aliases = {alias: name for task in lot.tasks for name, alias in task.changed.items()}
    changed = judge.profiles(lot.rows[list(aliases)], number, aliases)[0] if aliases else clean
    raw = judge.raw(clean)
    for task in lot.tasks:
        said = Said(_decided(judge, clean, changed, raw, task))
        plain = _plainly(judge, asked, lot, task) if plainly(asked, lot) else None
        yield Verdict(lot, task, said, plain)


def _decided(
    judge: DriftlogJudge, clean: WindowProfile, changed: WindowProfile, raw: Raw, task: Task
) -> frozenset[Alert]:
    if not task.touched:
        return decided(raw)
    aliases = {alias: name for name, alias in task.changed.items()}
    profile = exchanged(clean, changed, aliases, task.touched)
    return decided({**raw, **judge.raw(profile, task.touched)})


def _plainly(judge: DriftlogJudge, asked: Round, lot: Lot, task: Task) -> Said:
    begin = time.perf_counter()
    alerts = judge.judge(_window(lot, task.whole(asked.names)))
    return Said(alerts, None, time.perf_counter() - begin)


def _window(lot: Lot, columns: dict[str, str]) -> pd.DataFrame:
    return lot.rows[list(columns.values())].set_axis(list(columns), axis=1)


class Theirs:
    """A peer with its settings."""

    def __init__(self, worker: Worker) -> None:
        self.subjects = tuple(f"{worker.name}, {setting}" for setting in SETTINGS)
        self.spent = 0.0
        self._worker = worker

    def judge(self, asked: Round, folder: Path, /) -> dict[str, Judged]:
        """Judge all windows of a round, a lot at a time."""
        verdicts: dict[str, list[Verdict]] = {name: [] for name in self.subjects}
        for n, lot in enumerate(asked.lots):
            views = [_view(asked, task) for task in lot.tasks]
            if plainly(asked, lot):
                views += [View(task.whole(asked.names), (), plain=True) for task in lot.tasks]
            reference, rows = folder / "reference.parquet", folder / f"{n}.parquet"
            for name, answers in zip(
                self.subjects, self._worker.ask(reference, rows, views), strict=True
            ):
                verdicts[name] += _theirs(lot, answers)
        return {name: judged(asked, found) for name, found in verdicts.items()}

    def stop(self) -> None:
        """End the peer's process."""
        self._worker.stop()


def _view(asked: Round, task: Task) -> View:
    if task.apart:
        return View(dict(task.changed), task.touched, plain=False)
    return View(task.whole(asked.names), tuple(asked.names), plain=False)


def _theirs(lot: Lot, answers: Sequence[Answer]) -> Iterator[Verdict]:
    said = [_said(answer) for answer in answers]
    plain: Sequence[Said | None] = said[len(lot.tasks) :] or [None] * len(lot.tasks)
    for task, one, whole in zip(lot.tasks, said, plain, strict=False):
        yield Verdict(lot, task, one, whole)


def _said(answer: Answer) -> Said:
    return Said(frozenset(map(Alert, answer.alerts)), answer.error, answer.seconds)


def write_round(asked: Round, folder: Path) -> None:
    """Write the reference and the lots as Parquet, with what driftlog itself needs anyway."""
    frames = {"reference": asked.reference} | {str(n): lot.rows for n, lot in enumerate(asked.lots)}
    with duckdb.connect() as connection:
        for name, frame in frames.items():
            connection.from_df(frame).write_parquet(str(folder / f"{name}.parquet"))
