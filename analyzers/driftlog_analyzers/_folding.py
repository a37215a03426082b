"""Alerts carried on at a cost that follows the windows that changed and not the history.

A revised window changes what came after it. From time to time the episodes that are not over are kept as they were
before a window; the alerts are folded anew from the latest such point that no change lies before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from driftlog_analyzers._episode import Episode, advance
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._run import Run
from driftlog_analyzers._window import CountSize, Window, WindowSize

EVERY = 32
"""Windows between two points."""
_BASE = 8


@dataclass(frozen=True, slots=True)
class Point:
    """The episodes that were not over before a window.

    Attributes:
        number: of the point, counted from the first one.
        before: the window.
        episodes: that were not over, in their order.
    """

    number: int
    before: Window
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one model and window size, oldest first.

    Attributes:
        points: that were kept.
        since: windows that were folded since the last of them.
    """

    points: tuple[Point, ...] = ()
    since: int = 0

    def until(self, window: Window) -> "Points":
        """Those that nothing from this window on has changed."""
        return Points(tuple(point for point in self.points if point.before <= window))

    def passing(self, before: Window, episodes: Sequence[Episode]) -> "Points":
        """With a point before the next window, if it is time for one."""
        if self.points and self.since < EVERY:
            return Points(self.points, self.since + 1)
        number = self.points[-1].number + 1 if self.points else 0
        still = tuple(episode for episode in episodes if not episode.over)
        return Points(thinned((*self.points, Point(number, before, still))), 1)


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points worth keeping: of older ones fewer, so that their number follows the history's logarithm."""
    latest = points[-1].number
    return tuple(p for p in points if _kept(p.number, latest - p.number))


def _kept(number: int, age: int) -> bool:
    step = 1
    while step * _BASE <= age:
        step *= _BASE
    return number % step == 0


def carry_on(run: Run, made: Sequence[Evaluation], head: Window | None) -> None:
    """Carry the alerts on by evaluations that were saved just now; within a transaction.

    Args:
        run: what the run works with.
        made: the evaluations, in the order of their windows.
        head: the latest window that was evaluated before them.
    """
    if not made:
        return
    first = made[0].window
    points = _read(run)
    if head is None or first > head:
        current = run.state.episodes(run.baseline.model, size=run.size, over=False)
        _advance(run, points, current, made, since=first.start)
    elif (known := points.until(first)).points and not isinstance(run.size, CountSize):
        _from_point(run, known)
    else:
        fold_anew(run)


def fold_anew(run: Run) -> None:
    """Fold the alerts anew from the first window on."""
    model, state = run.baseline.model, run.state
    state.forget_episodes(model, run.size)
    _advance(run, Points(), (), state.evaluations(model, run.size))


def _from_point(run: Run, known: Points) -> None:
    model, state, point = run.baseline.model, run.state, known.points[-1]
    rest = state.evaluations(model, run.size, point.before.start)
    later = [evaluation for evaluation in rest if evaluation.window >= point.before]
    state.forget_episodes(model, run.size, point.before.start)
    _advance(run, Points(known.points[:-1]), point.episodes, later, point, since=point.before.start)


def _advance(
    run: Run,
    points: Points,
    current: Sequence[Episode],
    evaluations: Iterable[Evaluation],
    start: Point | None = None,
    *,
    since: datetime | None = None,
) -> None:
    beside = run.state.episodes(run.baseline.model, since=since)
    found = {episode.id: episode for episode in current}
    if start is not None:
        points = Points((*points.points, start))
    for evaluation in evaluations:
        points = points.passing(evaluation.window, current)
        current = advance(current, evaluation, run.episodes, beside)
        found |= {episode.id: episode for episode in current}
    run.state.save_episodes(run.size, found.values())
    run.state.save_note(_name(run.baseline.model, run.size), to_json(points))


def _read(run: Run) -> Points:
    """The points; none where they cannot be read, which costs time and nothing else."""
    body = run.state.note(_name(run.baseline.model, run.size))
    try:
        return Points() if body is None else from_json(Points, body)
    except ValueError:
        return Points()


def _name(model: str, size: WindowSize) -> str:
    return f"episodes of {model} by {size}"
