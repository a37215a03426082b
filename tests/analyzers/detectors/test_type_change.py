import math

import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile
from driftlog_analyzers.detectors.type_change import type_change
from tests.analyzers.cases import (
    ABSENT,
    MINIMUM,
    SIZES,
    case,
    lists,
    numbers,
    planned,
    quiet,
    strings,
    texts,
    undeclared,
)


def mixed(numbers_, strings_):
    """Numbers, and strings among them."""
    return numbers(
        numbers_, strings=strings_, categorical=Categorical({"x": strings_}) if strings_ else None
    )


def test_all_changed():
    """Numbers that became strings are grave, and both types stand in the evidence."""
    result = type_change(case(numbers(5000), strings({"12": 500, "13": 500})), MINIMUM)

    assert (
        "type_change",
        "f",
        Outcome.FINDING,
        Severity.HIGH,
        "f: now a string in 100 % of 1,000 values, was a number",
        1000,
        math.pi,
        (Change("string", 0.0, 1.0, 0, 1000),),
        Condition("type", "f", ("string",)),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.changes,
        result.condition,
    )
    assert result.p_value < 1e-300


def test_some_changed():
    """Five in a hundred numbers that became strings are a finding with exact probability."""
    result = type_change(case(mixed(5000, 0), mixed(950, 50)), MINIMUM)

    assert (
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: now a string in 5 % of 1,000 values, was a number",
        (Change("number", 1.0, 0.95, 5000, 950), Change("string", 0.0, 0.05, 0, 50)),
    ) == (result.outcome, result.severity, result.summary, result.changes)
    assert pytest.approx(stats.hypergeom.sf(49, 6000, 50, 1000), rel=1e-9) == result.p_value


def test_unknown_type():
    """A type that driftlog has no kind for is named."""
    result = type_change(case(strings({"a": 5000}), FeatureProfile(others={"Point": 100})), MINIMUM)

    assert ("f: now a Point in 100 % of 100 values, was a string", ("Point",)) == (
        result.summary,
        result.condition.values,
    )


SAME = {
    "numbers": numbers,
    "strings": lambda n: strings({"a": n}),
    "lists": lambda n: lists(*[["a", "b"]] * n) if n <= 5000 else ABSENT,
    "texts": texts,
    "mixed": lambda n: mixed(n - n // 3, n // 3),
}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("kind", SAME)
def test_quiet_on_the_same(n, kind):
    """The reference's own types are no finding, at any size."""
    same = SAME[kind](n)

    assert quiet(type_change(case(same, same), MINIMUM))


def test_cleaner_is_no_fault():
    """Fewer foreign values than before are fine."""
    assert Outcome.OK == type_change(case(mixed(900, 100), mixed(1000, 0)), MINIMUM).outcome


def test_too_few():
    """Fewer values than the minimum are answered with insufficient_data."""
    result = type_change(case(numbers(5000), strings({"a": 19})), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 values, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


def test_nothing_to_say():
    """Undeclared, absent, all null and never seen features have no type to compare."""
    assert type_change(undeclared(numbers(100)), MINIMUM) is None
    assert type_change(case(numbers(100), ABSENT, window=100), MINIMUM) is None
    assert type_change(case(numbers(100), FeatureProfile(nulls=100)), MINIMUM) is None
    assert type_change(case(FeatureProfile(nulls=100), numbers(100)), MINIMUM) is None
    assert type_change(planned(strings({"a": 100}), kind="numeric"), MINIMUM) is None
