"""The plots of one alert: values in, SVG out."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from driftlog_analyzers._finding import Change
from driftlog_analyzers._report._evidence import Histogram, Trend
from driftlog_analyzers._report._format import clip, number, percent, ticks
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

_CARD, _PAIR = 540, 34


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
    pieces = [shade, y_axis(frame, top, clip(plot.unit, 46), share=plot.share, rise=22)]
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
            steps.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in _bends(spots)))
            dots += spots if len(spots) == 1 or count <= 60 else []  # noqa: PLR2004  more would touch
    circles = [el("circle", cx=x, cy=y, r=2.4, class_="dot") for x, y in dots]
    return el("path", d="".join(steps), class_="curve") + join(circles)


def _bends(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of a line without those inside a level stretch."""
    return [
        spot
        for i, spot in enumerate(spots)
        if not 0 < i < len(spots) - 1 or not spots[i - 1][1] == spot[1] == spots[i + 1][1]
    ]


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
    frame = Frame(150, 34, _CARD - 150 - 118, _PAIR * len(changes))
    shares = [share for change in changes for share in (change.before, change.after)]
    top = nice_top(shares, share=True)
    pairs = [
        _pair(replace(frame, top=frame.top + i * _PAIR), change, top)
        for i, change in enumerate(changes)
    ]
    axis = line(frame.left, frame.top, frame.left, frame.bottom, "axis")
    unit = text(frame.left, frame.bottom + 14, "share of all values (occurrences)", class_="unit")
    label = "Shares before and after: " + "; ".join(
        f"{clip(c.value, 20)} {percent(c.before)} to {percent(c.after)}" for c in changes
    )
    return figure(_CARD, frame.bottom + 22, label, _legend(after), *pairs, axis, unit)


def _pair(frame: Frame, change: Change, top: float) -> Piece:
    value = change.value or "(empty)"
    pieces = [text(frame.left - 8, frame.top + 17, value, class_="name", anchor="end", length=18)]
    for offset, share, count, class_ in (
        (2, change.before, change.before_count, "before"),
        (15, change.after, change.after_count, "after"),
    ):
        y, width = frame.top + offset, max(frame.width * share / top, 1)
        figures = f"{percent(share)} ({number(count)})"
        pieces += [
            rect(frame.left, y, width, 12, class_),
            text(frame.left + width + 5, y + 10, figures, class_=f"value {class_}-text"),
        ]
    return join(pieces)


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
    """Shares per bin as paired bars of equal width, whatever the bins' own."""
    frame = Frame(58, 50, _CARD - 66, 144)
    count = len(plot.before)
    top = nice_top([*plot.before, *plot.after], share=True)
    axis = y_axis(frame, top, "share of the values per bin", share=True)
    columns = [
        _bin(frame, plot, index, offset, top) for index in range(count) for offset in (False, True)
    ]
    counts = f"{number(plot.before_n)} in the baseline, {number(plot.after_n)} in the window"
    label = f"Share of values per bin, {counts}"
    edges = _edges(frame, plot.edges, count)
    return figure(_CARD, frame.bottom + 40, label, _legend("window"), axis, *columns, edges)


def _bin(frame: Frame, plot: Histogram, index: int, after: bool, top: float) -> Piece:
    share = (plot.after if after else plot.before)[index]
    width = frame.width / len(plot.before)
    x, y = frame.x(index, len(plot.before)) + (0.5 if after else 0.08) * width, frame.y(share, top)
    title = f"{_bin_name(plot.edges, index)}: {percent(share)}"
    class_ = "after" if after else "before"
    return rect(x, y, 0.42 * width, frame.bottom - y, class_, title=title)


def _bin_name(edges: Sequence[float], index: int) -> str:
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
