"""Notifications in an index of their own, created once and changed only by who has read them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._names import check_namespace
from driftlog_analyzers._elasticsearch._state_documents import Json, exact, packed, unpacked
from driftlog_analyzers._elasticsearch._state_index import Query, StateIndex, Stored, Write
from driftlog_analyzers._notify._home import Fence, free, the_one
from driftlog_analyzers._notify._intent import WAITING, Intent, Place, State

_ORDER = ("notification.created", "notification.number", "notification.id")
_PAGE = 200
_IDS = 500


class ElasticsearchNotifications:
    """Intents of one namespace. Every method raises `StoreError` where the cluster does not answer completely.

    Args:
        client: the connection, which should not retry by itself.
        namespace: last part of the index's name.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        self._index = StateIndex(client, "notifications", namespace)

    def create(self, intents: Sequence[Intent], fence: Fence = free) -> tuple[Intent, ...]:
        """Store those that are not there yet; the fence is asked before each request."""
        self._index.check = fence
        try:
            return self._attempt(
                intents, [Write("create", intent.id, _document(intent)) for intent in intents]
            )
        finally:
            self._index.check = None

    def replace(self, intents: Sequence[Intent]) -> tuple[Intent, ...]:
        """Store changes, each only onto the revision before its own."""
        there: dict[str, Stored] = {}
        for first in range(0, len(intents), _IDS):
            names = [intent.id for intent in intents[first : first + _IDS]]
            found = self._index.find([{"terms": {"_id": names}}], fields=["notification.revision"])
            there |= {stored.id: stored for stored in found}
        ours = [
            intent
            for intent in intents
            if intent.id in there
            and there[intent.id].body["notification"]["revision"] == intent.revision - 1
        ]
        writes = [Write("index", i.id, _document(i), before=there[i.id]) for i in ours]
        return self._attempt(ours, writes)

    def told(self, place: Place, incidents: Collection[str], since: datetime) -> tuple[Intent, ...]:
        """What a place has told, in order."""
        known = [
            _range("created", since),
            {"terms": {"driftlog.notification.thread": sorted(incidents)}},
        ]
        filters = [
            _term("model", place.model),
            _term("size", place.size),
            {"bool": {"should": known, "minimum_should_match": 1}},
        ]
        return self._found(filters)

    def waiting(self) -> tuple[Intent, ...]:
        """All that are not done with, in order."""
        return self._found([_states(WAITING)])

    def listed(self, states: Collection[State], limit: int) -> tuple[Intent, ...]:
        """The newest of these states, the newest first."""
        newest = [{f"driftlog.{field}": "desc"} for field in _ORDER]
        return _intents(self._index.top([_states(states)], sort=newest, size=limit))

    def counts(self) -> dict[State, int]:
        """How many there are of each state."""
        counts = self._index.counts("notification.state")
        return {State(state): count for state, count in counts.items()}

    def sent_after(self, route: str, moment: datetime) -> bool:
        """Whether a route sent anything after that."""
        filters = [_term("route", route), _term("state", State.SENT), _range("ended", moment, "gt")]
        return self._index.first(filters, sort=[{"driftlog.notification.ended": "asc"}]) is not None

    def find(self, prefix: str) -> Intent:
        """The one whose id begins so."""
        begins = [{"prefix": {"driftlog.notification.id": prefix}}]
        return the_one(self._found(begins), prefix, self._index.name)

    def _attempt(self, intents: Sequence[Intent], writes: Sequence[Write]) -> tuple[Intent, ...]:
        done = self._index.attempt(writes)
        return tuple(intent for intent, ours in zip(intents, done, strict=True) if ours)

    def _found(self, filters: Sequence[Query]) -> tuple[Intent, ...]:
        return _intents(self._index.find(filters, fields=["intent"], sort=_ORDER, page=_PAGE))


def _intents(rows: Iterable[Stored]) -> tuple[Intent, ...]:
    return tuple(unpacked(Intent, row.body["intent"]["whole"]) for row in rows)


def _term(field: str, value: str) -> Json:
    return {"term": {f"driftlog.notification.{field}": value}}


def _states(states: Collection[State]) -> Json:
    return {"terms": {"driftlog.notification.state": [state.value for state in states]}}


def _range(field: str, since: datetime, how: str = "gte") -> Json:
    return {"range": {f"driftlog.notification.{field}": {how: exact(since)}}}


def _document(intent: Intent) -> bytes:
    """The intent whole, and beside it what people filter and chart by."""
    incident = intent.incident
    about: dict[str, Any] = {
        "id": intent.id,
        "model": intent.place.model,
        "size": intent.place.size,
        "route": intent.route,
        "thread": intent.thread,
        "incident": incident.id,
        "kind": intent.kind,
        "state": intent.state,
        "batch": intent.batch,
        "severity": incident.severity,
        "step": intent.step,
        "number": intent.number,
        "attempts": intent.attempts,
        "again": intent.again,
        "revision": intent.revision,
        "created": exact(intent.created),
        "due": intent.due and exact(intent.due),
        "ended": intent.ended and exact(intent.ended),
        "trigger": intent.trigger,
        "summary": incident.episodes[0].summary if incident.episodes else "",
        "error": intent.error,
    }
    body = {
        "@timestamp": exact(intent.ended or intent.created),
        "event": {"kind": "state"},
        "driftlog": {"notification": about, "intent": {"whole": packed(intent)}},
    }
    return orjson.dumps(body)
