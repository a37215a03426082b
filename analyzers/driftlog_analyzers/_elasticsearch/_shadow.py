"""Two versions of a model joined in a stream: two sorted readings, merged; memory holds two pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from driftlog_analyzers._elasticsearch._queries import BY_ID, BY_TIME, Query, every
from driftlog_analyzers._elasticsearch._search import View
from driftlog_analyzers._shadow import Answer, Joined, Shadow, ShadowSpec, joined

_KEYS = {"trace": "trace.id", "id": "event.id"}
_VERSION = "driftlog.model.version"
_CHUNK = 10_000

_Hit = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Request:
    """The first prediction of one version for one request, and how many there are."""

    key: str
    answer: Answer
    part: str | None
    count: int


def shadow(view: View, events: Query, spec: ShadowSpec) -> Shadow:
    """Join the two versions' predictions.

    Args:
        view: the stream.
        events: the predictions of the window, of all versions.
        spec: what is joined.

    Raises:
        StoreError: the store could not answer completely.
    """
    counts = dict.fromkeys(("live", "shadow", "repeated"), 0)
    pairs = _pairs(
        _counted(_requests(view, events, spec, spec.live), counts, "live"),
        _counted(_requests(view, events, spec, spec.shadow), counts, "shadow"),
    )
    slices: dict[str | None, Joined] = {}
    while chunk := list(islice(pairs, _CHUNK)):
        for part in {live.part for live, _ in chunk}:
            some = [(a.answer, b.answer) for a, b in chunk if a.part == part]
            slices[part] = slices.get(part, Joined()).merge(joined(some))
    return Shadow(counts["live"], counts["shadow"], counts["repeated"], slices)


def _requests(view: View, events: Query, spec: ShadowSpec, version: str) -> Iterator[_Request]:
    """The requests that a version answered, sorted by key."""
    key = _KEYS[spec.by]
    query = every([events, {"term": {_VERSION: version}}, {"exists": {"field": key}}])
    score = f"driftlog.prediction.num.{spec.compared.numeric}" if spec.compared.numeric else ""
    label = (
        f"driftlog.prediction.cat.{spec.compared.categorical}" if spec.compared.categorical else ""
    )
    segment = f"driftlog.cat.{spec.segment}" if spec.segment else ""
    fields = [path for path in (score, label, segment) if path]
    order = [{key: {"order": "asc"}}, BY_TIME, BY_ID]
    hits = (hit for page in view.pages(query, order, fields) for hit in page)
    for _, some in groupby(hits, key=lambda hit: hit["sort"][0]):
        first, count = _first_of(some)
        part = _value(first, segment)
        answer = Answer(_value(first, score), _value(first, label))
        yield _Request(first["sort"][0], answer, part if part in spec.values else None, count)


def _first_of(hits: Iterator[_Hit]) -> tuple[_Hit, int]:
    """The first one, and how many there are."""
    first = next(hits)
    return first, 1 + sum(1 for _ in hits)


def _counted(requests: Iterator[_Request], counts: dict[str, int], side: str) -> Iterator[_Request]:
    for request in requests:
        counts[side] += 1
        counts["repeated"] += request.count - 1
        yield request


def _pairs(
    live: Iterator[_Request], other: Iterator[_Request]
) -> Iterator[tuple[_Request, _Request]]:
    """The requests of both, read to the end of both."""
    a, b = next(live, None), next(other, None)
    while a is not None and b is not None:
        if a.key == b.key:
            yield a, b
            a, b = next(live, None), next(other, None)
        # Elasticsearch sorts keywords by their bytes in UTF-8, in the order of code points as Python does.
        elif a.key < b.key:
            a = next(live, None)
        else:
            b = next(other, None)
    for rest in (live, other):
        for _ in rest:
            pass


def _value(hit: _Hit, path: str) -> Any:
    return next(iter(hit.get("fields", {}).get(path, ())), None) if path else None
