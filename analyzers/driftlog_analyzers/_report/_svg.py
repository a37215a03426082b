"""The few SVG pieces that every plot is made of; all text is escaped here."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from driftlog_analyzers._report._format import TITLE_LENGTH, clean, clip, number

Piece = Markup
_NICE = (1, 2, 4, 6, 8, 10)
_GRID_LINES = 4
_TICK_LETTER = 6.5  # the width of a letter of a tick's label
_MAX_TITLE = TITLE_LENGTH


def el(name: str, *children: str, **attributes: str | float | None) -> Piece:
    """An element; children other than `Markup` are escaped, ``text_anchor`` is ``text-anchor``."""
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    ]
    inside = "".join(escape(child) for child in children)
    return Markup(f"<{name}{''.join(parts)}>{inside}</{name}>")  # noqa: S704  every part is escaped above


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def join(pieces: Sequence[Piece]) -> Piece:
    """Put pieces side by side."""
    return Markup("").join(pieces)


def figure(
    width: float, height: float, label: str, *pieces: Piece, class_: str = "plot", role: str = "img"
) -> Piece:
    """A whole plot, scaled to its container; `label` is what a screen reader says of it.

    Links inside need the role ``group``: ``img`` hides them.
    """
    return el(
        "svg",
        *pieces,
        class_=class_,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role=role,
        aria_label=clip(label, _MAX_TITLE),
    )


def text(
    x: float,
    y: float,
    content: str,
    *,
    class_: str = "label",
    anchor: str = "start",
    length: int = 60,
) -> Piece:
    """A line of text, cut to `length` characters; the whole of it is its tooltip then."""
    shown = clip(content, length)
    title = (
        [el("title", clip(content, _MAX_TITLE))] if shown != clean(content[: length + 1]) else []
    )
    return el(
        "text",
        shown,
        *title,
        x=x,
        y=y,
        class_=class_,
        text_anchor=None if anchor == "start" else anchor,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Piece:
    """A straight line."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, *, title: str = "") -> Piece:
    """A rectangle, with a tooltip if one is given."""
    children = [el("title", clip(title, _MAX_TITLE))] if title else []
    return el(
        "rect", *children, x=x, y=y, width=max(width, 0), height=max(height, 0), class_=class_
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a plot's data area lies, in the SVG's own units."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def x(self, index: float, count: int) -> float:
        """Left edge of slot `index` of `count`."""
        return self.left + self.width * index / count

    def y(self, value: float, top: float) -> float:
        """Height of a value on an axis from 0 to `top`."""
        return self.bottom - self.height * min(value, top) / top


def nice_top(values: Sequence[float], *, share: bool) -> float:
    """A round upper end for an axis from zero that holds all values."""
    largest = max(values, default=0.0)
    if share and largest > 0.8:  # noqa: PLR2004  near the whole, show the whole
        return 1.0
    power = 10.0**-6 if share else 1.0
    largest = max(largest, 0.001 if share else _GRID_LINES)
    while power * 10 < largest:
        power *= 10
    return next(step * power for step in _NICE if step * power >= largest * 0.9999)


def y_axis(
    frame: Frame, top: float, unit: str, *, share: bool, lines: int = _GRID_LINES, rise: float = 8
) -> Piece:
    """Grid lines with their values, and the unit `rise` above the axis."""
    pieces = [text(frame.left, frame.top - rise, unit, class_="unit")]
    for step in range(lines + 1):
        value = top * step / lines
        y = frame.y(value, top)
        pieces += [
            line(frame.left, y, frame.right, y, "grid" if step else "axis"),
            text(
                frame.left - 6,
                y + 4,
                f"{100 * value:.3g} %" if share else number(value),
                class_="tick",
                anchor="end",
            ),
        ]
    return join(pieces)


def time_axis(
    frame: Frame, marks: Sequence[tuple[int, str]], count: int, name: str = "time (UTC)"
) -> Piece:
    """Marks under the plot at the left edges of their slots; no label is cut or meets another."""
    pieces, free = [], 0.0
    for index, label in marks:
        x, width = frame.x(index, count), _TICK_LETTER * len(label)
        late = x + width > frame.right + 6
        pieces.append(line(x, frame.bottom, x, frame.bottom + 5, "axis"))
        if (x - width if late else x) >= free:
            anchor = "end" if late else "start"
            pieces.append(text(x, frame.bottom + 18, label, class_="tick", anchor=anchor))
            free = (x if late else x + width) + 4
    pieces.append(text(frame.right, frame.bottom + 34, name, class_="unit", anchor="end"))
    return join(pieces)
