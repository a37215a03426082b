"""What one run does for one model and one size of windows: find what is due, and bring it up to date."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from driftlog_analyzers._analysis import changed_windows, evaluate_windows
from driftlog_analyzers._aside import damages
from driftlog_analyzers._calibration import Mode
from driftlog_analyzers._comparable import comparable_windows
from driftlog_analyzers._earlier import REACH
from driftlog_analyzers._finding import Evaluation, Result
from driftlog_analyzers._late_labels import held_against_labels
from driftlog_analyzers._nested import counts
from driftlog_analyzers._run import Run
from driftlog_analyzers._schedule._beat import MONITOR, missed
from driftlog_analyzers._schedule._due import (
    Due,
    beyond_reach,
    closed,
    grown,
    in_order,
    is_long,
)
from driftlog_analyzers._window import CountSize, TimeSize, Window

CHUNK = 100
"""Windows that are saved together; between two chunks a run can be ended."""

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """One size of windows of one model.

    Attributes:
        run: what the analysis works with; its time is now.
        horizon: up to when all events are there.
        looked: when the model was looked at before; None, never.
        every: how far apart looks should be.
        touched: older windows that may have changed.
        labels: windows from then on are asked for labels again; None, none are.
        own: what is said of the analyzers in the latest window.
    """

    run: Run
    horizon: datetime
    looked: datetime | None
    every: timedelta
    touched: Sequence[Window] = ()
    labels: datetime | None = None
    own: Sequence[Result] = ()


@dataclass(slots=True)
class Done:
    """What was done.

    Attributes:
        windows: that were evaluated.
        revised: those of them that had been before.
        missed: windows whose events were gone.
        left: windows that are due still.
        oldest: end of the oldest of them.
        errors: detectors that raised.
        frontier: end of the latest window that was ever evaluated.
        latest: the latest evaluation that was made.
        waits: whether windows were missed of which the next closed window is to tell.
    """

    windows: int = 0
    revised: int = 0
    missed: int = 0
    left: int = 0
    oldest: datetime | None = None
    errors: int = 0
    frontier: datetime | None = None
    latest: Evaluation | None = field(default=None, repr=False)
    waits: bool = False


def work(job: Job, stop: Stop) -> Done:
    """Evaluate what is due, oldest first, until told to stop.

    Raises:
        StoreError: the store could not answer completely; what was saved before stays.
    """
    if isinstance(job.run.size, CountSize):
        return _work_by_count(job)
    due = _due(job, job.run.size)
    done = Done(missed=len(due.missed), waits=due.waits)
    latest = max(due.windows, default=None)
    head = due.head
    left = list(due.windows)
    while left and not stop():
        chunk, left = left[:CHUNK], left[CHUNK:]
        own: dict[Window, list[Result]] = {}
        if due.missed and (first := next((w for w in chunk if w > due.missed[-1]), None)):
            own.setdefault(first, []).extend(filter(None, [missed(due.missed)]))
        if latest == chunk[-1] and (due.head is None or latest > due.head):
            own.setdefault(latest, []).extend(job.own)
        made = _evaluate(job, job.run.size, chunk, due.counts or {}, head=head, own=own)
        head = max(chunk[-1], head or chunk[-1])
        _account(done, made)
    done.left = len(left)
    done.oldest = left[0].end if left else None
    done.frontier = head.end if head else None
    return done


def _account(done: Done, made: Sequence[Evaluation]) -> None:
    done.windows += len(made)
    done.revised += sum(evaluation.revision > 1 for evaluation in made)
    done.errors += sum(
        result.detector == MONITOR and "." not in result.feature
        for evaluation in made
        for result in evaluation.findings
    )
    done.latest = max([*made, *filter(None, [done.latest])], key=lambda e: e.window, default=None)


def _due(job: Job, size: TimeSize) -> Due:
    """What is due of windows by time."""
    run = job.run
    model, state = run.baseline.model, run.state
    latest = state.latest(model, size)
    head = latest[0].window if latest else None
    span = run.store.span(model, run.now)
    if span is None and head is None:
        return Due()
    gone: tuple[Window, ...] = ()
    start = head.end if head else size.floor(span[0]) if span else run.now
    if head and span:
        gone = beyond_reach(size, head.end, span[0], job.looked, every=job.every, now=run.now)
        start = gone[-1].end if gone else start
    fresh = _fresh(run, size, start, job.horizon)
    # Up to the head and not to the horizon, which a growing lag sets back: their events are not touched again.
    older = [window for window in job.touched if window.end <= start]
    known = state.counted(model, size, older)
    held = dict(zip(older, counts(run, older), strict=True))
    again = in_order(grown(held, known), state.unsettled(model, size), _relabelled(job, size))
    fresh_counts = dict(zip(fresh, counts(run, fresh), strict=True)) if fresh else {}
    rest = [window for window in again if window not in held]
    held |= dict(zip(rest, counts(run, rest), strict=True)) if rest else {}
    missed_now, waits = (gone, False) if fresh else ((), bool(gone))
    return Due(in_order(again, fresh), missed_now, head, held | fresh_counts, waits)


def _fresh(run: Run, size: TimeSize, start: datetime, horizon: datetime) -> tuple[Window, ...]:
    if not is_long(size, start, horizon):
        return closed(size, start, horizon)
    found = run.store.windows(run.baseline.model, size, start, size.floor(horizon))
    return tuple(window for window in found if window.start >= start and window.end <= horizon)


def _relabelled(job: Job, size: TimeSize) -> list[Window]:
    """Windows that have got labels since they were evaluated."""
    run = job.run
    if job.labels is None or run.baseline.quality is None:
        return []
    before = run.state.evaluations(run.baseline.model, size, job.labels)
    known = {e.window: e.labelled for e in before}
    found = held_against_labels(run.store, run.baseline, run.settings, sorted(known))
    return [window for window, quality in found.items() if quality.labelled != known[window]]


def _evaluate(
    job: Job,
    size: TimeSize,
    windows: Sequence[Window],
    held: Mapping[Window, int],
    *,
    head: Window | None,
    own: Mapping[Window, Sequence[Result]],
) -> list[Evaluation]:
    run = job.run
    labels = held_against_labels(run.store, run.baseline, run.settings, windows)
    wanted = {other for window in windows for other in comparable_windows(size, window)}
    history = {**run.state.counted(run.baseline.model, size, wanted), **held}
    known = {evaluation.window: evaluation for evaluation in _known(run, size, windows)}
    damage = damages(run.store, run.baseline.model, windows, run.settings)
    return evaluate_windows(
        run, windows, known, history, labels=labels, damage=damage, head=head, own=own
    )


def _known(run: Run, size: TimeSize, windows: Sequence[Window]) -> Iterator[Evaluation]:
    """Earlier evaluations of the windows, and of those before that they are compared with."""
    trailing = run.calibration is not None and run.calibration.mode is Mode.TRAILING
    model = run.baseline.model
    for first, last in _stretches(size, windows):
        if trailing:
            yield from run.state.latest(model, size, first.start, REACH)
        yield from run.state.evaluations(model, size, first.start, last.end)


def _stretches(size: TimeSize, windows: Sequence[Window]) -> Iterator[tuple[Window, Window]]:
    """First and last of the windows that follow each other without a gap."""
    first = last = windows[0]
    for window in windows[1:]:
        if window.start - last.end > size.duration:
            yield first, last
            first = window
        last = window
    yield first, last


def _work_by_count(job: Job) -> Done:
    """Windows by count follow each other, so all from the first change on may be others than before."""
    run = job.run
    before = [e for e, _ in zip(_restarts(job), range(1), strict=False)]
    start = before[0].window.start if before else None
    made = changed_windows(run, start, job.horizon)
    done = Done()
    _account(done, made)
    return done


def _restarts(job: Job) -> Iterator[Evaluation]:
    """Evaluations whose window begins at a moment of its own, so that the windows can be cut again from there."""
    run = job.run
    first = min((window.start for window in job.touched), default=None)
    for evaluation in reversed(run.state.latest(run.baseline.model, run.size, first, 8)):
        at = evaluation.window
        tied = Window(at.start, at.start, "", at.start_id)
        if at.start_id == "" or not run.store.counts(run.baseline.model, [tied])[0]:
            yield evaluation
