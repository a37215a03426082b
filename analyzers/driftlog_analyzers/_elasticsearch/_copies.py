"""Second copies of one event, which a resend after a rollover leaves in the stream.

An ``_id`` is unique in its backing index only. Of the copies of one event all but the first carry the tag ``resent``;
so only these few are looked up, by ``_id``. Two events that were given one ``event.id`` have two, and both count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftlog_analyzers._elasticsearch._queries import (
    BY_ID,
    BY_TIME,
    RESENT,
    Query,
    every,
    moment,
    within,
    without,
)
from driftlog_analyzers._elasticsearch._search import Part, View
from driftlog_analyzers._window import Window

_CHUNK = 5_000
_INDICES = 1_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A second copy: where it stands, and when the event was.

    Attributes:
        index: its backing index.
        id: its ``_id``.
        at: time of the event, nanoseconds since 1970.
    """

    index: str
    id: str
    at: int


def second_copies(view: View, query: Query) -> tuple[Copy, ...]:
    """The copies among the matching events that must not be counted again.

    Raises:
        StoreError: the store could not answer completely.
    """
    resent = every([query, RESENT])
    indices = {"terms": {"field": "_index", "size": _INDICES}}
    asked = [Part({"resent": {"filter": RESENT}, "indices": indices}, _INDICES)]
    _, found = view.aggregate(query, asked)
    if not found["resent"]["doc_count"] or len(found["indices"]["buckets"]) == 1:
        return ()
    copies: set[Copy] = set()
    for page in view.pages(resent, [BY_TIME, BY_ID]):
        for ids in _chunks(page):
            same = every([query, {"ids": {"values": ids}}])
            hits = [hit for found in view.pages(same, [BY_TIME, BY_ID]) for hit in found]
            copies |= _beyond_first(hits)
    return tuple(sorted(copies, key=lambda copy: (copy.at, copy.id, copy.index)))


def counted_once(query: Query, copies: Sequence[Copy], window: Window | None = None) -> Query:
    """The matching events of a window, without its second copies.

    Args:
        query: the events.
        copies: second copies among them.
        window: None for all events.
    """
    matching = query if window is None else every([query, within(window)])
    here: dict[str, list[str]] = {}
    for copy in copies:
        if window is None or window.start <= moment(copy.at) <= window.end:
            here.setdefault(copy.index, []).append(copy.id)
    if not here:
        return matching
    return {"bool": {"filter": [matching], "must_not": without(here)}}


def _chunks(page: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    ids = sorted({hit["_id"] for hit in page})
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _beyond_first(hits: Sequence[Mapping[str, Any]]) -> set[Copy]:
    """All copies but the one in the oldest backing index, as their names are in order."""
    held: dict[str, list[Copy]] = {}
    for hit in hits:
        held.setdefault(hit["_id"], []).append(Copy(hit["_index"], hit["_id"], hit["sort"][0]))
    return {copy for same in held.values() for copy in sorted(same, key=lambda c: c.index)[1:]}
