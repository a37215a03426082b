"""Complete answers from Elasticsearch, or an error: nothing may be concluded from a part."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from driftlog_analyzers.errors import StoreError

BUCKETS = 60_000
"""Buckets that one search may answer with; Elasticsearch's own limit is 65,536."""
PAGE = 10_000
"""Documents in a page, Elasticsearch's own limit, and values in the first page of a table."""
_LIGHTEST = 300
_KEEP_ALIVE = "5m"
_DENIED = (401, 403)
_MISSING = 404

Body = Mapping[str, Any]
Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Aggregations that are asked for together.

    Attributes:
        aggregations: by name.
        buckets: how many they answer with at the most.
    """

    aggregations: Body
    buckets: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A count of documents for every value of a field.

    Attributes:
        field: its name.
        inner: metric aggregations for each value.
        stretches: for a time, the interval and its offset, to count by stretches instead of by values.
    """

    field: str
    inner: Body | None = None
    stretches: Body | None = None

    def page(self, size: int, after: Body | None = None) -> Body:
        """The aggregation that gives the values after some value, in their order."""
        kind = "date_histogram" if self.stretches else "terms"
        sources = [{"value": {kind: {"field": self.field} | dict(self.stretches or {})}}]
        composite = {"size": size, "sources": sources} | ({"after": after} if after else {})
        return {"composite": composite} | ({"aggregations": self.inner} if self.inner else {})


class View:
    """Searches one stream, or one moment of it, and refuses incomplete answers.

    Args:
        client: the connection.
        index: the stream or pattern, for sentences.
        target: what is searched: ``index`` or ``pit``.
    """

    def __init__(self, client: Elasticsearch, index: str, target: dict[str, Any]) -> None:
        self._client = client
        self._index = index
        self._target = target

    def aggregate(self, query: Body, parts: Sequence[Part]) -> tuple[int, Found]:
        """Count the matching documents and aggregate over them, in as few searches as their buckets allow.

        Raises:
            StoreError: a search failed, timed out, or a shard did not answer.
        """
        total = 0
        found: Found = {}
        for group in _packed(parts):
            asked = {name: body for part in group for name, body in part.aggregations.items()}
            answer = self._ask(
                size=0, query=query, aggregations=asked or None, track_total_hits=True
            )
            total = answer["hits"]["total"]["value"]
            found |= answer.get("aggregations", {})
        return total, found

    def tables(
        self, query: Body, tables: Mapping[str, Table], first: Mapping[str, Any] | None = None
    ) -> dict[str, list[Any]]:
        """Every bucket of some tables, page by page, several tables in a search.

        Args:
            query: the documents.
            tables: by a name of the caller's.
            first: first pages that were asked for already, `PAGE` long.

        Raises:
            StoreError: as in `aggregate`.
        """
        found: dict[str, list[Any]] = {name: [] for name in tables}
        after: dict[str, Any] = dict.fromkeys(tables)
        pending = _turned(found, after, dict.fromkeys(first or {}, PAGE), first or {}) | (
            tables.keys() - (first or {}).keys()
        )
        while pending:
            names = sorted(pending)[: BUCKETS // PAGE]
            sizes = dict.fromkeys(names, BUCKETS // len(names))
            pages = {
                str(n): tables[name].page(sizes[name], after[name]) for n, name in enumerate(names)
            }
            _, answer = self.aggregate(query, [Part(pages)])
            turned = {name: answer[str(n)] for n, name in enumerate(names)}
            pending = pending - set(names) | _turned(found, after, sizes, turned)
        return found

    def hits(
        self,
        query: Body,
        sort: Sequence[Body],
        *,
        skip: int = 0,
        size: int = 1,
        after: Sequence[Any] | None = None,
        fields: Sequence[str] = (),
        collapse: str = "",
    ) -> list[Any]:
        """Some sorted documents: ``_id``, ``_index``, ``sort`` and no more of their contents than some ``fields``.

        Args:
            query: the documents.
            sort: their order.
            skip: so many of them.
            size: of the answer, `PAGE` at the most.
            after: the ``sort`` of the document before.
            fields: what is wanted of their contents.
            collapse: of all documents with one value of this field, only the first.

        Raises:
            StoreError: as in `aggregate`.
        """
        asked: dict[str, Any] = {"from_": skip} if after is None else {"search_after": after}
        if fields:
            asked["docvalue_fields"] = [{"field": name} for name in fields]
        if collapse:
            asked["collapse"] = {"field": collapse}
        answer = self._ask(
            size=size, query=query, sort=sort, source=False, track_total_hits=False, **asked
        )
        return list(answer["hits"]["hits"])

    def pages(
        self, query: Body, sort: Sequence[Body], fields: Sequence[str] = ()
    ) -> Iterator[list[Any]]:
        """All documents, `PAGE` at a time, with some fields of their contents.

        Raises:
            StoreError: as in `aggregate`.
        """
        after = None
        while page := self.hits(query, sort, size=PAGE, after=after, fields=fields):
            yield page
            if len(page) < PAGE:
                return
            after = page[-1]["sort"]

    def _ask(self, **body: Any) -> Any:
        try:
            answer = self._client.search(
                allow_partial_search_results=False, **self._target, **body
            ).body
        except (ApiError, TransportError) as error:
            raise failed(self._index, error) from error
        require_complete(self._index, answer)
        if "pit" in self._target:
            self._target["pit"] = _pit(answer["pit_id"])
        return answer


class Search:
    """One stream.

    Args:
        client: the connection, which must not retry by itself.
        index: the stream's name, or a pattern.
    """

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client = client
        self._index = index

    def fields(self) -> frozenset[str]:
        """The fields of which the stream holds some value.

        Raises:
            StoreError: there is no such stream, or it cannot be read.
        """
        try:
            answer = self._client.field_caps(
                index=self._index,
                fields=["driftlog.*", "tags"],
                filters="-parent,-metadata",
                include_empty_fields=False,
            )
        except (ApiError, TransportError) as error:
            raise failed(self._index, error) from error
        return frozenset(answer["fields"])

    def live(self) -> View:
        """The stream as it is at each search."""
        return View(self._client, self._index, {"index": self._index})

    @contextmanager
    def frozen(self) -> Iterator[View]:
        """The stream as it is now: what arrives later is seen by none of the view's searches.

        Raises:
            StoreError: there is no such stream, or it cannot be read.
        """
        try:
            opened = self._client.open_point_in_time(index=self._index, keep_alive=_KEEP_ALIVE)
        except (ApiError, TransportError) as error:
            raise failed(self._index, error) from error
        target = {"pit": _pit(opened["id"])}
        try:
            yield View(self._client, self._index, target)
        finally:
            self._close(target["pit"]["id"])

    def _close(self, name: str) -> None:
        try:
            self._client.close_point_in_time(id=name)
        except (ApiError, TransportError):
            return  # it ends by itself when it is not used; the answers are complete without this


def _pit(name: str) -> dict[str, str]:
    return {"id": name, "keep_alive": _KEEP_ALIVE}


def _packed(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Groups of parts whose buckets stay within the limit; one group at least."""
    group: list[Part] = []
    buckets = 0
    for part in parts:
        cost = max(part.buckets, _LIGHTEST)
        if group and buckets + cost > BUCKETS:
            yield group
            group, buckets = [], 0
        group.append(part)
        buckets += cost
    yield group


def _turned(
    found: dict[str, list[Any]], after: dict[str, Any], sizes: Mapping[str, int], answer: Body
) -> set[str]:
    """Take in a page of each table; which tables have more."""
    more = set()
    for name, size in sizes.items():
        buckets = answer[name]["buckets"]
        found[name] += buckets
        if len(buckets) >= size:
            after[name] = answer[name].get("after_key") or buckets[-1]["key"]
            more.add(name)
    return more


def require_complete(index: str, answer: Body) -> None:
    """Check that an answer is of all shards: of a part nothing is to be concluded.

    Raises:
        StoreError: it is not.
    """
    shards = answer["_shards"]
    clusters = answer.get("_clusters", {})
    if (
        answer["timed_out"]
        or answer.get("terminated_early")
        or shards["failed"]
        or shards["successful"] < shards["total"]
        or clusters.get("skipped")
        or clusters.get("partial")
    ):
        raise StoreError(
            f"{index} answered only in part ({shards['failed']} of {shards['total']} shards failed,"
            f" timed out: {str(answer['timed_out']).lower()}); nothing was concluded,"
            " run again when the cluster is healthy"
        )


def failed(index: str, error: ApiError | TransportError) -> StoreError:
    """What an error of the client means, in a sentence."""
    if isinstance(error, ApiError):
        if error.status_code == _MISSING and "index_not_found" in str(error):
            return StoreError(
                f"there is no stream {index}: no event of that model was ever indexed in that"
                " namespace; ship a spool with driftlog ship, or check the model and --namespace"
            )
        if error.status_code in _DENIED:
            return StoreError(
                f"{index} may not be read with this key (HTTP {error.status_code}); use one with"
                " the privileges read and view_index_metadata on it"
            )
    reason = " ".join(str(error).split())[:300]
    return StoreError(
        f"{index} could not be searched: {reason}; check the address and the cluster's health,"
        " and run again"
    )
