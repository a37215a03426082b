import pytest

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import FeatureProfile
from driftlog_analyzers.detectors.new_feature import new_feature
from tests.analyzers.cases import ABSENT, SIZES, case, numbers, planned, strings, undeclared


def test_once_is_enough():
    """One event with an undeclared feature is a finding of low severity, by rule."""
    result = new_feature(undeclared(strings({"a": 1}), window=1000))

    assert (
        "new_feature",
        "f",
        Outcome.FINDING,
        Severity.LOW,
        "f is new: a string in 0.1 % of 1,000 events that the baseline does not know",
        1000,
        0.001,
        None,
        (Change("present", 0.0, 0.001, 0, 1),),
        Condition("type", "f", ("string",)),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.p_value,
        result.changes,
        result.condition,
    )


@pytest.mark.parametrize(
    ("after", "words", "condition"),
    [
        (FeatureProfile(nulls=5), "a null", Condition("null", "f")),
        (FeatureProfile(nonfinite=5), "a number that is not finite", Condition("nonfinite", "f")),
        (
            FeatureProfile(others={"Point": 5}),
            "a Point",
            Condition("type", "f", ("Point",)),
        ),
    ],
)
def test_without_a_value(after, words, condition):
    """A new feature without a usable value is named and found as what it is."""
    result = new_feature(undeclared(after))

    assert (
        f"f is new: {words} in 100 % of 5 events that the baseline does not know",
        condition,
    ) == (
        result.summary,
        result.condition,
    )


@pytest.mark.parametrize("n", SIZES)
def test_declared(n):
    """A declared feature is not new."""
    assert new_feature(case(numbers(n), numbers(n))) is None


def test_planned_feature_comes():
    """A feature that people planned is not new when it comes."""
    assert new_feature(planned(numbers(10), kind="numeric")) is None


def test_absent():
    """A feature that is not there is not new."""
    assert new_feature(undeclared(ABSENT, window=10)) is None
