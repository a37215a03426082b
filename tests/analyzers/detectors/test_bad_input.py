"""Whatever a feature holds, in the reference or in the window, every detector has a defined answer.

Each kind of column stands beside each other kind, logged and profiled as a service's would be. Warnings are errors in
all tests, so no answer comes with one.
"""

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from driftlog import Text
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._baseline import Baseline, infer_constraints
from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._evaluate import _cases, evaluate
from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._reference import baseline_from_store, profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import CountSize, Window
from driftlog_analyzers.detectors import FEATURE_DETECTORS, OUTPUT_NAMES
from driftlog_analyzers.errors import BaselineError
from tests.analyzers.cases import random_source
from tests.analyzers.spools import MODEL, at, write

REFERENCE = 100
WINDOWS = (1, 20, 100)
WORDS = ("good", "bad", "late")
SETTINGS = Settings(thresholds={"quality": 0.0})
ABSENT = object()

KINDS = {
    "constant": lambda _, __: 7.0,
    "mostly zero": lambda _, rng: 0.0 if rng.random() < 0.7 else rng.normal(),
    "numbers": lambda _, rng: rng.normal(),
    "huge": lambda n, _: 1.7e308 if n % 2 else -1.7e308,
    "tiny": lambda n, _: 5e-324 * (n % 3),
    "null": lambda _, __: None,
    "not finite": lambda n, _: math.inf if n % 2 else math.nan,
    "once": lambda n, _: None if n else 1.0,
    "absent": lambda _, __: ABSENT,
    "one string": lambda _, __: "a",
    "mostly a": lambda n, rng: "a" if rng.random() < 0.7 else f"b{n % 9}",
    "all different": lambda n, _: f"v{n}",
    "ten thousand": lambda n, _: [f"v{100 * n + i}" for i in range(100)],
    "empty lists": lambda _, __: [],
    "mixed": lambda n, _: (1.0, "a", ["a"], None, True)[n % 5],
    "text": lambda n, rng: " ".join(rng.choice(WORDS, 1 + n % 4)),
    "known text": lambda _, rng: " ".join(rng.choice(WORDS, 3)),
    "empty text": lambda _, __: "",
}
"""A value by the event's number and a source of random numbers."""
VOCABULARIES = {
    "text": None,
    "known text": frozenset(WORDS[:2]),
    "empty text": None,
    "one text": None,
}


def column(before, after):
    """The name of the feature that was of one kind and is of another."""
    return f"{before} then {after}"


def rows(before, count, rng):
    """Events of all features as they were, or as they are."""
    pairs = [(column(a, b), a if before else b) for a, b in product(KINDS, KINDS)]
    for n in range(count):
        made = {name: KINDS[kind](n, rng) for name, kind in pairs}
        yield {name: value for name, value in made.items() if value is not ABSENT}


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The baseline of a reference, and the profile of each window."""
    rng, spool = random_source(), tmp_path_factory.mktemp("spool")
    texts = {
        column(a, b): Text(VOCABULARIES[a if a in VOCABULARIES else b])
        for a, b in product(KINDS, KINDS)
        if a in VOCABULARIES or b in VOCABULARIES
    }
    sizes = (REFERENCE, *WINDOWS)
    for begin, count in enumerate(sizes):
        found = enumerate(rows(begin == 0, count, rng))
        calls = [{"features": row, "timestamp": at(begin + n / 1000)} for n, row in found]
        write(spool, calls, text=texts)
    windows = [Window(at(begin), at(begin + 1)) for begin in range(1, len(sizes))]
    with SpoolStore(spool) as store:
        made = baseline_from_store(store, model=MODEL, version="7", end=at(1))
        return made, dict(zip(WINDOWS, store.profiles(profile_spec(made), windows), strict=True))


def check(result, feature):
    """An answer is one of three, about its feature, and all its figures are numbers."""
    assert isinstance(result.outcome, Outcome)
    assert feature == result.feature
    assert result.summary
    assert math.isfinite(result.effect)
    assert result.p_value is None or 0.0 <= result.p_value <= 1.0
    assert 0.0 <= result.least <= 1.0
    assert result.n >= 0
    assert all(math.isfinite(x) for c in result.changes for x in (c.before, c.after))
    assert not any(math.isnan(value) for value in result.statistics.values())


@pytest.mark.parametrize("events", WINDOWS)
@pytest.mark.parametrize(("name", "detector"), FEATURE_DETECTORS)
def test_every_detector(logged, name, detector, events):
    """Of each kind of column beside each other kind a detector says nothing, or something that is defined."""
    baseline, profiles = logged
    answers = [
        (case.feature, detector(case, SETTINGS.min_events))
        for case in _cases(profiles[events], baseline, SETTINGS, baseline.profile)
    ]

    assert len(KINDS) ** 2 - 1 <= len(answers)
    for feature, result in answers:
        if result is not None:
            assert name == result.detector
            check(result, feature)


@pytest.mark.parametrize("events", WINDOWS)
def test_together(logged, events):
    """All detectors on all features at once: none fails, and too few events are answered once."""
    baseline, profiles = logged
    results = evaluate(profiles[events], baseline, SETTINGS, [], reference=None)

    assert [] == [result.summary for result in results if result.detector == "monitor"]
    small = events < SETTINGS.min_events
    assert small == (("window", Outcome.INSUFFICIENT) in {(r.detector, r.outcome) for r in results})


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_is_no_fault(logged, kind):
    """What was like this in the reference is no fault in the window, however odd it is."""
    baseline, profiles = logged
    results = evaluate(profiles[100], baseline, SETTINGS)

    assert [] == [r.summary for r in results if r.alerts and r.feature == column(kind, kind)]


@pytest.mark.parametrize("events", WINDOWS)
@pytest.mark.parametrize("declared", [True, False])
def test_an_empty_baseline(logged, events, declared):
    """Beside a reference without events features are new or declared, and no detector fails."""
    made, profiles = logged
    rules = made.constraints if declared else {}
    baseline = replace(made, profile=WindowProfile(), constraints=rules, vocabulary={})

    results = evaluate(profiles[events], baseline, SETTINGS, [])

    assert [] == [result.summary for result in results if result.detector == "monitor"]
    for result in results:
        check(result, result.feature)


def test_an_empty_baseline_and_an_empty_window():
    """Nothing beside nothing is too little to judge."""
    baseline = Baseline("m", "1", datetime(2026, 1, 1, tzinfo=UTC), "x", WindowProfile(), {})

    (result,) = evaluate(WindowProfile(), baseline, SETTINGS)

    assert Outcome.INSUFFICIENT == result.outcome


def test_a_reference_of_one_event(logged):
    """A reference of one event proves nothing, and no detector fails on it."""
    made, profiles = logged
    one = profiles[1]
    baseline = replace(made, profile=one, constraints=infer_constraints(one), outputs={})

    results = evaluate(profiles[100], baseline, SETTINGS)

    assert not {"monitor", "numeric_shift", "category_shift", "oov_rate"} & {
        result.detector for result in results if result.alerts and result.p_value is not None
    }
    assert [] == [result.summary for result in results if result.detector == "monitor"]


def test_a_baseline_of_one_window(tmp_path):
    """It judges windows; to calibrate it is too little, which one sentence says."""
    rng = random_source()
    write(tmp_path / "spool", [{"x": rng.normal(), "c": "a"} for _ in range(300)])
    size = CountSize(100)
    with SpoolStore(tmp_path / "spool") as store, StateFile(tmp_path / "state.db") as state:
        first = store.windows(MODEL, size)[0]
        baseline = baseline_from_store(store, model=MODEL, version="7", end=first.end)
        found = analyze(store, baseline, state, size)
        with pytest.raises(BaselineError, match="at least 8 are needed"):
            calibrated(store, baseline, size)

    assert [[], [], []] == [[r.summary for r in e.findings] for e in found]


def test_outputs_have_the_same_detectors():
    """Outputs are asked by the detectors of features, so that what holds for those holds for them."""
    assert OUTPUT_NAMES.keys() <= dict(FEATURE_DETECTORS).keys()
