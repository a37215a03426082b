from dataclasses import replace
from datetime import UTC, datetime

import pytest

from driftlog_analyzers._amend import Difference, accepted, differences
from driftlog_analyzers._baseline import Baseline, infer_constraints
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._settings import Settings
from driftlog_analyzers.errors import InputError
from tests.analyzers.cases import numbers, strings

FEATURES = {"age": numbers(1000), "plan": strings({"a": 500, "b": 500})}


def baseline(features=FEATURES, outputs=()):
    """A baseline of a thousand events."""
    profile = WindowProfile(1000, features, dict(outputs))
    return Baseline(
        "m",
        "1",
        datetime(2026, 1, 1, tzinfo=UTC),
        "a test",
        profile,
        infer_constraints(profile),
        outputs=infer_constraints(replace(profile, features=profile.predictions)),
    )


def finding(before, features, detector, outputs=()):
    """What a detector says of a thousand events with these features."""
    window = WindowProfile(1000, features, dict(outputs))
    return next(r for r in evaluate(window, before, Settings()) if r.detector == detector)


BEYOND = numbers(1000, high=42.0, bins=(900, 0, 0, 0, 0), above=100)
CLOSED = replace(
    baseline(), constraints={"plan": replace(baseline().constraints["plan"], min_domain_mass=1.0)}
)
FORBIDDEN = replace(
    baseline(), constraints={"age": replace(baseline().constraints["age"], nulls="forbidden")}
)


@pytest.mark.parametrize(
    ("before", "features", "detector", "expected"),
    [
        (baseline(), {"plan": FEATURES["plan"]}, "vanished", ("age", "required", "true", "false")),
        (baseline(), FEATURES | {"age": BEYOND}, "range", ("age", "maximum", "10", "42")),
        (
            CLOSED,
            {"plan": strings({"a": 900, "c": 100})},
            "unseen_category",
            ("plan", "values", "", "c"),
        ),
        (
            FORBIDDEN,
            {"age": numbers(900, nulls=100)},
            "na_spike",
            ("age", "nulls", "forbidden", "allowed"),
        ),
    ],
)
def test_accepted(before, features, detector, expected):
    """What the finding shows is allowed from now on: one key changes, and the finding is gone or no rule's any more."""
    shown = finding(before, features, detector)

    after = accepted(before, shown)

    assert (Difference(*expected),) == differences(before, after)


def test_an_output_is_amended_among_the_outputs():
    """The range of a prediction is widened in its own table."""
    before = baseline(outputs={"score": numbers(1000)})
    shown = finding(before, FEATURES, "range", {"score": BEYOND})

    after = accepted(before, shown)

    assert (Difference("prediction.score", "maximum", "10", "42"),) == differences(before, after)


@pytest.mark.parametrize(("feature", "words"), [("", "all events"), ("shoe", "'shoe'")])
def test_what_the_baseline_does_not_know(feature, words):
    """A finding about all events, or about a feature that the baseline lacks, has no constraints to amend."""
    shift = finding(
        baseline(), FEATURES | {"plan": strings({"a": 900, "b": 100})}, "category_shift"
    )
    with pytest.raises(InputError, match=f"has no constraints of {words}; make a new baseline"):
        accepted(baseline(), replace(shift, feature=feature))


@pytest.mark.parametrize("detector", ["volume", "resources", "log_damage", "monitor"])
def test_what_is_no_baselines_matter(detector):
    """A finding about the service and its log is mended and not accepted."""
    shown = Result(detector, "vanished", Outcome.FINDING, "")

    with pytest.raises(InputError, match=f"{detector} is about the service and its log"):
        accepted(baseline(), shown)


def test_what_no_constraint_can_accept():
    """A shift rests on the reference, and so does a rate of nulls: a new baseline is needed."""
    shift = finding(
        baseline(), FEATURES | {"plan": strings({"a": 900, "b": 100})}, "category_shift"
    )
    nulls = finding(baseline(), FEATURES | {"age": numbers(700, nulls=300)}, "na_spike")

    for shown in (shift, nulls):
        with pytest.raises(InputError, match=r"rests on the reference itself.*make a new baseline"):
            accepted(baseline(), shown)


def test_differences_of_references():
    """Features that came and went, rates, means and the shares that moved most."""
    other = baseline(
        {
            "age": numbers(900, mean=8.0, nulls=100),
            "plan": strings({"a": 700, "b": 300}),
            "new": numbers(1000),
        }
    )

    assert (
        Difference("new", "feature", "", "declared"),
        Difference("age", "null", "0 %", "10 %"),
        Difference("age", "mean", "5", "8"),
        Difference("plan", "share of 'a'", "50 %", "70 %"),
        Difference("plan", "share of 'b'", "50 %", "30 %"),
    ) == differences(baseline(), other)
    assert () == differences(other, other)


def test_a_feature_of_training_alone_is_not_expected_in_serving():
    """A label may be absent or there: nothing is said of it; one of serving is looked at."""
    before = baseline()
    for environment, found in ((("training",), 0), (("serving",), 1)):
        rules = dict(before.constraints)
        rules["age"] = replace(rules["age"], environment=environment)
        told = evaluate(
            WindowProfile(1000, {"plan": FEATURES["plan"]}),
            replace(before, constraints=rules),
            Settings(),
        )

        assert found == sum(r.feature == "age" and r.alerts for r in told)


def test_an_output_can_be_planned():
    """Nobody is alerted of an output whose stage is beta."""
    before = baseline(outputs={"score": numbers(1000)})
    beta = replace(before, outputs={"score": replace(before.outputs["score"], stage="beta")})

    for one, alerts in ((before, True), (beta, False)):
        shown = finding(one, FEATURES, "range", {"score": BEYOND})
        assert alerts == shown.alerts
