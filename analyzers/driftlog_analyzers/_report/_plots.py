"""The report's plots: values in, SVG out."""

import math
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

from driftlog_analyzers._finding import Change
from driftlog_analyzers._report._evidence import Histogram, Trend
from driftlog_analyzers._report._format import clip, number, percent, span, ticks
from driftlog_analyzers._report._grid import WHOLE, Cell, Grid, Row
from driftlog_analyzers._report._svg import (
    Frame,
    Piece,
    el,
    figure,
    join,
    line,
    nice_top,
    rect,
    text,
    time_axis,
    y_axis,
)

LETTERS = {"critical": "C", "high": "H", "medium": "M", "low": "L", "info": "i"}
_WIDE, _LEFT, _ROW, _CELL = 1120, 190, 20, 17
_CARD = 540


def heatmap(grid: Grid) -> Piece:
    """One row a feature, one cell a window, coloured by the worst severity."""
    frame = Frame(_LEFT, 6, _time_width(grid), _ROW * len(grid.rows))
    rows = [_row(row, frame, index, len(grid.columns)) for index, row in enumerate(grid.rows)]
    marks = ticks([column.start for column in grid.columns], 12)
    axis = time_axis(frame, marks, len(grid.columns), "start of the window (UTC)")
    bad = sum(1 for row in grid.rows if row.bad_windows)
    label = f"Health of {len(grid.rows)} features over {len(grid.columns)} time steps; {bad} with findings"
    return figure(_WIDE, frame.bottom + 40, label, *rows, axis, class_="plot wide")


def _time_width(grid: Grid) -> float:
    return min(_WIDE - _LEFT - 8, max(240, 40 * len(grid.columns)))


def _row(row: Row, frame: Frame, index: int, columns: int) -> Piece:
    y = frame.top + index * _ROW
    name = text(
        frame.left - 10,
        y + 13,
        row.feature or WHOLE,
        class_=f"name n-{row.worst}",
        anchor="end",
        length=26,
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
    if width < 11 * cell.width or cell.state not in LETTERS:
        return box
    return box + text(
        x + width / 2, 13, LETTERS[cell.state], class_=f"letter {cell.state}", anchor="middle"
    )


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
            f"{span(column.start, column.end)}: {number(column.events)} events",
        )
        for i, column in enumerate(grid.columns)
    ]
    unit = "mean events per window" if grid.per_cell > 1 else "events per window"
    axes = y_axis(frame, top, unit, share=False, lines=2)
    marks = ticks([column.start for column in grid.columns], 12)
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


def trend(plot: Trend) -> Piece:
    """A rate over time, the baseline's level dashed, the alert's time shaded from its onset on."""
    frame = Frame(58, 44, _CARD - 66, 150)
    count = len(plot.values)
    known = [value for value in (*plot.values, plot.before) if value is not None]
    top = nice_top(known, share=plot.share)
    shade = rect(
        frame.x(plot.onset, count),
        frame.top,
        frame.x(plot.until + 1, count) - frame.x(plot.onset, count),
        frame.height,
        "ill",
    )
    pieces = [shade, y_axis(frame, top, plot.unit, share=plot.share, rise=22)]
    pieces += [_curve(frame, plot.values, top), _onset(frame, plot)]
    if plot.before is not None:
        pieces.append(_level(frame, plot, top))
    pieces.append(time_axis(frame, ticks(plot.starts, 7), count))
    peak = max((value for value in plot.values if value is not None), default=0.0)
    label = f"{plot.title}: {plot.unit}, highest {percent(peak) if plot.share else number(peak)}"
    return figure(_CARD, frame.bottom + 40, label, *pieces)


def _curve(frame: Frame, values: Sequence[float | None], top: float) -> Piece:
    count = len(values)
    steps, dots = [], []
    for known, run in groupby(enumerate(values), key=lambda item: item[1] is not None):
        spots = [(frame.x(i + 0.5, count), frame.y(v or 0.0, top)) for i, v in run]
        if known:
            steps.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots))
            dots += spots if len(spots) == 1 or count <= 60 else []  # noqa: PLR2004  more would touch
    circles = [el("circle", cx=x, cy=y, r=2.4, class_="dot") for x, y in dots]
    return el("path", d="".join(steps), class_="curve") + join(circles)


def _onset(frame: Frame, plot: Trend) -> Piece:
    x = frame.x(plot.onset, len(plot.values))
    late = x > frame.left + frame.width / 2
    anchor, shift = ("end", -5) if late else ("start", 5)
    label = text(x + shift, frame.top - 6, "onset", class_="onset-label", anchor=anchor)
    return line(x, frame.top - 14, x, frame.bottom, "onset") + label


def _level(frame: Frame, plot: Trend, top: float) -> Piece:
    before = plot.before or 0.0
    y = frame.y(before, top)
    shown = percent(before) if plot.share else number(before)
    dash = line(frame.right - 118, frame.top - 26, frame.right - 98, frame.top - 26, "level")
    label = text(
        frame.right - 92,
        frame.top - 22,
        f"{'baseline' if plot.share else 'usual'} {shown}",
        class_="level-label",
    )
    return line(frame.left, y, frame.right, y, "level") + dash + label


def bars(changes: Sequence[Change], after: str) -> Piece:
    """Shares of the most moved values as paired bars: the baseline's above, the window's below.

    Args:
        changes: at least one.
        after: what the lower bars stand for, in words.
    """
    row = 34
    frame = Frame(150, 34, _CARD - 150 - 118, row * len(changes))
    top = nice_top(
        [share for change in changes for share in (change.before, change.after)], share=True
    )
    pieces = [_legend(after)]
    for index, change in enumerate(changes):
        y = frame.top + index * row
        pieces.append(
            text(
                frame.left - 8,
                y + 17,
                change.value or "(empty)",
                class_="name",
                anchor="end",
                length=20,
            )
        )
        for offset, share, count, class_ in (
            (2, change.before, change.before_count, "before"),
            (15, change.after, change.after_count, "after"),
        ):
            width = max(frame.width * share / top, 1)
            pieces.append(
                rect(
                    frame.left,
                    y + offset,
                    width,
                    12,
                    class_,
                    f"{clip(change.value, 60)}: {percent(share)}, {number(count)}",
                )
            )
            figures = f"{percent(share)} ({number(count)})"
            pieces.append(
                text(
                    frame.left + width + 5, y + offset + 10, figures, class_=f"value {class_}-text"
                )
            )
    axis = line(frame.left, frame.top, frame.left, frame.bottom, "axis")
    unit = text(frame.left, frame.bottom + 14, "share of all values (occurrences)", class_="unit")
    label = "Shares before and after: " + "; ".join(
        f"{clip(c.value, 20)} {percent(c.before)} to {percent(c.after)}" for c in changes
    )
    return figure(_CARD, frame.bottom + 22, label, *pieces, axis, unit)


def _legend(after: str) -> Piece:
    return join(
        [
            rect(0, 4, 12, 12, "before"),
            text(17, 14, "baseline", class_="legend"),
            rect(86, 4, 12, 12, "after"),
            text(103, 14, after, class_="legend"),
        ]
    )


def histogram(plot: Histogram) -> Piece:
    """Shares per bin as paired bars of equal width, whatever the bins' own width; their edges are written under them."""
    frame = Frame(58, 50, _CARD - 66, 144)
    count = len(plot.before)
    top = nice_top([*plot.before, *plot.after], share=True)
    pieces = [_legend("window"), y_axis(frame, top, "share of the values per bin", share=True)]
    width = frame.width / count
    for index, pair in enumerate(zip(plot.before, plot.after, strict=True)):
        name = _bin(plot.edges, index)
        for offset, share, class_ in ((0.08, pair[0], "before"), (0.5, pair[1], "after")):
            y = frame.y(share, top)
            title = f"{name}: {percent(share)}"
            pieces.append(
                rect(
                    frame.x(index, count) + offset * width,
                    y,
                    0.42 * width,
                    frame.bottom - y,
                    class_,
                    title,
                )
            )
    label = f"Share of values per bin, {number(plot.before_n)} in the baseline and {number(plot.after_n)} in the window"
    return figure(_CARD, frame.bottom + 40, label, *pieces, _edges(frame, plot.edges, count))


def _bin(edges: Sequence[float], index: int) -> str:
    if index == 0:
        return f"up to {number(edges[0])}"
    if index == len(edges):
        return f"over {number(edges[-1])}"
    return f"over {number(edges[index - 1])}, up to {number(edges[index])}"


def _edges(frame: Frame, edges: Sequence[float], count: int) -> Piece:
    widest = max((len(number(edge)) for edge in edges), default=1)
    every = max(1, math.ceil((7 * widest + 8) * count / frame.width))
    pieces = [
        text(
            frame.right,
            frame.bottom + 34,
            "bins between the baseline's edges, of unequal width",
            class_="unit",
            anchor="end",
        )
    ]
    for index, edge in enumerate(edges):
        x = frame.x(index + 1, count)
        pieces.append(line(x, frame.bottom, x, frame.bottom + 4, "axis"))
        if index % every == 0:
            pieces.append(text(x, frame.bottom + 17, number(edge), class_="tick", anchor="middle"))
    return join(pieces)
