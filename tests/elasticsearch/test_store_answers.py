"""What the store does with answers that are not complete: scripted ones, and a real node's."""

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig, ObjectApiResponse
from elasticsearch import (
    AuthorizationException,
    BadRequestError,
    ConnectionError,  # noqa: A004 - the client's name for it
    Elasticsearch,
    NotFoundError,
)

from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._store import ProfileSpec, QualitySpec
from driftlog_analyzers._window import CountSize, TimeSize
from driftlog_analyzers.errors import ConfigError, StoreError
from tests.analyzers.spools import EVERYTHING, HOUR, MODEL

WHOLE = {
    "timed_out": False,
    "_shards": {"total": 2, "successful": 2, "skipped": 1, "failed": 0},
    "hits": {"total": {"value": 0}, "hits": []},
    "aggregations": {},
    "pit_id": "p",
}
PARTIAL = {
    "timed out": {"timed_out": True},
    "a failed shard": {"_shards": {"total": 2, "successful": 1, "skipped": 0, "failed": 1}},
    "all shards failed": {"_shards": {"total": 2, "successful": 0, "skipped": 0, "failed": 2}},
    "a missing shard": {"_shards": {"total": 2, "successful": 1, "skipped": 0, "failed": 0}},
    "a skipped cluster": {"_clusters": {"total": 2, "successful": 1, "skipped": 1}},
    "a partial cluster": {"_clusters": {"total": 1, "successful": 0, "skipped": 0, "partial": 1}},
    "ended early": {"terminated_early": True},
}
CALLS = {
    "models": lambda store: store.models(),
    "extent": lambda store: store.extent(MODEL),
    "windows": lambda store: store.windows(MODEL, TimeSize(HOUR)),
    "windows by count": lambda store: store.windows(MODEL, CountSize(5)),
    "edges": lambda store: store.edges(MODEL, EVERYTHING),
    "vocabulary": lambda store: store.vocabulary(MODEL, EVERYTHING),
    "counts": lambda store: store.counts(MODEL, [EVERYTHING]),
    "profiles": lambda store: list(store.profiles(ProfileSpec(MODEL), [EVERYTHING])),
    "quality": lambda store: list(store.quality(QualitySpec(MODEL), [EVERYTHING])),
    "examples": lambda store: store.examples(MODEL, [EVERYTHING], [[Condition("any", "x")]]),
}
META = ApiResponseMeta(404, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "localhost", 9200))


class Scripted:
    """A client that gives one answer to every search, or raises it, and notes what is open."""

    def __init__(self, answer):
        self.answer = answer
        self.opened = 0

    def search(self, **_):
        """The answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return ObjectApiResponse(self.answer, META)

    def field_caps(self, **_):
        """One text feature, and resent events."""
        fields = ("driftlog.num.x", "driftlog.tok.t", "driftlog.text.t.distinct", "tags")
        return {"fields": {name: {} for name in fields}}

    def open_point_in_time(self, **_):
        """A view."""
        self.opened += 1
        return {"id": "p"}

    def close_point_in_time(self, **_):
        """No view, and an error that nobody need hear of."""
        self.opened -= 1
        raise NotFoundError("gone", META, {})


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("part", PARTIAL)
def test_partial_answers_are_refused(part, call):
    """No question is answered from a part; the sentence says that nothing was concluded."""
    client = Scripted(WHOLE | PARTIAL[part])

    with pytest.raises(
        StoreError, match=r"^logs-driftlog\.\S+ answered only in part .* nothing was concluded"
    ):
        CALLS[call](ElasticsearchStore(client))

    assert 0 == client.opened


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotFoundError("index_not_found_exception", META, {}), "there is no stream logs-driftlog"),
        (
            AuthorizationException("security_exception", META, {}),
            "could not be searched|may not be read",
        ),
        (
            BadRequestError("too_many_buckets_exception", META, {}),
            "could not be searched: .*too_many",
        ),
        (ConnectionError("refused"), "could not be searched: .*Connection error"),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_errors_are_sentences(error, sentence, call):
    """What the client raises becomes one sentence with the next step, and no view stays open."""
    client = Scripted(error)

    with pytest.raises(StoreError, match=sentence) as caught:
        CALLS[call](ElasticsearchStore(client))

    assert "\n" not in str(caught.value)
    assert 0 == client.opened


def test_denied():
    """A key without the privilege is told which one it lacks."""
    meta = ApiResponseMeta(403, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "localhost", 9200))
    client = Scripted(AuthorizationException("security_exception", meta, {}))

    with pytest.raises(StoreError, match="privileges read and view_index_metadata"):
        ElasticsearchStore(client).extent(MODEL)


def test_namespace():
    """A namespace that cannot be one is refused."""
    with pytest.raises(ConfigError, match="a-b"):
        ElasticsearchStore(Scripted(WHOLE), "a-b")


@pytest.mark.parametrize("call", [call for call in CALLS if call != "models"])
def test_no_stream_is_not_no_events(client, namespace, call):
    """On a real node, a model that nobody shipped has no stream, and that is said."""
    with pytest.raises(StoreError, match=f"there is no stream logs-driftlog.{MODEL}-{namespace}"):
        CALLS[call](ElasticsearchStore(client, namespace))


def test_no_stream_at_all(client, namespace):
    """A namespace without streams has no models."""
    assert () == ElasticsearchStore(client, namespace).models()


def test_nobody_there():
    """An address where nobody listens is a sentence."""
    with Elasticsearch("http://127.0.0.1:1", max_retries=0) as nobody:
        for call in CALLS.values():
            with pytest.raises(StoreError, match=r"could not be searched: .*run again"):
                call(ElasticsearchStore(nobody))
