"""Feedback loops in a stream: its predictions read in the order of entity and time; memory holds a page.

Elasticsearch has no join with the event before, so the three values of every prediction in question are read.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from driftlog_analyzers._elasticsearch._queries import BY_ID, BY_TIME, Query, every, moment
from driftlog_analyzers._elasticsearch._search import View
from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._window import Window

_SECTIONS = ("cat", "num")

_Value = tuple[str, Any] | None
_Hit = Mapping[str, Any]


def feedback(
    view: View, events: Query, spec: FeedbackSpec, windows: Sequence[Window], fields: frozenset[str]
) -> list[Followed]:
    """How much of each window's traffic follows the model.

    Args:
        view: the stream.
        events: the predictions from the earliest output that counts to the end of the last window.
        spec: what follows what.
        windows: apart from each other, in any order.
        fields: those that the stream has.

    Raises:
        StoreError: the store could not answer completely.
    """
    counts = [[0, 0] for _ in windows]
    order = sorted(range(len(windows)), key=windows.__getitem__)
    starts = [(windows[n].start, windows[n].start_id) for n in order]
    for entity in (f"driftlog.{section}.{spec.entity}" for section in _SECTIONS):
        if entity not in fields:
            continue
        for hits in _entities(view, events, entity, spec):
            for at, name, follows in _walk(hits, spec):
                place = bisect_right(starts, (at, name)) - 1
                if place < 0:
                    continue
                window = windows[order[place]]
                if (at, name) < (window.end, window.end_id):
                    counts[order[place]][0] += 1
                    counts[order[place]][1] += follows
    return [Followed(n, hits) for n, hits in counts]


def _entities(
    view: View, events: Query, entity: str, spec: FeedbackSpec
) -> Iterator[Iterator[_Hit]]:
    """The predictions of each entity, in the order of time and id."""
    query = every([events, {"exists": {"field": entity}}])
    paths = [f"driftlog.{section}.{spec.input}" for section in _SECTIONS]
    paths += [f"driftlog.prediction.{section}.{spec.output}" for section in _SECTIONS]
    order = [{entity: {"order": "asc"}}, BY_TIME, BY_ID]
    hits = (hit for page in view.pages(query, order, paths) for hit in page)
    for _, some in groupby(hits, key=lambda hit: hit["sort"][0]):
        yield some


def _walk(hits: Iterator[_Hit], spec: FeedbackSpec) -> Iterator[tuple[datetime, str, bool]]:
    """Time and id of each prediction with the input, and whether that is the output of the latest moment before."""
    before: tuple[datetime, _Value] | None = None
    for at, some in groupby(hits, key=lambda hit: moment(hit["sort"][1])):
        said: _Value = None
        for hit in some:
            value = _value(hit, "driftlog.", spec.input)
            if value is not None:
                recent = before is not None and at - before[0] <= spec.within
                yield at, hit["sort"][2], bool(recent and before and before[1] == value)
            said = _value(hit, "driftlog.prediction.", spec.output) or said
        before = before if said is None else (at, said)


def _value(hit: _Hit, role: str, name: str) -> _Value:
    """A string or number, with its kind."""
    for section in _SECTIONS:
        for value in hit.get("fields", {}).get(f"{role}{section}.{name}", ()):
            return section, value
    return None
