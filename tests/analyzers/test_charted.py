"""What charts show beside a profile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._baseline import Baseline, Constraint, infer_constraints
from driftlog_analyzers._charted import (
    Charted,
    figures,
    known_values,
    limits,
    unseen_rate,
    usual_rates,
)
from driftlog_analyzers._profile import Categorical, FeatureProfile, Text, WindowProfile
from driftlog_analyzers._quality import Confusion, Quality
from driftlog_analyzers._settings import Settings
from driftlog_analyzers.detectors._rates import matters
from tests.analyzers.cases import strings

N = 1000


def charted(feature, settings=None):
    """A baseline of one feature."""
    profile = WindowProfile(N, features={"f": feature})
    rules = infer_constraints(profile)
    baseline = Baseline("m", "1", datetime(2026, 1, 1, tzinfo=UTC), "x", profile, rules)
    return Charted(baseline, settings or Settings())


@given(st.integers(0, 900))
def test_the_null_limit_is_where_the_detector_begins(nulls):
    """Just beyond the line a change is large enough for the detector, just below it is not."""
    feature = FeatureProfile(numbers=N - nulls, nulls=nulls)
    line = limits(charted(feature), "f", feature)["null"]
    before = nulls / N
    assert matters(before, line + 1e-9)
    assert not matters(before, line - 1e-9)


def test_a_feature_without_nulls_has_a_limit():
    """From half a point on a first null counts."""
    feature = FeatureProfile(numbers=N)
    assert pytest.approx(0.005) == limits(charted(feature), "f", feature)["null"]


def test_own_thresholds_move_the_lines():
    """A threshold that people set counts instead of the detector's own, in the unit of its effect."""
    feature = replace(FeatureProfile(numbers=900), nulls=0)
    settings = Settings(thresholds={"vanished.f": 0.2, "na_spike": 1.0})
    found = limits(charted(feature, settings), "f", feature)
    assert pytest.approx(0.7) == found["present"]
    assert 0.2 < found["null"] < 0.25  # sin²(1/2)


def test_texts_and_values_have_limits_of_their_own():
    """OOV counts from half a point and a fifth more on, unseen values from the usual novelty on."""
    text = FeatureProfile(texts=100, text=Text(100, 1000, 100, 0, 0, 0))
    assert pytest.approx(0.12) == limits(charted(text), "f", text)["oov"]
    values = strings({"a": 998, "b": 1, "c": 1})
    assert pytest.approx(0.003) == limits(charted(values), "f", values)["unseen"]


def test_known_values_are_the_constraints_where_people_list_them():
    """A value that was added to the list is known, one that was removed is not; a tail makes no list."""
    values = strings({"a": 5, "b": 5})
    assert {"a", "b"} == known_values(values, None)
    rule = Constraint("categorical", values=("a", "c"))
    assert {"a", "c"} == known_values(values, rule)
    assert known_values(strings({"a": 5}, tail=3), rule) is None
    assert pytest.approx(0.5) == unseen_rate(Categorical({"a": 4, "b": 3}, 1, 1), frozenset("a"))
    assert unseen_rate(Categorical({"a": 4}), None) is None


def test_usual_rates():
    """Absence is of all events, nulls are of those that carry the feature."""
    feature = replace(strings({"a": 449, "b": 1}), nulls=50)
    assert {
        "present": 0.5,
        "absent": 0.5,
        "null": 0.1,
        "nonfinite": 0.0,
        "unseen": 1 / 450,
    } == usual_rates(feature, N)


def test_figures_are_those_that_the_labels_allow():
    """Labels of classes give accuracy and F1, and no error of a number."""
    found = figures(Quality(4, 4, confusion=Confusion({("a", "a"): 3, ("a", "b"): 1})))
    assert {"labelled", "accuracy", "f1"} == found.keys()
    assert 0.75 == found["accuracy"]
