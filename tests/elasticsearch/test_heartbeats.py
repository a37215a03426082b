"""Heartbeats from the uploader to alerts, on a real node."""

from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from driftlog import PredictionLogger
from driftlog._upload import Upload, ship
from driftlog_analyzers import _shippers
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._beats import HeartbeatStore
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._shippers import watched
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import TimeSize, Window

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def document(at, **facts):
    """A heartbeat as the uploader writes it."""
    usual = {
        "spool": "/spool",
        "models": ["m", "other"],
        "every_s": 60.0,
        "accepted": 100,
        "dropped": 0,
        "not_accepted": 0,
        "oldest_unsent_s": 0.0,
        "rss_bytes": 2**20,
        "cpu_pct": 1.0,
    }
    return {
        "@timestamp": at.isoformat(),
        "event": {"kind": "metric", "dataset": "driftlog.shipper"},
        "host": {"name": "h"},
        "driftlog": {"shipper": usual | facts},
    }


@pytest.fixture
def store(client, namespace, setup):
    """The store of a namespace that is set up."""
    setup()
    return ElasticsearchStore(client, namespace)


def index(client, namespace, documents):
    """Index heartbeats."""
    lines = [line for one in documents for line in ({"create": {}}, one)]
    stream = f"metrics-driftlog.shipper-{namespace}"
    assert not client.bulk(index=stream, operations=lines, refresh=True)["errors"]


def hours_before(count):
    """Windows of an hour, the last of them over now."""
    return [Window(NOW - n * HOUR, NOW - (n - 1) * HOUR) for n in range(count, 0, -1)]


def test_no_heartbeat_ever(namespace, elasticsearch_url):
    """Where no shipper ever sent one, there is nothing, and no error."""
    with Elasticsearch(elasticsearch_url, max_retries=0) as plain:
        found = ElasticsearchStore(plain, namespace).heartbeats("m", hours_before(3))

    assert [{}, {}, {}] == list(found)


def test_sums(client, namespace, store):
    """Means, last values and growth are by window and shipper, of shippers that held the model's events."""
    windows = hours_before(60)
    at = windows[-1].start
    index(
        client,
        namespace,
        [
            document(at, accepted=100, rss_bytes=10, dropped=1),
            document(at + HOUR / 2, accepted=350, rss_bytes=30, not_accepted=2, models=[]),
            document(at, spool="/foreign", models=["other"]),
            document(windows[0].start, spool="/two", oldest_unsent_s=9.5),
            document(at + HOUR, accepted=999),
        ],
    )

    found = list(store.heartbeats("m", windows))

    assert {"h /two"} == found[0].keys()
    assert 9.5 == found[0]["h /two"].oldest
    assert [{}] * 58 == found[1:-1]
    (beats,) = found[-1].values()
    assert (2, 20.0, 350, 250, 3) == (
        beats.count,
        beats.memory,
        beats.accepted,
        beats.shipped,
        beats.lost,
    )
    assert (60.0, at + HOUR / 2, True) == (beats.every, beats.last, beats.holds)
    assert isinstance(store, HeartbeatStore)


def test_the_uploaders_own(client, namespace, store, elasticsearch_url, tmp_path):
    """What the uploader sends is read, with the model's name and the interval."""
    with PredictionLogger(model="m", version="7", spool=tmp_path) as logger:
        for n in range(5):
            logger.log({"x": n})
    (segment,) = tmp_path.glob("*.ndjson")
    segment.write_bytes(segment.read_bytes() + b"no event\n" * 12)
    upload = Upload(url=elasticsearch_url, namespace=namespace, keep=None, heartbeat=0.01)
    ship(tmp_path, upload, until_empty=True)
    client.indices.refresh(index=f"metrics-driftlog.shipper-{namespace}")
    start = datetime.now(UTC) - HOUR / 2
    window = Window(start, start + HOUR)

    (found,) = store.heartbeats("m", [window])

    (beats,) = found.values()
    assert (17, 0, 12, 0.01) == (beats.accepted, beats.lost, beats.refused, beats.every)
    assert beats.memory > 2**20
    told = watched(store, "m", TimeSize(HOUR), [window], now=window.end, settings=Settings())
    assert {"shipper.quarantine"} <= {r.feature for r in told[window] if r.alerts}


def test_a_rule_that_fails(client, namespace, store, monkeypatch):
    """Where judging the shippers fails, that is the answer, and the analysis goes on."""
    index(client, namespace, [document(NOW - HOUR / 2)])
    monkeypatch.setattr(_shippers, "resources", lambda *_: 1 / 0)
    (window,) = hours_before(1)

    told = watched(store, "m", TimeSize(HOUR), [window], now=NOW, settings=Settings())

    assert [("resources", Outcome.INSUFFICIENT)] == [(r.detector, r.outcome) for r in told[window]]


def test_from_heartbeats_to_alerts(client, namespace, store, tmp_path):
    """A shipper that falls silent is an alert, and the silence in the traffic is laid to it."""
    times = [NOW - 194 * HOUR + n * timedelta(minutes=3) for n in range(192 * 20)]
    with PredictionLogger(model="m", version="7", spool=tmp_path / "spool") as logger:
        for at in times:
            logger.log({"x": at.minute}, timestamp=at)
    index(client, namespace, [document(at, every_s=180.0) for at in times])

    class Both(SpoolStore):
        """Events of the spool, heartbeats of the node."""

        def heartbeats(self, model, windows):
            return store.heartbeats(model, windows)

    with Both(tmp_path / "spool") as both, StateFile(tmp_path / "state.sqlite") as state:
        made = baseline_from_store(both, model="m", version="7")
        found = analyze(both, made, state, TimeSize(HOUR), end=NOW, now=NOW)
        episodes = state.episodes("m")

    told = {(e.detector, e.feature) for e in episodes}
    assert {("volume", ""), ("resources", "shipper.silence")} == told
    assert found[-1].findings[0].severity in {"high", "critical"}
    (volume,) = [e for e in episodes if e.detector == "volume"]
    assert volume.summary.endswith("; the shipper is silent")
