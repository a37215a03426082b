"""Where windows begin and end: found by counting, without a list of events.

For windows by count, a histogram over time says which stretch holds the n-th event; one search sorts that stretch and
skips to it.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from driftlog_analyzers._elasticsearch._queries import BY_ID, BY_TIME, Query, between, every, moment
from driftlog_analyzers._elasticsearch._search import PAGE, Part, Table, View
from driftlog_analyzers._window import TimeSize, Window

_STRETCHES = 20_000
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = moment(0)


def counted_windows(
    view: View, query: Query, count: int, first: datetime, last: datetime
) -> tuple[Window, ...]:
    """The windows of so many events, in the order of time and id; what is left over belongs to none.

    Args:
        view: where the events are.
        query: the events.
        count: events in a window.
        first: time of the first event, UTC.
        last: time of the last.

    Raises:
        StoreError: the store could not answer completely.
    """
    step = max(1, -(-((last - first) // _MILLISECOND) // _STRETCHES))
    interval = {"field": "@timestamp", "fixed_interval": f"{step}ms", "min_doc_count": 1}
    asked = [Part({"stretches": {"date_histogram": interval}}, _STRETCHES)]
    total, found = view.aggregate(query, asked)
    stretches = found["stretches"]["buckets"]
    ends = list(accumulate(bucket["doc_count"] for bucket in stretches))
    starts = []
    for place in range(0, total, count):
        n = bisect_right(ends, place)
        begin = _EPOCH + stretches[n]["key"] * _MILLISECOND
        inside = every([query, between(begin, begin + step * _MILLISECOND)])
        starts.append(_nth(view, inside, place - (ends[n - 1] if n else 0)))
    if total and total % count == 0:
        starts.append((last + timedelta(microseconds=1), ""))
    return tuple(Window(a[0], b[0], a[1], b[1]) for a, b in pairwise(starts))


def occupied_windows(
    view: View, query: Query, size: TimeSize, start: datetime, end: datetime
) -> tuple[Window, ...]:
    """The windows by time that hold events, and the gaps between them unless those are very long.

    Args:
        view: where the events are.
        query: the events.
        size: of the windows.
        start: time from which on, UTC.
        end: time before which.

    Raises:
        StoreError: the store could not answer completely.
    """
    offset = (size.floor(_EPOCH) - _EPOCH) // _MILLISECOND
    width = size.duration // _MILLISECOND
    interval = {"fixed_interval": f"{width}ms", "offset": offset % width}
    table = {"stretches": Table("@timestamp", stretches=interval)}
    found = view.tables(every([query, between(start, end)]), table)["stretches"]
    begins = (_EPOCH + bucket["key"]["value"] * _MILLISECOND for bucket in found)
    return tuple(size.near((max(begin, start) for begin in begins), start, end))


def _nth(view: View, query: Query, place: int) -> tuple[datetime, str]:
    """Time and id of an event by its place in the order, from 0 on."""
    order = [BY_TIME, BY_ID]
    after: list[Any] | None = None
    while place >= PAGE:
        after = view.hits(query, order, size=PAGE, after=after)[-1]["sort"]
        place -= PAGE
    if after is None:
        found = view.hits(query, order, skip=place)[-1]
    else:
        found = view.hits(query, order, size=place + 1, after=after)[-1]
    return moment(found["sort"][0]), found["sort"][1]
