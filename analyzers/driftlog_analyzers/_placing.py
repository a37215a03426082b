"""Which window each event falls into, as SQL over ``ts`` (microseconds since 1970) and ``id``."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._relation import literal, microseconds
from driftlog_analyzers._window import TimeSize, Window

_INNER = datetime(2000, 1, 1, tzinfo=UTC)  # whose window of a year at most is on the calendar


def needs_table(windows: Sequence[Window]) -> bool:
    """Whether no arithmetic gives an event's window, so that `placed` reads it from a table."""
    return len(windows) > 1 and not _width(windows)


def table_sql(source: str, windows: Sequence[Window]) -> str:
    """The statement that makes the table ``placed``: window, time and id of events in a window."""
    bounds = ", ".join(
        f"({n}, {microseconds(w.start)}, {literal(w.start_id)}, "
        f"{microseconds(w.end)}, {literal(w.end_id)})"
        for n, w in enumerate(windows)
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE placed AS
        SELECT DISTINCT b.w, e.ts, e.id FROM ({source}) e
        ASOF JOIN (VALUES {bounds}) b(w, low, low_id, high, high_id)
            ON row(e.ts, e.id) >= row(b.low, b.low_id)
        WHERE row(e.ts, e.id) < row(b.high, b.high_id)"""


def placed(source: str, windows: Sequence[Window]) -> str:
    """The rows of a source that lie in one of the windows, with its number as ``w``.

    Args:
        source: a SELECT.
        windows: apart from each other, in any order.
    """
    if len(windows) == 1:
        return f"SELECT 0 AS w, * FROM ({source}) e WHERE {_within(windows[0])}"
    width = _width(windows)
    if not width:
        return f"SELECT p.w, e.* FROM ({source}) e JOIN placed p ON e.id = p.id AND e.ts = p.ts"
    low, high = (microseconds(side(w.start for w in windows)) for side in (min, max))
    slots = [(microseconds(window.start) - low) // width for window in windows]
    slot = f"(ts - {low}) // {width}"
    spans = f"ts >= {low} AND ts < {high + width}"
    if slots == list(range(len(windows))):
        return f"SELECT {slot} AS w, * FROM ({source}) e WHERE {spans}"
    listed = f"[{', '.join(map(str, slots))}]"
    return f"""
        SELECT list_position({listed}, {slot}) - 1 AS w, * FROM ({source}) e
        WHERE {spans} AND list_contains({listed}, {slot})"""


def occupied_sql(source: str, size: TimeSize, start: datetime, end: datetime) -> str:
    """The statement that gives one ``ts`` of each window that has events between start and end.

    The remainder is taken twice because that of a time before the origin is negative.
    """
    width = size.duration // timedelta(microseconds=1)
    since = f"(ts - {microseconds(size.floor(_INNER))})"
    return f"""
        SELECT min(ts) FROM ({source}) e
        WHERE ts >= {microseconds(start)} AND ts < {microseconds(end)}
        GROUP BY ts - ({since} % {width} + {width}) % {width}"""


def _width(windows: Sequence[Window]) -> int:
    """The width in microseconds of windows by time that lie on one grid, else 0."""
    low = microseconds(windows[0].start)
    width = microseconds(windows[0].end) - low
    regular = width > 0 and all(
        not w.start_id
        and not w.end_id
        and microseconds(w.end) - microseconds(w.start) == width
        and (microseconds(w.start) - low) % width == 0
        for w in windows
    )
    return width if regular else 0


def _within(window: Window) -> str:
    low, high = microseconds(window.start), microseconds(window.end)
    after = f"(ts > {low} OR (ts = {low} AND id >= {literal(window.start_id)}))"
    before = f"(ts < {high} OR (ts = {high} AND id < {literal(window.end_id)}))"
    return f"{after} AND {before}"
