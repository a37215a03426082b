"""From a stream of rows with faults to what was found of them: the whole main job in one folder."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from driftlog import PredictionLogger
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._baseline_file import BaselineFolder
from driftlog_analyzers._demo._faults import Fault, inject
from driftlog_analyzers._demo._score import Onsets, Score, score
from driftlog_analyzers._reference import baseline_from_file
from driftlog_analyzers._replay import Progress, Row, replay
from driftlog_analyzers._report import ReportData, render_report
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state import State
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._table import Roles
from driftlog_analyzers._window import WindowSize
from driftlog_analyzers.errors import InputError, StoreError

Bar = Callable[[str], AbstractContextManager[Progress]]
_MARK = ".driftlog-demo"
_OWN = ("spool", "training.parquet", "report.html")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a demo plays.

    Attributes:
        model: the model's name.
        version: its version.
        training: a Parquet file from before any fault.
        roles: what the training file's columns mean.
        rows: the service's good events, in order of time.
        total: how many there will be, about.
        faults: what goes wrong.
        size: of the windows.
        seed: decides which events the faults strike.
    """

    model: str
    version: str
    training: Path
    roles: Roles
    rows: Iterator[Row]
    total: int
    faults: tuple[Fault, ...]
    size: WindowSize
    seed: int


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it.

    Attributes:
        model: the model's name.
        reference: events in the baseline.
        events: events logged.
        windows: windows analysed.
        size: of the windows.
        budget: tolerated false alerts per 1,000 feature-windows.
        score: what was found of the faults.
        spool: the spool's folder.
        report: the report's file.
    """

    model: str
    reference: int
    events: int
    windows: int
    size: WindowSize
    budget: float
    score: Score
    spool: Path
    report: Path


def prepare(folder: Path) -> None:
    """Make the demo's folder, or clear the one that an earlier demo made.

    Raises:
        InputError: there is something else, or the folder cannot be made.
    """
    mark = folder / _MARK
    try:
        if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} exists and is no demo's folder; name another with --output")
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("Made by driftlog demo, which may replace what is in here.\n")
        shutil.rmtree(folder / _OWN[0], ignore_errors=True)
        for name in _OWN[1:]:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used for the demo: {error.strerror}") from error


def play(scene: Scene, folder: Path, bar: Bar) -> Played:
    """Log the scene, build the baseline, analyze, and write the report.

    Args:
        scene: what happens.
        folder: a prepared folder.
        bar: makes a progress bar from a few words.

    Raises:
        StoreError: not every event could be written or read.
    """
    spool = folder / "spool"
    onsets = Onsets(scene.faults)
    events = _log(scene, onsets, spool, bar)
    with bar("building the baseline"):
        baseline = baseline_from_file(
            scene.training, model=scene.model, version=scene.version, roles=scene.roles
        )
    home = spool / "analysis"
    BaselineFolder(home / "baselines").save(baseline)
    with SpoolStore(spool) as store, StateFile(home / "state.sqlite") as state:
        return analyzed(folder, store, state, baseline, Told(onsets, events, scene.size), bar)


@dataclass(frozen=True, slots=True)
class Told:
    """What was logged, and how it is to be cut.

    Attributes:
        onsets: of the faults in it.
        events: how many there are.
        size: of the windows.
    """

    onsets: Onsets
    events: int
    size: WindowSize


def analyzed(  # noqa: PLR0917 - where, by what, of what
    folder: Path, store: EventStore, state: State, baseline: Baseline, told: Told, bar: Bar
) -> Played:
    """Analyze what was logged, and write the report.

    Raises:
        StoreError: the events could not be read.
    """
    model, size = baseline.model, told.size
    with bar(f"analyzing windows of {size}") as advance:
        evaluations = analyze(store, baseline, state, size, progress=advance)
    episodes = state.episodes(model, size=size)
    data = ReportData(
        model=model,
        baseline=baseline,
        size=size,
        generated=datetime.now(UTC),
        evaluations=evaluations,
        profiles=[(window, found) for window, _, found in state.profiles(model, size)],
        episodes=episodes,
    )
    report = folder / "report.html"
    report.write_text(render_report(data), encoding="utf-8")
    return Played(
        model=model,
        reference=baseline.profile.events,
        events=told.events,
        windows=len(evaluations),
        size=size,
        budget=Settings().budget,
        score=score(told.onsets, evaluations, episodes, len(baseline.constraints)),
        spool=folder / "spool",
        report=report,
    )


def _log(scene: Scene, onsets: Onsets, spool: Path, bar: Bar) -> int:
    rows = inject(onsets.watch(scene.rows), scene.faults, scene.seed)
    with (
        PredictionLogger(
            model=scene.model,
            version=scene.version,
            spool=spool,
            text=scene.roles.text,
            categorical=scene.roles.categorical,
        ) as logger,
        bar("logging") as advance,
    ):
        replayed = replay(rows, logger, scene.total, advance)
    if replayed.accepted != replayed.rows:
        why = ", ".join(sorted(replayed.dropped))
        lost = replayed.rows - replayed.accepted
        raise StoreError(
            f"{lost:,} of {replayed.rows:,} events were not written to {spool} ({why})"
        )
    return replayed.accepted
