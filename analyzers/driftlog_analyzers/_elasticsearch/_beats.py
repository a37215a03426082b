"""The analyzers' heartbeats in their data stream."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._errors import explained
from driftlog_analyzers._elasticsearch._names import analyzer_stream
from driftlog_analyzers._elasticsearch._search import require_complete
from driftlog_analyzers._elasticsearch._state_documents import exact
from driftlog_analyzers._schedule._beat import Beat, Condition

_DATASET = "driftlog.analyzers"
_ANALYZERS = 1_000
_BESIDE = ("at", "host", "pid")


class AnalyzerBeats:
    """The heartbeats of one namespace. Every method raises `StoreError` where the cluster does not answer.

    Args:
        client: the connection.
        namespace: last part of the stream's name.
    """

    def __init__(self, client: Elasticsearch, namespace: str) -> None:
        self._client = client
        self._stream = analyzer_stream(namespace)
        self._url = client.transport.node_pool.get().base_url

    def save(self, beat: Beat) -> None:
        """Send a heartbeat."""
        with explained(self._url):
            self._client.create(
                index=self._stream, id=f"{beat.id}-{exact(beat.at)}", document=document(beat)
            )

    def latest(self, since: datetime) -> Sequence[Beat]:
        """The latest heartbeat of each analyzer that sent one since then, the oldest first."""
        # A pattern may match nothing, which a name may not; no other stream's name fits this one.
        pattern = self._stream.replace("analyzers", "analyzer*", 1)
        with explained(self._url):
            answer = self._client.search(
                index=pattern,
                query={"range": {"@timestamp": {"gte": exact(since)}}},
                sort=[{"@timestamp": "desc"}],
                collapse={"field": "driftlog.analyzer.id"},
                size=_ANALYZERS,
                ignore_unavailable=True,
                allow_partial_search_results=False,
            ).body
        require_complete(self._stream, answer)
        return [stored(hit["_source"]) for hit in reversed(answer["hits"]["hits"])]


def document(beat: Beat) -> dict[str, Any]:
    """A heartbeat as it is sent."""
    facts: dict[str, Any] = {n: v for n, v in asdict(beat).items() if n not in _BESIDE}
    facts |= {"started": exact(beat.started), "failed": beat.failed}
    facts["oldest_due"] = beat.oldest_due and exact(beat.oldest_due)
    return {
        "@timestamp": exact(beat.at),
        "event": {"kind": "metric", "dataset": _DATASET},
        "host": {"name": beat.host},
        "process": {"pid": beat.pid},
        "driftlog": {
            "analyzer": {name: value for name, value in facts.items() if value is not None}
        },
    }


def stored(source: dict[str, Any]) -> Beat:
    """The heartbeat of a document."""
    facts = dict(source["driftlog"]["analyzer"])
    facts.pop("failed", None)
    due = facts.pop("oldest_due", None)
    return Beat(
        at=datetime.fromisoformat(source["@timestamp"]),
        host=source["host"]["name"],
        pid=source["process"]["pid"],
        status=Condition(facts.pop("status")),
        started=datetime.fromisoformat(facts.pop("started")),
        oldest_due=due and datetime.fromisoformat(due),
        behind=tuple(facts.pop("behind", ())),
        **facts,
    )
