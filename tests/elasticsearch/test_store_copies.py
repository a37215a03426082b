"""An event is counted once, however often it was sent and wherever its copies lie."""

import random
import uuid

import pytest

from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import ProfileSpec
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import (
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    document,
    write,
    write_lines,
)
from tests.contract.shipping import install, ship, stream

SPEC = ProfileSpec(MODEL)


def roll_over(client, namespace):
    """Begin a new backing index."""
    assert client.indices.rollover(alias=stream(namespace))["rolled_over"]


def raw(client, namespace):
    """Documents in the stream, copies included."""
    return client.count(index=stream(namespace))["count"]


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


def test_copies_count_once(client, installed, tmp_path):
    """Every answer is that of the spool, though a third of the events lie there twice and some thrice."""
    print("seed", 5)
    chance = random.Random(5)
    rows = [{"x": n, "c": f"v{n % 7}", "t": f"word{n % 5} all"} for n in range(240)]
    write(tmp_path, rows, text=["t"])
    ship(client, installed, tmp_path)
    roll_over(client, installed)
    assert {201: 80} == ship(
        client, installed, tmp_path, resent=True, only=chance.sample(range(240), 80)
    )
    roll_over(client, installed)
    ship(client, installed, tmp_path, resent=True, only=range(100, 110))
    assert 330 == raw(client, installed)
    store = ElasticsearchStore(client, installed)

    with SpoolStore(tmp_path) as spool:
        assert spool.extent(MODEL) == store.extent(MODEL)
        for size in (TimeSize(HOUR), CountSize(37)):
            windows = spool.windows(MODEL, size)
            assert windows == store.windows(MODEL, size)
            assert spool.counts(MODEL, windows) == store.counts(MODEL, windows)
            pairs = zip(spool.profiles(SPEC, windows), store.profiles(SPEC, windows), strict=True)
            for one, other in pairs:
                assert_equal_profiles(one, other)
            wanted = [[Condition("any", "x")]] * len(windows)
            assert spool.examples(MODEL, windows, wanted) == store.examples(MODEL, windows, wanted)
        assert spool.edges(MODEL, EVERYTHING) == store.edges(MODEL, EVERYTHING)
        assert spool.vocabulary(MODEL, EVERYTHING) == store.vocabulary(MODEL, EVERYTHING)


def test_a_resend_that_found_nothing_there(client, installed, tmp_path):
    """Events whose first attempt never arrived are marked and there once: they count."""
    write(tmp_path, [{"x": n} for n in range(20)])
    ship(client, installed, tmp_path, only=range(10))
    roll_over(client, installed)
    ship(client, installed, tmp_path, resent=True, only=range(5, 20))
    assert 25 == raw(client, installed)

    assert [20] == ElasticsearchStore(client, installed).counts(MODEL, [EVERYTHING])


def test_both_copies_resent(client, installed, tmp_path):
    """Copies that are all marked leave one."""
    write(tmp_path, [{"x": n} for n in range(20)])
    for _ in range(3):
        ship(client, installed, tmp_path, resent=True)
        roll_over(client, installed)
    assert 60 == raw(client, installed)

    assert [20] == ElasticsearchStore(client, installed).counts(MODEL, [EVERYTHING])


def test_resent_into_one_backing_index(client, installed, tmp_path):
    """Where the stream was not rolled over, Elasticsearch itself refuses the second copy."""
    write(tmp_path, [{"x": n} for n in range(20)])
    ship(client, installed, tmp_path)

    assert {409} == {
        int(str(status)[:3]) if isinstance(status, int) else 409
        for status in ship(client, installed, tmp_path, resent=True)
    }
    assert [20] == ElasticsearchStore(client, installed).counts(MODEL, [EVERYTHING])


def test_events_that_were_given_one_id(client, installed, tmp_path):
    """Two predictions with one event.id, in different backing indices, both count, resent or not."""
    docs = [document(1, hours=0, num={"x": n}) for n in range(4)]
    for doc in docs:
        doc["event"]["dataset"] = f"driftlog.{MODEL}"
    write_lines(tmp_path / "a.ndjson", docs)
    ship(client, installed, tmp_path, only=[0, 1])
    roll_over(client, installed)
    ship(client, installed, tmp_path, resent=True, only=[1, 2, 3])
    assert 5 == raw(client, installed)

    (profile,) = ElasticsearchStore(client, installed).profiles(SPEC, [EVERYTHING])

    assert (4, 1.5) == (profile.events, profile.features["x"].numeric.mean)


def test_more_copies_than_a_page(client, installed, tmp_path):
    """A whole large batch that was sent twice is counted once."""
    write(tmp_path, [{"x": n % 5} for n in range(12_000)])
    ship(client, installed, tmp_path)
    roll_over(client, installed)
    ship(client, installed, tmp_path, resent=True)
    assert 24_000 == raw(client, installed)
    store = ElasticsearchStore(client, installed)

    assert 12_000 == store.extent(MODEL).events
    assert [12_000] == store.counts(MODEL, [EVERYTHING])
