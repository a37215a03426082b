"""Where a spool's windows begin and end, where no arithmetic says so."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from driftlog_analyzers._catalog import Catalog
from driftlog_analyzers._placing import occupied_sql
from driftlog_analyzers._relation import microseconds, moment
from driftlog_analyzers._spool_source import predictions_sql
from driftlog_analyzers._window import TimeSize, Window

Rows = Callable[[str], list[tuple[Any, ...]]]


def occupied_moments(
    catalog: Catalog, rows: Rows, model: str, size: TimeSize, span: Window
) -> Iterator[datetime]:
    """A moment in each window by time that holds events.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        size: of the windows.
        span: from where to where.
    """
    for _, held in catalog.groups(model, [span]):
        sql = occupied_sql(predictions_sql(model, held), size, span.start, span.end)
        yield from (at for (ts,) in rows(sql) if (at := moment(ts)))


def counted_windows(
    catalog: Catalog,
    rows: Rows,
    model: str,
    count: int,
    bounds: tuple[datetime | None, datetime | None],
) -> tuple[Window, ...]:
    """The windows of so many events, in the order of time and id; what is left over belongs to none.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        count: events in a window.
        bounds: time from which on, and before which; None is no bound.
    """
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
