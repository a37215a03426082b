from datetime import timedelta

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._cause import Cause, CauseKind
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._incident import incidents
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._store import ByHost
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import EVERYTHING, MODEL, at, document, write_lines

HOUR = TimeSize(timedelta(hours=1))


def logged(number, host, *, minutes=None, **parts):
    """An event of a host, so many minutes after the beginning."""
    found = document(number, (number if minutes is None else minutes) / 60, **parts)
    return found | ({"host": {"name": host}} if host else {})


def test_by_host(tmp_path, opened):
    """By host, the events of each window and those that show each condition; events without host are left out."""
    events = [
        logged(0, "a", num={"x": 1.0}),
        logged(1, "a", na=["x"]),
        logged(2, "b", na=["x"]),
        logged(3, "b", num={"x": 5.0}),
        logged(4, None, na=["x"]),
    ]
    write_lines(tmp_path / "m.ndjson", events)
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


def test_one_host_is_the_cause(tmp_path, opened):
    """What all struck events of one host show is explained by it, and its alerts are one incident."""
    hosts = ("web-1", "web-2", "web-3")
    events = []
    for n in range(720):
        host = hosts[n % 3]
        broken = n >= 600 and host == "web-3"
        numbers = {"age": float(n % 7), "city": float(n % 5)}
        parts = {"na": ["age"], "num": {}} if broken else {"num": numbers}
        events.append(logged(n, host, minutes=n / 4, **parts))
    write_lines(tmp_path / "m.ndjson", events)
    store = opened(tmp_path)
    with StateFile(tmp_path / "state.db") as state:
        baseline = baseline_from_store(store, model=MODEL, version="7", end=at(2))
        (*_, last) = analyze(store, baseline, state, HOUR, start=at(2))
        found = incidents(state.episodes())
    told = {(r.detector, r.feature): (r.explanation, dict(r.shared)) for r in last.findings}
    expected = ("on host web-3 only", {"host": "web-3"})
    assert {("na_spike", "age"): expected, ("vanished", "city"): expected} == told
    assert [Cause(CauseKind.HOST, "web-3")] == [one.cause for one in found]
