"""Along what the cost of a window may grow, and how one point of each is set up and measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import fleet
from figures import HERE, Cost, fresh
from growth_spools import BEGIN, HOUR, MODEL, Hour, baseline, spool

from driftlog_analyzers import StateFile, Window, parse_size
from driftlog_analyzers._baseline_file import find_baseline

SCRIPT = HERE / "growth_window.py"
CELLS, SMALL_CELLS = 2_000_000, 20_000
EVENTS, SMALL_EVENTS = 1_000_000, 10_000
HISTORY_END = datetime(2026, 6, 1, tzinfo=UTC)
HISTORY_REAL = 50
"""So many windows of a history are evaluated from events that are still there; older ones are copies of these."""
FIVE = timedelta(minutes=5)
FEATURES, PER_WINDOW = 20, 30
MODEL_EVENTS = 100
SETTLED = timedelta(minutes=2)

Prepare = Callable[[int, Path], None]
Measure = Callable[[int, Path, int], Cost]


@dataclass(frozen=True, slots=True)
class Axis:
    """One measure of size.

    Attributes:
        name: of the axis.
        what: is measured.
        sizes: ascending.
        small: sizes to try it out with.
        prepare: makes what a size needs, in a folder.
        measure: gives the cost at a size, in that folder, in a round.
        time: the exponent of time that is not to be exceeded.
        memory: the same of peak memory.
    """

    name: str
    what: str
    sizes: Sequence[int]
    small: Sequence[int]
    prepare: Prepare
    measure: Measure
    time: float
    memory: float = 1.0


def _of_hours(
    hour: Callable[[int], Hour], reference: Hour | None = None, *, memory: float = 1.0, **of: Any
) -> Axis:
    """An axis along spools of one hour, which is one window."""

    def prepare(size: int, folder: Path) -> None:
        del folder
        spool(hour(size))
        baseline(reference or hour(size))

    def measure(size: int, folder: Path, number: int) -> Cost:
        del folder, number
        one = hour(size)
        found = fresh(SCRIPT, spool(one), baseline(reference or one), "", "1h", BEGIN, BEGIN + HOUR)
        if found.done != one.events:
            raise SystemExit(f"{found.done} of {one.events} events were seen")
        return found

    return Axis(**of, prepare=prepare, measure=measure, time=1.0, memory=memory)


def _log_window(folder: Path, begin: datetime, windows: int, seed: int) -> None:
    """Log events of some windows of a history."""
    fleet.log(folder / "spool", MODEL, FEATURES, begin, windows * FIVE, windows * PER_WINDOW, seed)


def _prepare_history(windows: int, folder: Path) -> None:
    """A state file with so many evaluated windows up to `HISTORY_END`."""
    real = min(windows, HISTORY_REAL)
    reference = folder / "reference"
    _log_window(reference, HISTORY_END - HISTORY_REAL * FIVE, HISTORY_REAL, 1)
    fleet.save_baselines(folder / "baselines", reference / "spool", [MODEL])
    _log_window(folder, HISTORY_END - real * FIVE, real, 2)
    first = fleet.in_a_process(folder, HISTORY_END + SETTLED, "5m")
    if first.done != real:
        raise SystemExit(f"{first.done} windows instead of {real}")
    _copy_back(folder / "state.sqlite", windows - real)


def _copy_back(path: Path, count: int) -> None:
    """Store copies of the evaluations and profiles under older and older windows."""
    size = parse_size("5m")
    with StateFile(path) as state, state.transaction():
        kept = list(state.evaluations(MODEL, size))
        first = kept[0].window.start
        for n in range(count):
            old = kept[n % len(kept)]
            found = state.profile(MODEL, size, old.window)
            if found is None:
                raise SystemExit(f"{path} has no profile of {old.window}")
            window = Window(first - (n + 1) * FIVE, first - n * FIVE)
            state.save_evaluation(size, replace(old, window=window))
            state.save_profile(MODEL, size, window, *found)


def _next_window(folder: Path, number: int) -> datetime:
    """Log a further window; give its begin."""
    begin = HISTORY_END + number * FIVE
    _log_window(folder, begin, 1, 100 + number)
    return begin


def _scheduled(windows: int, folder: Path, number: int) -> Cost:
    """A further window as a schedule evaluates it."""
    del windows
    begin = _next_window(folder, number)
    found = fleet.in_a_process(folder, begin + FIVE + SETTLED, "5m")
    if found.done != 1:
        raise SystemExit(f"{found.done} windows instead of 1")
    return found


def _analyzed(windows: int, folder: Path, number: int) -> Cost:
    """A further window as `analyze` evaluates it, where it is asked for that window alone."""
    del windows
    begin = _next_window(folder, number)
    file = find_baseline(folder / "baselines", MODEL)
    where = (folder / "spool", file, folder / "state.sqlite")
    found = fresh(SCRIPT, *where, "5m", begin, begin + FIVE)
    if found.done != PER_WINDOW:
        raise SystemExit(f"{found.done} of {PER_WINDOW} events were seen")
    return found


def _prepare_models(models: int, folder: Path) -> None:
    """One hour of each model is evaluated already."""
    fleet.prepare(folder, models, FEATURES, MODEL_EVENTS)


def _fleet_run(models: int, folder: Path, number: int) -> Cost:
    """Another hour of each model is due."""
    found = fleet.further_hour(folder, models, FEATURES, MODEL_EVENTS, number + 1)
    if found.done != models:
        raise SystemExit(f"{found.done} windows instead of {models}")
    return found


def axes(largest: int, *, small: bool) -> Sequence[Axis]:
    """All that is measured."""
    cells, events = (SMALL_CELLS, SMALL_EVENTS) if small else (CELLS, EVENTS)
    tens = [10**n for n in range(9)]
    history = partial(
        Axis, sizes=tens[:6], small=(1, 60), prepare=_prepare_history, time=0.0, memory=0.0
    )
    return (
        _of_hours(
            Hour,
            Hour(tens[3] if small else tens[4]),
            memory=0.0,
            name="events",
            what="one window of 10 features",
            sizes=[n for n in tens[4:] if n <= largest],
            small=(1_000, 10_000),
        ),
        _of_hours(
            lambda n: Hour(max(1, cells // n), n),
            name="features",
            what=f"one window of {cells:,} cells",
            sizes=(10, 50, 100, 500, 1_000, 5_000),
            small=(10, 100),
        ),
        _of_hours(
            lambda n: Hour(events, 3, n),
            name="categories",
            what=f"one window of {events:,} events",
            sizes=tens[1:7],
            small=(10, 1_000),
        ),
        history("history", "a further window, scheduled", measure=_scheduled),
        history("history, analyze", "a further window, analyze", measure=_analyzed),
        Axis("models", "an hour of each", tens[:4], (1, 3), _prepare_models, _fleet_run, 1.0),
    )
