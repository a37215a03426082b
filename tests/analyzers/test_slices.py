"""Detectors within slices: what only one group shows is found, what everybody shows is told once."""

import json
import random

import pandas as pd
import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._reference import (
    baseline_from_frame,
    baseline_from_store,
    profile_frame,
)
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._slices import MOST, largest_slices
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._table import Roles
from driftlog_analyzers.errors import InputError
from tests.analyzers.cases import lists, numbers, strings
from tests.analyzers.spools import MODEL, at, documents
from tests.analyzers.state_helpers import HOUR

ROLES = Roles(predictions=frozenset({"score"}))


def frame(count=6_000, seed=1, change=lambda row: row):
    """Loan applications of two countries; `change` breaks a row."""
    print("seed", seed)
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        row = {
            "country": chance.choices(["DE", "FR", "IT"], [70, 25, 5])[0],
            "income": chance.gauss(100, 10),
            "plan": chance.choice("xyz"),
            "score": chance.random(),
        }
        rows.append(change(row))
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def baseline():
    """The applications as they were."""
    return baseline_from_frame(frame(), model=MODEL, version="7", roles=ROLES, segments=["country"])


def lower_score(country):
    """A change that lowers the scores of one country."""
    return lambda row: row | {"score": row["score"] / 4} if row["country"] == country else row


def told(baseline, window):
    """Every result of a frame, its slices included."""
    plain = profile_frame(window, baseline, ROLES)
    return evaluate(plain, baseline, Settings())


def alerts(results):
    """Detector, feature and segment of what people are alerted of."""
    return {(r.detector, r.feature, r.segment) for r in results if r.alerts}


def test_no_fault(baseline):
    """A window like the reference has no finding in any slice."""
    results = told(baseline, frame(3_000, seed=2))

    assert set() == alerts(results)
    assert {"", "country=DE", "country=FR", "country=IT"} == {r.segment for r in results}


def test_unequal_treatment_of_a_group(baseline):
    """Scores that fall for one country in twenty are found there, though nothing is to be seen of all."""
    window = frame(1_000, seed=3, change=lower_score("IT"))

    results = told(baseline, window)
    found = [r for r in results if r.alerts and r.detector == "prediction_shift"]

    assert {("prediction.score", "country=IT")} == {(r.feature, r.segment) for r in found}
    assert found[0].summary.startswith("country=IT: ")
    assert ("country", "IT") == found[0].condition.part
    assert not {r.segment for r in results if r.alerts} - {"country=IT"}


def test_bounds_are_those_of_all_events(baseline):
    """One number beyond the range of all events is too little for a finding, however small its slice is."""
    outlier = baseline.profile.features["income"].numeric.maximum + 1
    window = frame(3_000, seed=9)
    window.loc[window.index[window["country"] == "IT"][0], "income"] = outlier

    assert set() == alerts(told(baseline, window))


def test_what_all_events_show_is_told_once(baseline):
    """A feature that vanishes everywhere is one finding; its slices stay weak, so that no alert of theirs ends."""
    window = frame(3_000, seed=4).drop(columns="income")

    results = told(baseline, window)

    assert {("vanished", "income", "")} == alerts(results)
    assert {"country=DE", "country=FR", "country=IT"} == {r.segment for r in results if r.weak}


def test_small_slices_are_not_judged(baseline):
    """A slice with too few events, or none, says so; the others are judged."""
    window = frame(300, seed=5, change=lambda row: row | {"country": "DE"})

    results = told(baseline, window)
    short = {r.segment: r.n for r in results if r.outcome is Outcome.INSUFFICIENT}

    assert {"country=FR": 0, "country=IT": 0} == {s: n for s, n in short.items() if s}
    assert any(r.segment == "country=DE" for r in results)


def test_the_largest_slices():
    """At most ten values of each feature are chosen, the most frequent ones, none of them rare."""
    counts = {f"v{n:02}": 100 + n for n in range(15)} | {"rare": 99}
    profile = WindowProfile(5_000, {"c": strings(counts), "d": strings({"a": 4_900, "b": 100})})

    chosen = largest_slices(profile, ["c", "d", "c"])

    assert MOST + 2 == len(chosen)
    assert [("c", "v14"), ("c", "v13")] == list(chosen[:2])
    assert [("d", "a"), ("d", "b")] == list(chosen[-2:])


@pytest.mark.parametrize("name", ["n", "l", "rare", "nothing"])
def test_what_cannot_be_sliced(name):
    """Numbers, lists, rare values and unknown features are refused in a sentence that names what can be."""
    features = {"n": numbers(500), "l": lists(*[["a"]] * 200), "rare": strings({"a": 9})}

    with pytest.raises(InputError, match=f"segments cannot be made of '{name}'"):
        largest_slices(WindowProfile(500, features), [name])


def test_slices_survive_json_and_merging(baseline):
    """A profile with slices is read back as it was, and the slices of two windows add up."""
    profile = baseline.profile
    assert profile == from_json(WindowProfile, to_json(profile))

    alone = profile.with_parts({part: p for part, p in profile.parts.items() if part[1] == "DE"})
    both = profile.merge(alone)
    assert 2 * profile.segment("country=DE").events == both.segment("country=DE").events
    assert profile.segment("country=FR") == both.segment("country=FR")
    assert profile == profile.merge(WindowProfile()) == WindowProfile().merge(profile)
    assert WindowProfile() == profile.segment("country=ES")


def log(folder, hours, swapped=()):
    """Log hours of events of two countries with an `x` each of its own; in some hours each has the other's."""
    chance = random.Random(hours[0])
    print("seed", hours[0])
    with PredictionLogger(model=MODEL, version="7", spool=folder) as logger:
        for hour in hours:
            for n in range(300):
                own = {"DE": -2, "FR": 2} if hour not in swapped else {"DE": 2, "FR": -2}
                country = chance.choice(["DE", "FR"])
                row = {"country": country, "x": chance.gauss(own[country], 1)}
                logger.log(row, timestamp=at(hour + n / 300))


def test_alerts_of_slices(tmp_path):
    """What two groups swap is an alert for each, with examples of its own; both end when the groups are well again."""
    log(tmp_path, range(18), swapped={12, 13})
    with SpoolStore(tmp_path) as store, StateFile(tmp_path / "state.sqlite") as state:
        made = baseline_from_store(
            store, model=MODEL, version="7", end=at(10), segments=["country"]
        )
        found = analyze(store, made, state, HOUR)
        again = analyze(store, made, state, HOUR)
        episodes = [e for e in state.episodes(MODEL) if e.detector == "numeric_shift"]

    assert found == again
    told = {(e.feature, e.segment, e.windows, e.status) for e in episodes}
    assert {("x", "country=DE", 2, "inactive"), ("x", "country=FR", 2, "inactive")} == told
    assert 2 == len({e.id for e in episodes})
    countries = {d["event"]["id"]: d["driftlog"]["cat"]["country"] for d in documents(tmp_path)}
    for episode in episodes:
        assert 3 == len(episode.latest.events)
        assert {episode.segment} == {f"country={countries[name]}" for name in episode.latest.events}


def test_commands(driftlog_in, tmp_path):
    """The configuration's segments reach the baseline, the analysis, the alerts and the report."""
    log(tmp_path / "spool", range(12), swapped={10, 11})
    config = tmp_path / "driftlog.toml"
    config.write_text('spool = "spool"\n[models.churn]\nsegments = ["country"]\n')
    where = ("--config", config)

    bare = driftlog_in("baseline", "--spool", tmp_path / "spool", "--to", "2026-03-02T10:00")
    refused = driftlog_in("analyze", *where)
    made = driftlog_in("baseline", *where, "--to", "2026-03-02T10:00")
    shown = driftlog_in("analyze", *where, "--json")
    listed = driftlog_in("alerts", "list", *where)
    page = driftlog_in("report", *where, "--output", tmp_path / "report.html")

    assert (0, 0, 0, 0, 0) == (bare[0], made[0], shown[0], listed[0], page[0])
    assert 0 != refused[0]
    assert "has no segments of country" in refused[2]
    assert "country=FR" in {a["segment"] for a in json.loads(shown[1])["alerts"]}
    assert "country=FR" in listed[1]
    assert "in country=FR" in (tmp_path / "report.html").read_text()


@pytest.fixture
def driftlog_in(tmp_path):
    """Run the command as a process; code, stdout, stderr."""
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", "from driftlog._main import main; main()", *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"COLUMNS": "250", "PATH": "/usr/bin:/bin"},
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_quality_of_a_group(tmp_path):
    """A model that gets worse for one country in ten is found there, by the labels of its predictions."""
    chance = random.Random(7)
    print("seed", 7)
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger:
        for n in range(12 * 400):
            hour, country = n // 400, chance.choices(["DE", "FR"], [9, 1])[0]
            score = chance.random()
            right = 0.5 if country == "FR" and hour >= 10 else score
            moment = at(n / 400)
            name = logger.log({"country": country}, prediction=score, timestamp=moment)
            logger.log_label(name, chance.random() < right, timestamp=moment)
    with SpoolStore(tmp_path) as store, StateFile(tmp_path / "state.sqlite") as state:
        made = baseline_from_store(
            store, model=MODEL, version="7", end=at(10), segments=["country"]
        )
        analyze(store, made, state, HOUR)
        episodes = state.episodes(MODEL)

    assert {"country=DE", "country=FR"} == made.quality.parts.keys()
    assert made.quality == from_json(type(made.quality), to_json(made.quality))
    assert {("quality", "country=FR")} == {(e.detector, e.segment) for e in episodes}
