from datetime import timedelta

import pytest

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._cause import Cause, CauseKind
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._incident import incidents
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._store import ByHost
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import EVERYTHING, MODEL, at, write

HOUR = TimeSize(timedelta(hours=1))


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Log rows as a service on some host does."""

    def run(host, rows):
        monkeypatch.setattr("socket.gethostname", lambda: host)
        write(tmp_path, rows)

    return run


def row(minutes, **features):
    """The features of an event so many minutes after the beginning."""
    return {"features": features, "timestamp": at(minutes / 60)}


def test_by_host(tmp_path, opened, log):
    """By host, the events of each window and those that show each condition."""
    log("a", [row(0, x=1.0), row(1, x=None)])
    log("b", [row(2, x=None), row(3, x=5.0)])
    store = opened(tmp_path)
    null, far = Condition("null", "x"), Condition("outside", "x", low=0.0, high=2.0)

    assert [ByHost({"a": 2, "b": 2}, ({"a": 1, "b": 1}, {"b": 1}))] == store.hosts(
        MODEL, [EVERYTHING], [[null, far]]
    )
    pairs = store.windows(MODEL, CountSize(2))
    assert [ByHost({"a": 2}, ({"a": 1},)), ByHost({"b": 2}, ({"b": 1}, {"b": 1}))] == store.hosts(
        MODEL, pairs, [[null], [null, far]]
    )
    assert [] == store.hosts(MODEL, [], [])


def test_one_host_is_the_cause(tmp_path, opened, log):
    """What all struck events of one host show is explained by it, and its alerts are one incident."""
    for place, host in enumerate(("web-1", "web-2", "web-3")):
        rows = []
        for n in range(place, 720, 3):
            features = {"age": n % 7, "city": n % 5}
            if n >= 600 and host == "web-3":
                features = {"age": None}
            rows.append(row(n / 4, **features))
        log(host, rows)
    store = opened(tmp_path)
    with StateFile(tmp_path / "state.db") as state:
        baseline = baseline_from_store(store, model=MODEL, version="7", end=at(2))
        (*_, last) = analyze(store, baseline, state, HOUR, start=at(2))
        found = incidents(state.episodes())
    told = {(r.detector, r.feature): (r.explanation, dict(r.shared)) for r in last.findings}
    expected = ("on host web-3 only", {"host": "web-3"})
    assert {("na_spike", "age"): expected, ("vanished", "city"): expected} == told
    assert [Cause(CauseKind.HOST, "web-3")] == [one.cause for one in found]
