from datetime import timedelta

import pytest

from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import TimeSize
from tests.analyzers.spools import MODEL, at, write

HOURS = TimeSize(timedelta(hours=1))
HOUR = 240


@pytest.fixture
def told(tmp_path):
    """A function that logs three hours as reference, then one hour by version; gives each finding's explanation."""

    def run(hour):
        usual = [row(n, 3 * HOUR) for n in range(3 * HOUR)]
        write(tmp_path / "spool", usual, version="1.8.1")
        for version, rows in hour.items():
            late = [
                each | {"timestamp": at(3) + timedelta(seconds=n)} for n, each in enumerate(rows)
            ]
            write(tmp_path / "spool", late, version=version)
        with SpoolStore(tmp_path / "spool") as store, StateFile(tmp_path / "state.db") as state:
            baseline = baseline_from_store(store, model=MODEL, version="1.8.1", end=at(3))
            found = analyze(store, baseline, state, HOURS, start=at(3))
            assert found == list(state.evaluations(MODEL, HOURS))
        return {
            (r.detector, r.feature): r.explanation
            for r in found[0].findings
            if r.detector != "deployment"
        }

    return run


def row(n, of=HOUR, **more):
    """One event of some, a step after the other; features can be changed, or left out with `...`."""
    features = {"x": n % 7, "c": "abc"[n % 3]} | more
    prediction = {"score": n % 5 / 5}
    if features.pop("unscored", False):
        prediction = {"label": "a"}
    return {
        "features": {name: value for name, value in features.items() if value is not ...},
        "prediction": prediction,
        "timestamp": at(3 * n / of),
    }


def test_dropped(told):
    """A feature that all events of one version lack and no other does was dropped by that version."""
    rows = [row(n, c=...) for n in range(60)]

    assert {("vanished", "c"): "dropped by version 1.8.2"} == told(
        {"1.8.1": [row(n) for n in range(180)], "1.8.2": rows}
    )


def test_in_the_summary(told, tmp_path):
    """It is kept in the state, at the end of the summary."""
    told({"1.8.1": [row(n) for n in range(180)], "1.8.2": [row(n, c=...) for n in range(60)]})

    with StateFile(tmp_path / "state.db") as state:
        (summary,) = (
            r.summary
            for e in state.evaluations(MODEL, HOURS)
            for r in e.findings
            if r.detector == "vanished"
        )
    assert "c is absent from 25 % of 240 events (before: 0 %); dropped by version 1.8.2" == summary


def test_sometimes_absent(told):
    """A version that lacks it now and then did not drop it."""
    rows = [row(n, c=... if n % 2 else "abc"[n % 3]) for n in range(120)]

    assert {("vanished", "c"): "absent in version 1.8.2 only"} == told(
        {"1.8.1": [row(n) for n in range(120)], "1.8.2": rows}
    )


def test_null(told):
    """A version that sends null is named, too."""
    rows = [row(n, x=None) for n in range(60)]

    assert {("na_spike", "x"): "null in version 1.8.2"} == told(
        {"1.8.1": [row(n) for n in range(180)], "1.8.2": rows}
    )


def test_output(told):
    """So is one that does not give an output."""
    rows = [row(n, unscored=True) for n in range(60)]
    found = told({"1.8.1": [row(n) for n in range(180)], "1.8.2": rows})

    assert "dropped by version 1.8.2" == found["vanished", "prediction.score"]


def test_other_versions_lack_it_too(told):
    """One event of another version that lacks it, and no version is blamed."""
    rows = [row(n) for n in range(179)] + [row(0, c=...)]

    assert {("vanished", "c"): ""} == told(
        {"1.8.1": rows, "1.8.2": [row(n, c=...) for n in range(60)]}
    )


def test_by_chance(told):
    """Where nearly all events are of one version, that all absent ones are, too, says nothing."""
    rows = [row(n, c=... if n % 4 == 0 else "abc"[n % 3]) for n in range(236)]

    assert {("vanished", "c"): ""} == told({"1.8.1": rows, "1.8.2": [row(n) for n in range(4)]})


def test_one_version(told):
    """A window of one version needs no explanation of that kind, new though it be."""
    assert {("vanished", "c"): ""} == told({"1.8.2": [row(n, c=...) for n in range(240)]})


def test_many_versions(told):
    """Of many versions the unknown ones and then the most frequent are asked."""
    known = {"1.8.1": [row(n) for n in range(100)]}
    new = {f"1.8.{i}": [row(n) for n in range(20)] for i in range(3, 9)}
    small = {"1.9": [row(n, c=...) for n in range(30)]}

    assert {("vanished", "c"): "dropped by version 1.9"} == told(known | new | small)
