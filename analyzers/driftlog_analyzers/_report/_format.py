"""Numbers, times and foreign text as people read them."""

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from driftlog_analyzers._window import Window

TITLE_LENGTH = 160
_TIMES = "\N{MULTIPLICATION SIGN}"
_JOINERS = "\u200c\u200d"
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FEW_MARKS = 3
_FINEST = timedelta(milliseconds=100)
_SECONDS = (1, 5, 15, 30)
_MINUTES = (1, 5, 15, 30, 60, 180, 360, 720)
_DAYS = (1, 2, 7, 14, 28, 91, 182, 364, 1820)
_STEPS = (
    *(timedelta(seconds=count) for count in _SECONDS),
    *(timedelta(minutes=count) for count in _MINUTES),
    *(timedelta(days=count) for count in _DAYS),
)
_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)


def clean(text: str) -> str:
    r"""Make control characters, direction overrides and lone surrogates visible, as ``\u202e``.

    In a feature's name or value they could otherwise reorder or break the page around it.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char in _JOINERS or unicodedata.category(char) not in _UNPRINTABLE
        else ascii(char)[1:-1]
        for char in text
    )


def clip(text: str, length: int) -> str:
    """`clean` text, cut to at most `length` characters with an ellipsis for the rest."""
    shown = clean(text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def squeeze(text: str, length: int) -> str:
    """`clean` text, cut in its middle: names that belong together often differ at the end only."""
    shown = clean(text if len(text) <= length else text[:length] + text[-length:])
    if len(shown) <= length:
        return shown
    tail = (length - 1) // 2
    return f"{shown[: length - 1 - tail]}…{shown[-tail:]}"


def number(value: float) -> str:
    """``1,234``, ``12.3`` or ``0.00012``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    whole = float(value).is_integer()
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-4:  # noqa: PLR2004  beyond these, digits are noise
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:,.0f}" if whole or abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004  see above


def percent(share: float) -> str:
    """A share of 0 to 1 as ``3.4 %``; one nearly but not quite 0 or 1 never reads as such."""
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < 0.01:  # noqa: PLR2004  what two decimals can show
        return "< 0.01 %"
    if 99.95 <= value < 100:  # noqa: PLR2004  what one decimal can show
        return "> 99.9 %"
    return f"{value:.2f} %" if abs(value) < 1 else f"{value:.1f} %"


def points(before: float, after: float) -> str:
    """The difference of two shares in percentage points, and the factor where it says something."""
    difference = f"{100 * (after - before):+.1f} points"
    if before <= 0 or after <= before:
        return difference
    factor = number(float(f"{after / before:.2g}"))
    return f"{difference}, {_TIMES}{factor}"


def moment(value: datetime) -> str:
    """``2026-11-12 14:00 UTC``, with seconds where there are any."""
    clock = "%H:%M:%S" if value.second else "%H:%M"
    return f"{value.astimezone(UTC):%Y-%m-%d {clock}} UTC"


def span(start: datetime, end: datetime) -> str:
    """``2026-11-12 14:00 to 15:00 UTC``; the second date only where it differs."""
    first, last = moment(start), moment(end)
    if last[:10] == first[:10]:
        last = last[11:]
    elif last[10:] == " 00:00 UTC" and moment(end - timedelta(seconds=1))[:10] == first[:10]:
        last = "24:00 UTC"
    return f"{first[:-4]} to {last}"


def window(value: Window) -> str:
    """A window's span."""
    return span(value.start, value.end)


def probability(p_value: float | None) -> tuple[str, str]:
    """A p-value, and what it means in words."""
    if p_value is None:
        return "none", "a rule decides, not a test"
    shown = "< 1e-12" if p_value < 1e-12 else number(float(f"{p_value:.2g}"))  # noqa: PLR2004  digits below are noise
    if p_value < 1e-9:  # noqa: PLR2004  rarer than anybody can picture
        return shown, "chance is practically excluded"
    odds = number(float(f"{1 / p_value:.2g}"))
    rare = p_value < 0.05  # noqa: PLR2004  the customary limit, for words only
    return shown, f"by chance about once in {odds} tests" if rare else "chance alone could do this"


def ticks(starts: Sequence[datetime], limit: int = 9) -> list[tuple[int, str]]:
    """Index and label of the windows that mark a time axis, at round hours, days or weeks."""
    if not starts:
        return []
    step, marks = _marks(starts, limit)
    marks = marks[:: max(1, math.ceil(len(marks) / limit))]
    years = starts[0].year != starts[-1].year
    return [
        (index, _label(starts[index], step, first=index == marks[0], year=years)) for index in marks
    ]


def _marks(starts: Sequence[datetime], limit: int) -> tuple[timedelta, list[int]]:
    """The first step with few enough marks; one step less where it has too few to read a time."""
    finer = _FINEST, list(range(len(starts)))
    for step in _STEPS:
        marks = _crossings(starts, step)
        if len(marks) <= limit:
            break
        finer = step, marks
    enough = min(len(starts), _FEW_MARKS)
    if starts[0] == starts[-1]:
        return step, [0]
    return (step, marks) if len(marks) >= enough else finer


def _crossings(starts: Sequence[datetime], step: timedelta) -> list[int]:
    slots = [(start - _MONDAY) // step for start in starts]
    on_mark = [0] if (starts[0] - _MONDAY) % step == timedelta() else []
    return on_mark + [i for i in range(1, len(slots)) if slots[i] != slots[i - 1]]


def _label(start: datetime, step: timedelta, *, first: bool, year: bool) -> str:
    start = start.astimezone(UTC)
    day = f"{start.day} {start:%b %Y}" if year else f"{start.day} {start:%b}"
    if step >= timedelta(days=1) or start.time() == time():
        return day
    clock = f"{start:%H:%M:%S}" if step < timedelta(minutes=1) else f"{start:%H:%M}"
    if step < timedelta(seconds=1) and start.microsecond:
        clock += f".{start.microsecond // 100_000}"
    return f"{day}, {clock}" if first else clock
