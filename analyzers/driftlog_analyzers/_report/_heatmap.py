"""Health by feature and time, and the number of events under it, on one time axis."""

from markupsafe import Markup

from driftlog_analyzers._report._format import TITLE_LENGTH, clip, number, span, squeeze, ticks
from driftlog_analyzers._report._grid import WHOLE, Cell, Grid, Row
from driftlog_analyzers._report._svg import (
    Frame,
    Piece,
    el,
    figure,
    nice_top,
    rect,
    text,
    time_axis,
    y_axis,
)

LETTERS = {"critical": "C", "high": "H", "medium": "M", "low": "L", "info": "i"}
_WIDE, _LEFT, _ROW, _CELL = 1120, 200, 20, 17
_LABEL = 90  # what a mark of the time axis needs


def heatmap(grid: Grid) -> Piece:
    """One row a feature, one cell a window, coloured by the worst severity."""
    frame = Frame(_LEFT, 6, _time_width(grid), _ROW * len(grid.rows))
    rows = [_row(row, frame, index, len(grid.columns)) for index, row in enumerate(grid.rows)]
    marks = ticks([column.start for column in grid.columns], _marks(frame))
    axis = time_axis(frame, marks, len(grid.columns), "start of the window (UTC)")
    bad = sum(1 for row in grid.rows if row.bad_windows)
    label = (
        f"Health of {len(grid.rows)} features over {len(grid.columns)} steps; {bad} with findings"
    )
    return figure(_WIDE, frame.bottom + 40, label, *rows, axis, class_="plot wide", role="group")


def _time_width(grid: Grid) -> float:
    return min(_WIDE - _LEFT - 8, max(240, 40 * len(grid.columns)))


def _marks(frame: Frame) -> int:
    return int(frame.width // _LABEL)


def _row(row: Row, frame: Frame, index: int, columns: int) -> Piece:
    y = frame.top + index * _ROW
    title = el("title", clip(row.feature or WHOLE, TITLE_LENGTH))
    name = el(
        "text",
        squeeze(row.feature or WHOLE, 23),
        title,
        x=frame.left - 10,
        y=y + 13,
        class_=f"name n-{row.worst}",
        text_anchor="end",
    )
    if row.anchor:
        name = el("a", name, href=f"#{row.anchor}")
    cells = [_cell(cell, frame, columns) for cell in row.cells]
    return name + el("g", *cells, transform=f"translate(0,{y})")


def _cell(cell: Cell, frame: Frame, columns: int) -> Piece:
    x, end = frame.x(cell.column, columns), frame.x(cell.column + cell.width, columns)
    width = end - x + (-1 if (end - x) / cell.width > 4 else 0.6)  # noqa: PLR2004  a gap only between wide cells
    box = Markup(
        '<rect class="c {}" x="{:.1f}" width="{:.1f}" height="{}"><title>{}</title></rect>'
    ).format(cell.state, x, width, _CELL, cell.title)
    if width < 13 * cell.width or cell.state not in LETTERS:
        return box
    return box + text(x + width / 2, 13, LETTERS[cell.state], class_=f"letter {cell.state}")


def volume(grid: Grid) -> Piece:
    """Events per window as bars, on the heatmap's time axis."""
    frame = Frame(_LEFT, 22, _time_width(grid), 64)
    top = nice_top([column.mean_events for column in grid.columns], share=False)
    count = len(grid.columns)
    bars = [
        rect(
            frame.x(i, count),
            frame.y(column.mean_events, top),
            frame.width / count - (1 if frame.width / count > 4 else 0),  # noqa: PLR2004  as in the heatmap
            frame.bottom - frame.y(column.mean_events, top),
            "events",
            title=f"{span(column.start, column.end)}: {number(column.events)} events",
        )
        for i, column in enumerate(grid.columns)
    ]
    unit = "mean events per window" if grid.per_cell > 1 else "events per window"
    axes = y_axis(frame, top, unit, share=False, lines=2)
    marks = ticks([column.start for column in grid.columns], _marks(frame))
    total = sum(column.events for column in grid.columns)
    label = f"Events per window: {number(total)} in all"
    return figure(
        _WIDE,
        frame.bottom + 40,
        label,
        axes,
        *bars,
        time_axis(frame, marks, count),
        class_="plot wide",
    )
