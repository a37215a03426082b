"""Where a spool's windows begin and end, and how many predictions each holds."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._placing import occupied_sql, placed
from driftlog_analyzers._relation import microseconds, moment
from driftlog_analyzers._spool_source import Rows, placed_groups, predictions_sql
from driftlog_analyzers._window import LONGEST_GAP, CountSize, TimeSize, Window, WindowSize


def spool_windows(
    catalog: Catalog,
    rows: Rows,
    model: str,
    size: WindowSize,
    bounds: tuple[datetime | None, datetime | None],
) -> Sequence[Window]:
    """The windows of one size, oldest first; see `EventStore.windows`.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        size: of the windows.
        bounds: time from which on, and before which; None is no bound.
    """
    extent = catalog.extent(model)
    if extent is None:
        return ()
    if isinstance(size, CountSize):
        return _counted(catalog, rows, model, size.events, bounds)
    start = bounds[0] or extent.first
    end = bounds[1] or moment(microseconds(extent.last) + 1) or extent.last
    if end - start <= LONGEST_GAP * size.duration:
        return tuple(size.windows(start, end))
    moments = _occupied(catalog, rows, model, size, Window(start, end))
    return tuple(size.near(moments, start, end))


def spool_counts(
    catalog: Catalog, rows: Rows, model: str, windows: Sequence[Window]
) -> Sequence[int]:
    """How many predictions each window holds.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose predictions.
        windows: apart from each other, in any order.
    """
    counts = [0] * len(windows)
    for numbers, near, held in placed_groups(catalog, rows, model, windows):
        sql = placed(predictions_sql(model, held), near)
        for position, count in rows(f"SELECT w, count(*) FROM ({sql}) GROUP BY w"):
            counts[numbers[position]] += count
    return counts


def touched_windows(rows: Rows, model: str, size: TimeSize, held: Parts) -> list[Window]:
    """The windows by time that some segments have events of the model in, oldest first.

    Args:
        rows: answers a SELECT.
        model: whose events.
        size: of the windows.
        held: the segments, all of which are read.
    """
    first = moment(min((part.first for _, part in held), default=0))
    last = moment(max((part.last for _, part in held), default=0) + 1)
    if not held or first is None or last is None:
        return []
    sql = occupied_sql(predictions_sql(model, held), size, first, last)
    starts = {size.floor(at) for (ts,) in rows(sql) if (at := moment(ts))}
    return [next(size.windows(start, start + size.duration)) for start in sorted(starts)]


def _occupied(
    catalog: Catalog, rows: Rows, model: str, size: TimeSize, span: Window
) -> Iterator[datetime]:
    """A moment in each window by time that holds events."""
    for _, held in catalog.groups(model, [span]):
        sql = occupied_sql(predictions_sql(model, held), size, span.start, span.end)
        yield from (at for (ts,) in rows(sql) if (at := moment(ts)))


def _counted(
    catalog: Catalog,
    rows: Rows,
    model: str,
    count: int,
    bounds: tuple[datetime | None, datetime | None],
) -> tuple[Window, ...]:
    """The windows of so many events, in the order of time and id; what is left over belongs to none."""
    held = catalog.held(model)
    start, end = bounds
    low = "" if start is None else f" AND ts >= {microseconds(start)}"
    high = "" if end is None else f" AND ts < {microseconds(end)}"
    found = rows(f"""
        SELECT ts, id, n, total FROM (
            SELECT ts, id, row_number() OVER (ORDER BY ts, id) AS n, count(*) OVER () AS total
            FROM ({predictions_sql(model, held)}) WHERE true{low}{high})
        WHERE (n - 1) % {count} = 0 OR n = total ORDER BY n""")
    starts = [(moment(at), key) for at, key, n, _ in found if (n - 1) % count == 0]
    if found and found[-1][3] % count == 0:
        starts.append((moment(found[-1][0] + 1), ""))
    return tuple(Window(a[0], b[0], a[1], b[1]) for a, b in pairwise(starts) if a[0] and b[0])
