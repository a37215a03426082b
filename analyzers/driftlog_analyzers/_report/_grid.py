"""Health by feature and time: one row a feature, one column a window or a few windows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._report._format import clip, number, span

STATES = ("none", "ok", "insufficient", *(str(severity) for severity in Severity))
MAX_COLUMNS = 440
MAX_CELLS = 2400
MAX_ROWS = 100
WHOLE = "(whole window)"

_CALM = {"none", "ok"}
_Marks = Mapping[tuple[str, int], Result]


@dataclass(frozen=True, slots=True)
class Column:
    """Neighbouring windows that share one column of cells."""

    start: datetime
    end: datetime
    windows: int
    events: int

    @property
    def mean_events(self) -> float:
        """Events per window."""
        return self.events / self.windows


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of columns in one state.

    Attributes:
        state: one of `STATES`.
        column: the first column.
        width: how many columns.
        title: what a reader who points at it is told.
    """

    state: str
    column: int
    width: int
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One feature's health over time; `anchor` is the id of its first alert, or empty."""

    feature: str
    worst: str
    bad_windows: int
    anchor: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The heatmap.

    Attributes:
        columns: oldest first.
        rows: worst feature first.
        per_cell: windows per column; above 1, a cell shows the worst of them.
        omitted: features without a row because there are too many.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    per_cell: int
    omitted: int


def state_of(result: Result) -> str:
    """The state that one result puts its cell into."""
    if result.outcome is Outcome.FINDING:
        return str(result.severity)
    return "insufficient" if result.outcome is Outcome.INSUFFICIENT else "ok"


def rank(state: str) -> int:
    """How bad a state is; higher is worse."""
    return STATES.index(state)


def build_grid(
    evaluations: Sequence[Evaluation],
    features: Sequence[str],
    anchors: Mapping[str, tuple[int, str]],
) -> Grid:
    """Lay the results out.

    Args:
        evaluations: one per window, oldest first.
        features: names of all features that get a row.
        anchors: rank and id of the worst open alert of those features that have one.
    """
    marks = _marks(evaluations)
    rows = _order(marks, features, anchors)
    kept = [name for name, _, _ in rows[:MAX_ROWS]]
    per_cell = max(1, math.ceil(len(evaluations) / MAX_COLUMNS))
    while True:
        columns = tuple(_columns(evaluations, per_cell))
        cells = [tuple(_cells(name, marks, evaluations, columns, per_cell)) for name in kept]
        excess = sum(map(len, cells)) / MAX_CELLS
        if excess <= 1 or len(columns) <= 1:
            break
        per_cell = max(per_cell + 1, int(per_cell * excess))
    laid = tuple(
        Row(name, worst, bad, anchors.get(name, (0, ""))[1], row)
        for (name, worst, bad), row in zip(rows[:MAX_ROWS], cells, strict=True)
    )
    return Grid(columns, laid, per_cell, omitted=len(rows) - len(laid))


def _marks(evaluations: Sequence[Evaluation]) -> _Marks:
    worst: dict[tuple[str, int], Result] = {}
    for index, evaluation in enumerate(evaluations):
        for result in evaluation.results:
            key = (result.feature, index)
            if key not in worst or rank(state_of(result)) > rank(state_of(worst[key])):
                worst[key] = result
    return worst


def _order(
    marks: _Marks, features: Sequence[str], anchors: Mapping[str, tuple[int, str]]
) -> list[tuple[str, str, int]]:
    worst, bad = dict.fromkeys(features, "ok"), dict.fromkeys(features, 0)
    for (name, _), result in marks.items():
        state = state_of(result)
        worst[name] = max(worst.get(name, "ok"), state, key=rank)
        bad[name] = bad.get(name, 0) + result.alerts
    rows = [(name, worst[name], bad[name]) for name in worst]
    return sorted(rows, key=lambda r: (-anchors.get(r[0], (0, ""))[0], -rank(r[1]), -r[2], r[0]))


def _columns(evaluations: Sequence[Evaluation], per_cell: int) -> Iterator[Column]:
    for begin in range(0, len(evaluations), per_cell):
        part = evaluations[begin : begin + per_cell]
        yield Column(
            part[0].window.start, part[-1].window.end, len(part), sum(e.events for e in part)
        )


def _cells(
    name: str,
    marks: _Marks,
    evaluations: Sequence[Evaluation],
    columns: Sequence[Column],
    per_cell: int,
) -> Iterator[Cell]:
    worst = [_worst(name, marks, evaluations, per_cell, index) for index in range(len(columns))]
    position = 0
    for key, run in groupby(enumerate(worst), key=lambda item: _run_key(*item)):
        state, width = key[0], len(list(run))
        part = columns[position : position + width]
        yield Cell(state, position, width, _title(name, state, worst[position][1], part))
        position += width


def _run_key(index: int, cell: tuple[str, Result | None]) -> tuple[str, int, str]:
    state, result = cell
    calm = state in _CALM or state == "insufficient"
    return (state, -1, "") if calm else (state, index, result.summary if result else "")


def _worst(
    name: str, marks: _Marks, evaluations: Sequence[Evaluation], per_cell: int, column: int
) -> tuple[str, Result | None]:
    state: str = "none"
    result: Result | None = None
    for index in range(column * per_cell, min((column + 1) * per_cell, len(evaluations))):
        mark = marks.get((name, index))
        calm = "ok" if evaluations[index].events else "none"
        found = state_of(mark) if mark and (evaluations[index].events or mark.alerts) else calm
        if rank(found) > rank(state):
            state, result = found, mark
    return state, result


def _title(name: str, state: str, result: Result | None, part: Sequence[Column]) -> str:
    when = span(part[0].start, part[-1].end)
    windows = sum(column.windows for column in part)
    stretch = f" ({number(windows)} windows)" if windows > 1 else ""
    shown = clip(name or WHOLE, 30)
    if state == "none" or (state == "ok" and result is None):
        return f"{shown}, {when}{stretch}: {'no events' if state == 'none' else 'ok'}"
    words = state.replace("insufficient", "insufficient data")
    about = clip(result.summary, 80) if result else ""
    lead = "" if name and name in about else f"{shown}, "
    return f"{lead}{when}{stretch}: {words}: {about}"
