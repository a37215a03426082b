"""Elasticsearch as a store: it aggregates, and only aggregates come out."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from driftlog._upload._head import stream_name
from driftlog_analyzers._beats import ByShipper
from driftlog_analyzers._elasticsearch._copies import Copy, counted_once, second_copies
from driftlog_analyzers._elasticsearch._features import Role
from driftlog_analyzers._elasticsearch._feedback import feedback
from driftlog_analyzers._elasticsearch._fields import Fields, fields_of
from driftlog_analyzers._elasticsearch._heartbeats import heartbeats
from driftlog_analyzers._elasticsearch._labels import (
    LABEL_ID,
    Join,
    labels_query,
    qualities,
    with_predictions,
)
from driftlog_analyzers._elasticsearch._names import (
    check_namespace,
    events_pattern,
    heartbeat_stream,
)
from driftlog_analyzers._elasticsearch._outline import histogram_edges, token_counts
from driftlog_analyzers._elasticsearch._positions import counted_windows, occupied_windows
from driftlog_analyzers._elasticsearch._queries import (
    BY_ID,
    BY_TIME,
    BY_TIME_LAST,
    Query,
    between,
    condition_query,
    every,
    moment,
    of_slice,
    predictions,
    within,
)
from driftlog_analyzers._elasticsearch._sample import sample
from driftlog_analyzers._elasticsearch._search import Part, Search, Table, View
from driftlog_analyzers._elasticsearch._shadow import shadow
from driftlog_analyzers._elasticsearch._values import values
from driftlog_analyzers._elasticsearch._window_profile import (
    VERSION,
    Roles,
    profile,
    span,
    span_part,
)
from driftlog_analyzers._feedback import FeedbackSpec, Followed, reach
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._joint import Row
from driftlog_analyzers._logged import Logged
from driftlog_analyzers._profile import Counts, Slice, WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._shadow import Shadow, ShadowSpec
from driftlog_analyzers._store import ByHost, Edges, Extent, ProfileSpec, QualitySpec
from driftlog_analyzers._window import LONGEST_GAP, CountSize, Window, WindowSize

_WINDOWS = 500
_HOSTS = 500
_MODEL = "driftlog.model.name"
_OUTPUTS = "prediction."
_TAGS = "tags"


@dataclass(frozen=True, slots=True)
class _Events:
    """One model's predictions, each counted once, as they were at one moment.

    Attributes:
        view: that moment.
        all: the predictions.
        copies: second copies among them.
        fields: the names of the stream's fields.
    """

    view: View
    all: Query
    copies: tuple[Copy, ...]
    fields: frozenset[str]

    def of(self, window: Window | None = None) -> Query:
        """The events of a window; of all time, where there is none."""
        return counted_once(self.all, self.copies, window)

    @property
    def features(self) -> Fields:
        """Where the features stand."""
        return fields_of(self.fields)

    @property
    def predictions(self) -> Fields:
        """Where the outputs stand."""
        return fields_of(self.fields, _OUTPUTS)


class ElasticsearchStore:
    """The events of the data streams of one namespace.

    Every method raises `StoreError` where the cluster does not answer completely, and where a model has no stream,
    which is not the same as a stream without events.

    Args:
        client: of Elasticsearch 8.13 or later; it should not retry by itself.
        namespace: last part of the data streams' names.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        self._client = client
        self._namespace = namespace

    def models(self) -> tuple[str, ...]:
        """Names of the models that have events, sorted."""
        live = Search(self._client, events_pattern(self._namespace)).live()
        query = {"term": {"event.action": "prediction"}}
        if not live.aggregate(query, [])[0]:
            return ()  # where no stream matches the pattern, an answer has no aggregations
        found = live.tables(query, {"models": Table(_MODEL)})
        return tuple(bucket["key"]["value"] for bucket in found["models"])

    def extent(self, model: str) -> Extent | None:
        """What is there of the model; None if nothing."""
        with self._events(model) as events:
            return _extent(events)

    def span(self, model: str, until: datetime) -> tuple[datetime, datetime] | None:
        """When the first and the last event up to a time were; see `EventStore.span`."""
        live = self._search(model).live()
        query = every([predictions(model), between(None, until + timedelta(microseconds=1))])
        ends = [live.hits(query, [order], size=1) for order in (BY_TIME, BY_TIME_LAST)]
        first, last = ([moment(int(hit["sort"][0])) for hit in hits] for hits in ends)
        return (first[0], last[0]) if first and last else None

    def windows(
        self,
        model: str,
        size: WindowSize,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[Window]:
        """The windows of one size between start and end, oldest first; see `EventStore.windows`."""
        with self._events(model) as events:
            extent = _extent(events)
            if extent is None:
                return ()
            if not isinstance(size, CountSize):
                begin, after = start or extent.first, end or extent.last + timedelta(microseconds=1)
                if after - begin <= LONGEST_GAP * size.duration:
                    return tuple(size.windows(begin, after))
                return occupied_windows(events.view, events.of(), size, begin, after)
            bounded = every([events.of(), between(start, end)])
            total, found = events.view.aggregate(bounded, [span_part()])
            if not total:
                return ()
            return counted_windows(events.view, bounded, size.events, *span(found))

    def edges(self, model: str, window: Window, version: str | None = None) -> tuple[Edges, Edges]:
        """Histogram edges of the numbers in a window; see `EventStore.edges` and `_outline`."""
        with self._events(model, [window], version) as events:
            query, view = events.of(window), events.view
            return (
                histogram_edges(view, query, events.features),
                histogram_edges(view, query, events.predictions),
            )

    def vocabulary(
        self, model: str, window: Window, version: str | None = None
    ) -> Mapping[str, Counts]:
        """Texts per token; see `EventStore.vocabulary`."""
        with self._events(model, [window], version) as events:
            return token_counts(events.view, events.of(window), events.features)

    def counts(self, model: str, windows: Sequence[Window]) -> Sequence[int]:
        """How many predictions each window holds."""
        with self._events(model, windows) as events:
            return _counts(events, windows)

    def profiles(self, spec: ProfileSpec, windows: Sequence[Window]) -> Iterator[WindowProfile]:
        """The profile of each window, in order; see `EventStore.profiles`."""
        with self._events(spec.model, windows, spec.version) as events:
            features = Role(events.features, spec.features)
            roles = Roles(features, Role(events.predictions, spec.predictions))
            there = [part for part in spec.slices if part[0] in events.features.names("cat")]
            for window in windows:
                query = events.of(window)
                found = profile(events.view, query, roles)
                yield found.with_parts(_slices(events, query, roles, there)) if there else found

    def labelled(self, model: str) -> bool:
        """Whether there is any label of the model: whether its stream has such a field with a value."""
        return LABEL_ID in self._search(model).fields()

    def quality(self, spec: QualitySpec, windows: Sequence[Window]) -> Iterator[Quality]:
        """What the labels say of each window's predictions; see `EventStore.quality`."""
        with self._events(spec.model, windows, spec.version) as events:
            if spec.part is not None:
                events = replace(events, all=every([events.all, of_slice(spec.part)]))  # noqa: PLW2901 - narrowed
            spanned = every([events.all, _together(windows)])
            labels = labels_query(spec.model, spec.since)
            found = qualities(events.view, Join(spanned, labels, spec.compared, windows))
            counts = _counts(events, windows)
        yield from map(with_predictions, found, counts)

    def sample(
        self,
        model: str,
        windows: Sequence[Window],
        features: Sequence[str],
        limit: int,
        version: str | None = None,
    ) -> Iterator[Sequence[Row]]:
        """Values of a few events of each window; see `EventStore.sample`."""
        with self._events(model, windows, version) as events:
            for window in windows:
                yield sample(events.view, events.of(window), events.features, features, limit)

    def heartbeats(self, model: str, windows: Sequence[Window]) -> Sequence[ByShipper]:
        """The heartbeats of each window; see `HeartbeatStore.heartbeats`."""
        # A pattern may match nothing, which a name may not; no other stream's name fits this one.
        pattern = heartbeat_stream(self._namespace).replace("shipper", "shippe*", 1)
        return heartbeats(Search(self._client, pattern).live(), model, windows)

    def values(self, model: str, ids: Sequence[str], features: Collection[str]) -> Iterator[Logged]:
        """Some features of the predictions with these ids; see `EventStore.values`."""
        search = self._search(model)
        there = fields_of(search.fields())
        yield from values(search.live(), predictions(model), there, ids, features)

    def shadow(self, spec: ShadowSpec) -> Shadow:
        """Two versions' predictions for the same requests; see `EventStore.shadow`."""
        with self._events(spec.model, [spec.window]) as events:
            return shadow(events.view, events.of(spec.window), spec)

    def feedback(
        self, model: str, spec: FeedbackSpec, windows: Sequence[Window]
    ) -> Sequence[Followed]:
        """How much of each window's traffic follows the model; see `EventStore.feedback`."""
        if not windows:
            return []
        span = reach(windows, spec.within)
        with self._events(model, [span]) as events:
            query = every([events.of(), _together([span])])
            return feedback(events.view, query, spec, windows, events.fields)

    def examples(
        self,
        model: str,
        windows: Sequence[Window],
        conditions: Sequence[Sequence[Condition]],
        limit: int = 3,
    ) -> list[list[tuple[str, ...]]]:
        """Ids of a few events per window and condition, the smallest ids first."""
        with self._events(model, windows) as events:
            return [
                _examples(events, window, group, limit)
                for window, group in zip(windows, conditions, strict=True)
            ]

    def hosts(
        self, model: str, windows: Sequence[Window], conditions: Sequence[Sequence[Condition]]
    ) -> list[ByHost]:
        """By host, the events of each window and those that show its conditions; see `EventStore.hosts`."""
        with self._events(model, windows) as events:
            return [
                _by_host(events, window, group)
                for window, group in zip(windows, conditions, strict=True)
            ]

    def counting(self, model: str, window: Window, condition: Condition) -> str:
        """The search that counts the events that show a finding; see `EventStore.counting`."""
        with self._events(model, [window]) as events:
            fields = events.predictions if condition.output else events.features
            wanted = _wanted(condition, condition_query(condition, fields))
            body = {
                "size": 0,
                "track_total_hits": True,
                "query": events.of(window),
                "aggs": {"showing": {"filter": wanted}},
            }
        stream = stream_name(f"driftlog.{model}", self._namespace)
        return f"GET {stream}/_search\n{json.dumps(body, ensure_ascii=False)}"

    def _search(self, model: str) -> Search:
        return Search(self._client, stream_name(f"driftlog.{model}", self._namespace))

    @contextmanager
    def _events(
        self, model: str, windows: Sequence[Window] | None = None, version: str | None = None
    ) -> Iterator[_Events]:
        """A model's events; second copies are looked for in these windows, or among all events."""
        search = self._search(model)
        fields = search.fields()
        wanted = predictions(model)
        if version is not None:
            wanted = every([wanted, {"term": {VERSION: version}}])
        spanned = wanted if windows is None else every([wanted, _together(windows)])
        with search.frozen() as view:
            copies = second_copies(view, spanned) if _TAGS in fields else ()
            yield _Events(view, wanted, copies, fields)


def _together(windows: Sequence[Window]) -> Query:
    """The stretch of time from the first window to the last."""
    if not windows:
        return {"match_none": {}}
    last = max(window.end for window in windows)
    return between(min(window.start for window in windows), last + timedelta(microseconds=1))


def _slices(
    events: _Events, query: Query, roles: Roles, slices: Sequence[Slice]
) -> dict[Slice, WindowProfile]:
    """The profiles of those slices that have events; a search for each."""
    found = {part: profile(events.view, every([query, of_slice(part)]), roles) for part in slices}
    return {part: profiled for part, profiled in found.items() if profiled.events}


def _counts(events: _Events, windows: Sequence[Window]) -> list[int]:
    counts: list[int] = []
    for start in range(0, len(windows), _WINDOWS):
        some = windows[start : start + _WINDOWS]
        filters = {"filters": {"filters": [within(window) for window in some]}}
        query = every([events.of(), _together(some)])
        _, found = events.view.aggregate(query, [Part({"windows": filters}, _WINDOWS)])
        counts += [bucket["doc_count"] for bucket in found["windows"]["buckets"]]
    return counts


def _extent(events: _Events) -> Extent | None:
    query = events.of()
    total, found = events.view.aggregate(query, [span_part()])
    if not total:
        return None
    table = events.view.tables(query, {"versions": Table(VERSION)})["versions"]
    versions = {bucket["key"]["value"]: bucket["doc_count"] for bucket in table}
    return Extent(total, *span(found), versions)


def _examples(
    events: _Events, window: Window, conditions: Sequence[Condition], limit: int
) -> list[tuple[str, ...]]:
    smallest = {"top_hits": {"size": limit, "sort": [BY_ID], "_source": False}}
    filters = [
        _wanted(c, condition_query(c, events.predictions if c.output else events.features))
        for c in conditions
    ]
    parts = [
        Part({f"{n}": {"filter": wanted, "aggregations": {"ids": smallest}}})
        for n, wanted in enumerate(filters)
    ]
    _, found = events.view.aggregate(events.of(window), parts) if parts else (0, {})
    hits = [found[f"{n}"]["ids"]["hits"]["hits"] for n in range(len(conditions))]
    return [tuple(hit["sort"][0] for hit in some) for some in hits]


def _by_host(events: _Events, window: Window, conditions: Sequence[Condition]) -> ByHost:
    """Of some hundred hosts at the most: of more, nobody asks which one it is."""
    by_host = {"terms": {"field": "host.name", "size": _HOSTS}}
    filters = [
        _wanted(c, condition_query(c, events.predictions if c.output else events.features))
        for c in conditions
    ]
    parts = [Part({"hosts": by_host}, _HOSTS)]
    parts += [
        Part({f"{n}": {"filter": wanted, "aggregations": {"hosts": by_host}}}, _HOSTS)
        for n, wanted in enumerate(filters)
    ]
    total, found = events.view.aggregate(events.of(window), parts)
    if not total:
        return ByHost({}, tuple({} for _ in conditions))
    showing = (found[f"{n}"]["hosts"]["buckets"] for n in range(len(conditions)))
    return ByHost(_buckets(found["hosts"]["buckets"]), tuple(map(_buckets, showing)))


def _buckets(buckets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _wanted(condition: Condition, query: Query) -> Query:
    return query if condition.part is None else every([query, of_slice(condition.part)])
