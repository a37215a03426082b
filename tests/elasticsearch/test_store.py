"""What only the Elasticsearch store has: shards, pages, several searches for one window."""

import itertools
import math
import random
import uuid
from datetime import timedelta

import pytest

from driftlog import PredictionLogger, Text
from driftlog_analyzers._elasticsearch import _aggregations, _outline, _search, _texts
from driftlog_analyzers._elasticsearch._aggregations import next_nanosecond
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._outline import edges_around
from driftlog_analyzers._scan import DURATION_EDGES
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import FeatureSpec, ProfileSpec, QualitySpec
from driftlog_analyzers._window import CountSize, TimeSize, Window
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    documents,
    expected_profile,
    write,
)
from tests.analyzers.test_scan import SPEC, TEXTS, mixed_rows
from tests.contract.shipping import install, lines, ship, stream

WORDS = [f"w{n}" for n in range(60)]


class Watched:
    """A client that counts searches and buckets, and does something before each search."""

    def __init__(self, client, before=lambda: None):
        self._client = client
        self._before = before
        self.buckets = []

    def search(self, **body):
        """Search."""
        self._before()
        answer = self._client.search(**body)
        self.buckets.append(_buckets(answer.body.get("aggregations", {})))
        return answer

    def __getattr__(self, name):
        return getattr(self._client, name)


def _buckets(part):
    """How many buckets an answer has."""
    if isinstance(part, dict):
        return sum(map(_buckets, part.values())) + len(part.get("buckets", ()))
    return sum(map(_buckets, part)) if isinstance(part, list) else 0


@pytest.fixture(scope="module")
def templates(client):
    """What all namespaces of these tests begin with; the templates are there."""
    prefix = uuid.uuid4().hex[:12]
    install(client, prefix)
    return prefix


@pytest.fixture
def installed(templates, namespace):
    """A namespace of the test's own, with templates."""
    return f"{templates}{namespace}"


def one(store, spec=None):
    """The profile of everything."""
    return next(iter(store.profiles(spec or ProfileSpec(MODEL), [EVERYTHING])))


def test_shards_that_rank_values_differently(client, installed, tmp_path):
    """Over three shards whose own most frequent values are others, counts are exact."""
    print("seed", 3)
    chance = random.Random(3)
    client.indices.put_index_template(
        name=f"shards-{installed}",
        index_patterns=[stream(installed)],
        priority=10**10,
        data_stream={},
        composed_of=["driftlog-events"],
        template={"settings": {"number_of_shards": 3, "number_of_replicas": 0}},
    )
    rows = [{"c": f"v{int(chance.paretovariate(0.4)) % 5000}", "x": n % 7} for n in range(6000)]
    write(tmp_path, rows)
    ship(client, installed, tmp_path)
    assert 3 == client.count(index=stream(installed))["_shards"]["total"]
    store = ElasticsearchStore(client, installed)

    assert_equal_profiles(expected_profile(documents(tmp_path)), one(store))
    with SpoolStore(tmp_path) as spool:
        assert spool.windows(MODEL, CountSize(999)) == store.windows(MODEL, CountSize(999))


def test_small_pages_change_nothing(client, installed, tmp_path, monkeypatch):
    """Read in many pages and many searches, every answer is the same."""
    write(tmp_path, mixed_rows(9, 200), text=TEXTS)
    ship(client, installed, tmp_path)
    store = ElasticsearchStore(client, installed)

    def answers():
        return (
            one(store, SPEC),
            store.windows(MODEL, CountSize(30)),
            store.edges(MODEL, EVERYTHING),
            store.vocabulary(MODEL, EVERYTHING),
        )

    large = answers()
    for module in (_search, _aggregations):
        monkeypatch.setattr(module, "PAGE", 4)
    monkeypatch.setattr(_search, "BUCKETS", 9)
    monkeypatch.setattr(_aggregations, "TERMS", 2)
    monkeypatch.setattr(_texts, "_TOKENS", 2)
    monkeypatch.setattr(_texts, "_PAIRS", 50)
    small = answers()

    assert_equal_profiles(large[0], small[0])
    assert large[1:] == small[1:]


def test_events_that_arrive_meanwhile(client, installed, tmp_path):
    """The searches of one window see the stream as it was at the first, however much arrives."""
    rows = [{"t": " ".join(WORDS[n % 50 : n % 50 + 9]), "x": 1e9 + n % 3} for n in range(100)]
    write(tmp_path / "first", rows, text=["t"])
    write(tmp_path / "more", [{"t": "late words", "x": 5.0, "new": 1}], text=["t"])
    ship(client, installed, tmp_path / "first")
    ((_, _, late),) = lines(tmp_path / "more")
    names = itertools.count()

    def arrive():
        client.create(
            index=stream(installed), id=f"late-{next(names)}", document=late, refresh=True
        )

    watched = Watched(client, arrive)
    specs = {"t": FeatureSpec(vocabulary=frozenset(WORDS[:20]))}

    actual = one(ElasticsearchStore(watched, installed), ProfileSpec(MODEL, specs))

    assert len(watched.buckets) > 1
    expected = expected_profile(documents(tmp_path / "first"), features=specs)
    assert_equal_profiles(expected, actual)


def test_searches_and_buckets(client, installed, tmp_path):
    """A hundred features take two searches at the most, two thousand stay under every limit."""
    print("seed", 1)
    chance = random.Random(1)
    edges = tuple(float(n) for n in range(41))
    for count, at_most in ((100, 2), (2000, 40)):
        model = f"m{count}"
        numbers = [f"n{n}" for n in range(count // 2)]
        strings = [f"s{n}" for n in range(count // 2)]
        rows = [
            {n: chance.random() * 50 for n in numbers}
            | {s: f"v{chance.randrange(100)}" for s in strings}
            for _ in range(60)
        ]
        write(tmp_path / model, rows, model=model)
        ship(client, installed, tmp_path / model)
        watched = Watched(client)
        spec = ProfileSpec(model, {n: FeatureSpec(edges, 0.0, 50.0) for n in numbers})

        profile = one(ElasticsearchStore(watched, installed), spec)

        assert count == len(profile.features)
        assert len(watched.buckets) <= at_most
        assert max(watched.buckets) < 65_536


def test_searches_for_windows(client, installed, tmp_path):
    """However long the gaps, the windows between them cost as many searches as the occupied ones need."""
    moments = [BEGIN.replace(year=1971), *(BEGIN + n * timedelta(minutes=3) for n in range(200))]
    write(tmp_path, [{"features": {"x": 1}, "timestamp": moment} for moment in moments])
    ship(client, installed, tmp_path)
    watched = Watched(client)
    store = ElasticsearchStore(watched, installed)

    windows = store.windows(MODEL, TimeSize(timedelta(minutes=5)))

    assert 121 == len(windows)
    assert len(watched.buckets) <= 3
    assert max(watched.buckets) <= 121


def test_searches_for_labels(client, installed, tmp_path):
    """Labels are looked up by the page, whatever the number of predictions and of windows."""
    ids = write(tmp_path, [{"features": {}, "prediction": n / 3000} for n in range(3000)])
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger:
        for name in ids[::10]:
            logger.log_label(name, label=True)
    ship(client, installed, tmp_path)
    watched = Watched(client)
    store = ElasticsearchStore(watched, installed)
    windows = [Window(BEGIN + n * HOUR, BEGIN + (n + 1) * HOUR) for n in range(50)]

    found = list(store.quality(QualitySpec(MODEL), windows))

    assert [6] * 50 == [quality.calibration.n for quality in found]
    assert len(watched.buckets) <= 4


def test_edges_of_a_large_reference(client, installed, tmp_path, monkeypatch):
    """Above the sample's size, quantiles of many different values are estimated, those of few are exact."""
    print("seed", 6)
    chance = random.Random(6)
    rows = [{"x": chance.gauss(0, 1), "k": float(n % 5)} for n in range(4000)]
    write(tmp_path, rows)
    ship(client, installed, tmp_path)
    monkeypatch.setattr(_outline, "SAMPLE", 1000)

    edges, _ = ElasticsearchStore(client, installed).edges(MODEL, EVERYTHING)

    assert edges_around([0.0, 1.0, 2.0, 3.0, 4.0]) == edges["k"]
    values = sorted(row["x"] for row in rows)
    assert (math.nextafter(values[0], -math.inf), values[-1]) == (edges["x"][0], edges["x"][-1])
    ranks = [sum(value <= edge for value in values) / len(values) for edge in edges["x"][1:-1]]
    assert [n / 40 for n in range(1, 40)] == pytest.approx(ranks, abs=0.005)


def test_a_service_with_a_vocabulary_and_many_unknown_tokens(client, installed, tmp_path):
    """Products of sizes and unknown tokens are exact where texts have very many sizes."""
    rows = [{"t": " ".join(f"w{i}" for i in range(n))} for n in range(0, 2400, 2)]
    write(tmp_path, rows, text={"t": Text(vocabulary=[f"w{i}" for i in range(0, 2400, 3)])})
    ship(client, installed, tmp_path)
    docs = documents(tmp_path)

    actual = one(ElasticsearchStore(client, installed)).features["t"].text

    assert expected_profile(docs).features["t"].text == actual


@pytest.mark.parametrize("edge", DURATION_EDGES)
def test_bounds_of_durations(edge):
    """The bound is the least whole nanosecond above an edge in seconds."""
    bound = next_nanosecond(edge)

    assert (bound - 1) / 1e9 <= edge < bound / 1e9
