"""One index of the state: complete answers or an error, and writes that refuse to overwrite what was not read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from elasticsearch import ApiError, Elasticsearch, TransportError

from driftlog_analyzers._elasticsearch._errors import explained, reason
from driftlog_analyzers._elasticsearch._names import state_index
from driftlog_analyzers._elasticsearch._search import require_complete
from driftlog_analyzers._elasticsearch._state_documents import Document, Json
from driftlog_analyzers.errors import ConflictError, StoreError

_KEEP_ALIVE = "5m"
_BULK_BYTES = 8_000_000
_BULK_ITEMS = 5_000
_MISSING, _CONFLICT = 404, 409

Query = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it is.

    Attributes:
        id: its ``_id``.
        seq_no: number of the change that it comes from.
        term: of the primary shard that made the change.
        body: its ``driftlog``, as far as it was asked for.
    """

    id: str
    seq_no: int
    term: int
    body: Json


@dataclass(frozen=True, slots=True)
class Write:
    """One change.

    Attributes:
        action: ``create`` where there must be no such document, else ``index``, ``update`` or ``delete``.
        id: its ``_id``.
        body: what is written.
        before: what is there and must be there still.
    """

    action: Literal["create", "index", "update", "delete"]
    id: str
    body: bytes | None = None
    before: Stored | None = None

    def lines(self, index: str) -> tuple[bytes, ...]:
        """The write as lines of a bulk request."""
        about: Json = {"_index": index, "_id": self.id}
        if self.before:
            about |= {"if_seq_no": self.before.seq_no, "if_primary_term": self.before.term}
        head = orjson.dumps({self.action: about})
        return (head,) if self.body is None else (head, self.body)


def put(document: Document, before: Stored | None) -> Write:
    """Write a document in place of what was there."""
    return Write("index" if before else "create", document.id, document.body, before)


def update(before: Stored, **fields: bool) -> Write:
    """Change some fields under ``driftlog``."""
    return Write("update", before.id, orjson.dumps({"doc": {"driftlog": fields}}), before)


def delete(before: Stored) -> Write:
    """Remove a document."""
    return Write("delete", before.id, before=before)


def replacing(existing: Iterable[Stored], wanted: Iterable[Document]) -> Iterator[Write]:
    """What makes the existing documents the wanted ones; what is equal is left alone.

    Args:
        existing: all there are of one kind, with their digests.
        wanted: all there should be.
    """
    rest = {stored.id: stored for stored in existing}
    for document in wanted:
        before = rest.pop(document.id, None)
        if before is None or before.body["digest"] != document.digest:
            yield put(document, before)
    yield from map(delete, rest.values())


class StateIndex:
    """One index of one namespace. Every method raises `StoreError` where it cannot do all of what it says.

    Args:
        client: the connection.
        kind: what is in it, of `STATE_KINDS`.
        namespace: last part of its name.

    Attributes:
        check: is called before each request that writes; it raises where nothing may be written any more.
    """

    check: Callable[[], None] | None = None

    def __init__(self, client: Elasticsearch, kind: str, namespace: str) -> None:
        self.name = state_index(kind, namespace)
        self._client = client
        self._namespace = namespace
        self._url = client.transport.node_pool.get().base_url

    @property
    def place(self) -> str:
        """The index in words."""
        return f"{self.name} at {self._url}"

    def get(self, name: str) -> Stored | None:
        """A document by its id, as it is at this moment; None if there is none."""
        with self._explained():
            # Of 404s only the missing index is an error; a missing document is an answer.
            found = self._client.options(ignore_status=_MISSING).get(index=self.name, id=name)
            if "error" in found:
                raise ApiError("missing", found.meta, found.body)
        return _stored(found.body) if found["found"] else None

    def find(
        self,
        filters: Sequence[Query],
        *,
        fields: Sequence[str] = ("digest",),
        sort: Sequence[str] = (),
        page: int = 10_000,
    ) -> Iterator[Stored]:
        """All matching documents as they were when the first was asked for.

        Args:
            filters: what they match.
            fields: those under ``driftlog`` that are wanted.
            sort: fields under ``driftlog``, ascending.
            page: how many are asked for at once, at most 10,000.
        """
        asked: dict[str, Any] = {
            "query": {"bool": {"filter": [*filters]}},
            "source": [f"driftlog.{name}" for name in fields],
            "size": page,
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        order = [{f"driftlog.{name}": "asc"} for name in sort]
        hits = self._search(index=self.name, sort=order, **asked)["hits"]["hits"]
        if len(hits) < page:
            yield from map(_stored, hits)
            return
        # More than one search sees: from here on, all of one moment.
        with self._frozen() as moment:
            after: dict[str, Any] = {"sort": [*order, {"_shard_doc": "asc"}]}
            while hits := self._search(pit=dict(moment), **asked, **after)["hits"]["hits"]:
                yield from map(_stored, hits)
                after["search_after"] = hits[-1]["sort"]

    def first(self, filters: Sequence[Query], *, sort: Sequence[Query]) -> Stored | None:
        """The first of the matching documents; None if there is none."""
        return next(iter(self.top(filters, sort=sort, size=1)), None)

    def top(
        self, filters: Sequence[Query], *, sort: Sequence[Query], size: int
    ) -> tuple[Stored, ...]:
        """The first of the matching documents, 10,000 at most."""
        found = self._search(
            index=self.name,
            query={"bool": {"filter": [*filters]}},
            sort=[*sort],
            size=size,
            seq_no_primary_term=True,
            track_total_hits=False,
        )
        return tuple(map(_stored, found["hits"]["hits"]))

    def values(self, field: str, filters: Sequence[Query], without: Sequence[Query]) -> set[str]:
        """The values of a field under ``driftlog`` among the matching documents."""
        return set(self.counts(field, filters, without))

    def counts(
        self, field: str, filters: Sequence[Query] = (), without: Sequence[Query] = ()
    ) -> dict[str, int]:
        """How many of the matching documents have each value of a field under ``driftlog``."""
        terms = {"values": {"terms": {"field": f"driftlog.{field}", "size": 10_000}}}
        query = {"bool": {"filter": [*filters], "must_not": [*without]}}
        found = self._search(index=self.name, size=0, query=query, aggregations=terms)
        buckets = found["aggregations"]["values"]["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    def write(self, writes: Iterable[Write], about: str = "what was read") -> list[Stored]:
        """Write all, in as few requests as their size allows, to be seen by every later search.

        Args:
            writes: any number.
            about: what they are about, for a sentence.

        Returns:
            What is there now, in the order of the writes.

        Raises:
            ConflictError: a document is not what was read before; others may be written.
            StoreError: a document was refused; others may be written.
        """
        written: list[Stored] = []
        lines: list[Any] = []
        size = count = 0
        for write in writes:
            more = write.lines(self.name)
            length = sum(map(len, more))
            if lines and (size + length > _BULK_BYTES or count == _BULK_ITEMS):
                written += self._bulk(lines, count, about)
                lines, size, count = [], 0, 0
            lines += more
            size, count = size + length, count + 1
        return written + (self._bulk(lines, count, about) if lines else [])

    def attempt(self, writes: Sequence[Write]) -> list[bool]:
        """Write what nobody else wrote meanwhile; for each write, in order, whether it was done."""
        if not writes:
            return []
        lines = [line for write in writes for line in write.lines(self.name)]
        return [item["status"] != _CONFLICT for item in self._items(lines, len(writes))]

    def _bulk(self, lines: list[Any], count: int, about: str) -> list[Stored]:
        items = self._items(lines, count)
        if any(item["status"] == _CONFLICT for item in items):
            raise ConflictError(
                f"{about} in {self.name} was saved meanwhile by another process; run again"
            )
        return [Stored(i["_id"], i["_seq_no"], i["_primary_term"], {}) for i in items]

    def _items(self, lines: list[Any], count: int) -> list[Any]:
        """What the cluster says to each write of a request: done, or that another process was faster."""
        if self.check is not None:
            self.check()
        with self._explained():
            answer = self._client.bulk(operations=lines, refresh=True)
        items = [item for one in answer.get("items", ()) for item in one.values()]
        if len(items) != count:
            raise StoreError(
                f"{self.place} answered to {len(items)} of {count} writes; run again, which completes them"
            )
        for item in items:
            if "error" in item and item["status"] != _CONFLICT:
                raise StoreError(
                    f"{self.place} refused a document: {reason(item)};"
                    " check the cluster's health and run again"
                )
        return items

    def _search(self, **body: Any) -> Any:
        with self._explained():
            answer = self._client.search(allow_partial_search_results=False, **body).body
        require_complete(self.name, answer)
        return answer

    @contextmanager
    def _frozen(self) -> Iterator[dict[str, str]]:
        with self._explained():
            opened = self._client.open_point_in_time(index=self.name, keep_alive=_KEEP_ALIVE)
        try:
            yield {"id": opened["id"], "keep_alive": _KEEP_ALIVE}
        finally:
            with suppress(ApiError, TransportError):  # it ends by itself
                self._client.close_point_in_time(id=opened["id"])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with explained(self._url):
            try:
                yield
            except ApiError as error:
                if error.status_code == _MISSING and "index_not_found" in str(error.body):
                    raise StoreError(
                        f"there is no index {self.place};"
                        f" run: driftlog setup --namespace {self._namespace}"
                    ) from error
                raise


def _stored(hit: Mapping[str, Any]) -> Stored:
    body = hit.get("_source", {}).get("driftlog", {})
    return Stored(hit["_id"], hit["_seq_no"], hit["_primary_term"], body)
