"""Quality in an analysis: labels that arrive late, on both stores."""

import random

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._baseline_file import load_baseline, save_baseline
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import TimeSize
from tests.analyzers.spools import HOUR, MODEL, at
from tests.contract.shipping import ship
from tests.contract.test_quality import label

HOURS = TimeSize(HOUR)
PER_HOUR = 60
GOOD = 6


def log_hours(spool, hours):
    """Predictions of some hours, by hour: each one's id and what it said."""
    chance = random.Random(5)
    found = {}
    with PredictionLogger(model=MODEL, version="7", spool=spool) as logger:
        for hour in range(hours):
            for n in range(PER_HOUR):
                said = chance.choice("ab")
                name = logger.log({"x": n}, prediction=said, timestamp=at(hour + n / PER_HOUR))
                found.setdefault(hour, []).append((name, said))
    return found


def tell(spool, said, share, *, after=50):
    """Label predictions, so many of them rightly."""
    chance = random.Random(len(said))
    other = {"a": "b", "b": "a"}
    label(spool, *[(i, s if chance.random() < share else other[s], after) for i, s in said])


@pytest.fixture
def log(tmp_path):
    """Nine hours, the first six labelled, nine in ten rightly; the ids of each hour."""
    folder = tmp_path / "spool"
    said = log_hours(folder, 9)
    for hour in range(GOOD):
        tell(folder, said[hour], 0.9)
    return folder, said


def run(store, baseline, state, **settings):
    """One run; gives the evaluations and how many windows were evaluated."""
    told = []
    found = analyze(
        store,
        baseline,
        state,
        HOURS,
        settings=Settings(**settings),
        progress=lambda done, _: told.append(done),
    )
    return found, told[-1] if told else 0


def baseline_of(store):
    """The first hours, with their labels."""
    return baseline_from_store(store, model=MODEL, version="7", end=at(GOOD))


def test_labels_that_arrive_later(request, opened, log, tmp_path):
    """New labels bring their windows, and no others, a next revision; a fall of accuracy is found then, once."""
    spool, said = log
    store = opened(spool)
    baseline = baseline_of(store)
    assert (GOOD * PER_HOUR,) * 2 == (baseline.quality.predictions, baseline.quality.labelled)

    with StateFile(tmp_path / "state.sqlite") as state:
        first, evaluated = run(store, baseline, state)
        assert 9 == evaluated
        assert [60] * 6 + [0] * 3 == [e.labelled for e in first]
        assert not [r for e in first for r in e.findings]
        answers = [r.outcome for r in first[8].results if r.detector == "quality"]
        assert [Outcome.INSUFFICIENT] == answers

        tell(spool, said[7], 0.4, after=60)
        tell(spool, said[8][:10], 0.9, after=60)
        if not isinstance(store, SpoolStore):
            values = (request.getfixturevalue(name) for name in ("client", "installed"))
            ship(*values, spool)

        second, evaluated = run(store, baseline, state)
        assert 2 == evaluated
        assert [1] * 7 + [2, 2] == [e.revision for e in second]
        assert first[:7] == second[:7]
        (finding,) = [r for e in second for r in e.findings]
        assert ("quality", "prediction.label", 60) == (finding.detector, finding.feature, finding.n)
        (episode,) = state.episodes(MODEL)
        assert second[7].window == episode.opened

        third, evaluated = run(store, baseline, state)
        assert (second, 0) == (third, evaluated)
        assert (episode,) == state.episodes(MODEL)


def test_more_labels_of_a_window_keep_its_alert(log, tmp_path):
    """A window that gets labels twice is evaluated twice, and its alert stays the same alert."""
    spool, said = log
    with SpoolStore(spool) as store:
        baseline = baseline_of(store)
        with StateFile(tmp_path / "state.sqlite") as state:
            tell(spool, said[7][:40], 0.4)
            run(store, baseline, state)
            (before,) = state.episodes(MODEL)

            tell(spool, said[7][40:], 0.4)
            found, evaluated = run(store, baseline, state)
            (after,) = state.episodes(MODEL)

    assert (1, 2) == (evaluated, found[7].revision)
    assert (before.id, before.raised) == (after.id, after.raised)
    assert (40, 60) == (before.latest.n, after.latest.n)


def test_profiles_are_not_made_anew(log, tmp_path, monkeypatch):
    """Labels alone cost no scan of the events' features: the saved profile is judged again."""
    spool, said = log
    with SpoolStore(spool) as store, StateFile(tmp_path / "state.sqlite") as state:
        baseline = baseline_of(store)
        run(store, baseline, state)
        tell(spool, said[7], 0.4)
        asked = []
        real = store.profiles
        monkeypatch.setattr(
            store, "profiles", lambda spec, windows: asked.extend(windows) or real(spec, windows)
        )

        _, evaluated = run(store, baseline, state)

    assert (1, []) == (evaluated, asked)


def test_models_without_labels_cost_nothing(opened, tmp_path, monkeypatch):
    """Where the log has no labels the baseline has no quality, and no join is made."""
    log_hours(tmp_path / "spool", 2)
    store = opened(tmp_path / "spool")
    monkeypatch.setattr(type(store), "quality", None)

    baseline = baseline_from_store(store, model=MODEL, version="7")
    with StateFile(tmp_path / "state.sqlite") as state:
        found, _ = run(store, baseline, state)

    assert not store.labelled(MODEL)
    assert baseline.quality is None
    assert not [r for e in found for r in e.results if r.detector == "quality"]


def test_disabled(log, tmp_path):
    """A detector that is disabled asks for no labels."""
    spool, said = log
    with SpoolStore(spool) as store, StateFile(tmp_path / "state.sqlite") as state:
        tell(spool, said[7], 0.4)
        found, _ = run(store, baseline_of(store), state, disabled=frozenset({"quality"}))

    assert [0] * 9 == [e.labelled for e in found]
    assert not [r for e in found for r in e.results if r.detector == "quality"]


def test_baseline_is_kept_with_its_quality(log, home, tmp_path):
    """What the labels say of the reference is read back as it was, classes with commas and quotes too."""
    spool, said = log
    label(spool, (said[0][0][0], 'a,"b', 99))
    with SpoolStore(spool) as store:
        baseline = baseline_of(store)
    assert 1 == sum(n for (_, truth), n in baseline.quality.confusion.pairs.items() if "," in truth)

    save_baseline(baseline, tmp_path / "b.toml")
    assert baseline == load_baseline(tmp_path / "b.toml")
    home.baselines.save(baseline)
    assert baseline == home.baselines.find(MODEL)
