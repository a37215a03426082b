"""Feedback loops: both stores against a walk through the events, and an analysis that looks for one."""

import random
from datetime import timedelta

import pytest

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._elasticsearch import _search
from driftlog_analyzers._feedback import FeedbackSpec, Followed, reach
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize, TimeSize, Window
from tests.analyzers.spools import HOUR, MODEL, at, documents, inside, moment_of, write

SPEC = FeedbackSpec("item", "last_item", "user_id", timedelta(hours=2))


def traffic(seed, hours, *, follows=lambda _: 0.2, users=8, per_hour=60):
    """Rows of some hours; a user's input is the model's last output with the hour's probability."""
    chance = random.Random(seed)
    said, rows = {}, []
    for n in range(hours * per_hour):
        user = chance.choice([f"u{k}" for k in range(users)])
        other = chance.choice("abcdefgh")
        loops = user in said and chance.random() < follows(n // per_hour)
        item = chance.choice("abcdefgh")
        features = {"user_id": user, "last_item": said[user] if loops else other}
        rows.append(
            {
                "features": features,
                "prediction": {"item": item, "score": chance.random()},
                "timestamp": at(n / per_hour),
            }
        )
        said[user] = item
    return rows


def value(doc, role, name):
    """A string or number of an event, with its kind."""
    part = doc["driftlog"] if not role else doc["driftlog"].get(role, {})
    return next(((s, part[s][name]) for s in ("cat", "num") if name in part.get(s, {})), None)


def expected(spool, window, spec=SPEC):
    """Counted one event at a time."""
    docs = sorted(documents(spool), key=lambda doc: (moment_of(doc), doc["event"]["id"]))
    n = hits = 0
    for doc in docs:
        who, what = value(doc, "", spec.entity), value(doc, "", spec.input)
        if who is None or what is None or not inside(doc, window):
            continue
        n += 1
        earlier = [
            d
            for d in docs
            if value(d, "", spec.entity) == who
            and moment_of(d) < moment_of(doc)
            and value(d, "prediction", spec.output) is not None
        ]
        if earlier and moment_of(doc) - moment_of(earlier[-1]) <= spec.within:
            hits += value(earlier[-1], "prediction", spec.output) == what
    return Followed(n, hits)


@pytest.mark.parametrize("size", [TimeSize(HOUR), CountSize(50)])
def test_both_stores(tmp_path, opened, monkeypatch, size):
    """Every window, in any order, counts what a walk through the events counts."""
    monkeypatch.setattr(_search, "PAGE", 40)
    rows = traffic(1, 6, users=30)
    chance = random.Random(2)
    for row in rows:
        for name, other in (("user_id", 7), ("last_item", None), ("last_item", 1)):
            if chance.random() < 0.1:
                row["features"][name] = other
        if chance.random() < 0.2:
            row["prediction"] = {"item": 1} if chance.random() < 0.5 else {"score": 0.5}
        if chance.random() < 0.3:
            row["timestamp"] = at(chance.randrange(6))
    write(tmp_path, rows)
    store = opened(tmp_path)
    windows = store.windows(MODEL, size)[1:]

    found = store.feedback(MODEL, SPEC, windows[::-1])[::-1]

    assert [expected(tmp_path, window) for window in windows] == list(found)
    assert sum(one.hits for one in found) > 10


def test_nothing_to_follow(tmp_path, opened):
    """Events without the features, and no windows, are no traffic."""
    write(tmp_path, [{"x": 1}])
    store = opened(tmp_path)

    assert [Followed()] == list(store.feedback(MODEL, SPEC, [Window(at(0), at(1))]))
    assert [] == list(store.feedback(MODEL, SPEC, []))


def test_analysis(tmp_path, opened):
    """A loop that begins is found in its hours only, and only where people ask for it."""
    bad = (8, 9)
    spool = tmp_path / "spool"
    write(spool, traffic(3, 12, follows=lambda hour: 0.8 if hour in bad else 0.1))
    store = opened(spool)
    baseline = baseline_from_store(store, model=MODEL, version="7", end=at(6))
    size = TimeSize(HOUR)

    with StateFile(tmp_path / "state.sqlite") as state:
        silent = analyze(store, baseline, state, size)
        found = analyze(store, baseline, state, size, settings=Settings(feedback=SPEC))

    assert not [r for e in silent for r in e.results if r.detector == "feedback"]
    results = [[r for r in e.findings if r.detector == "feedback"] for e in found]
    assert list(bad) == [n for n, some in enumerate(results) if some]
    assert "last_item" == results[8][0].feature
    assert "are what the model last said as item to the same user_id" in results[8][0].summary


def test_too_few(tmp_path, opened):
    """Under the minimum the answer is insufficient data."""
    spool = tmp_path / "spool"
    rows = traffic(4, 3)
    for row in rows[-50:]:
        del row["features"]["last_item"]
    write(spool, rows)
    store = opened(spool)
    baseline = baseline_from_store(store, model=MODEL, version="7", end=at(2))

    with StateFile(tmp_path / "state.sqlite") as state:
        found = analyze(store, baseline, state, TimeSize(HOUR), settings=Settings(feedback=SPEC))

    (result,) = [r for r in found[-1].results if r.detector == "feedback"]
    assert (Outcome.INSUFFICIENT, 10) == (result.outcome, result.n)


def test_reach():
    """Outputs count from the span before the first window on, as far as the calendar goes."""
    windows = [Window(at(5), at(6)), Window(at(3), at(4))]

    assert Window(at(1), at(6)) == reach(windows, timedelta(hours=2))
    assert reach(windows, timedelta(days=900_000)).start.year == 1
