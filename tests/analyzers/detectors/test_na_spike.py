import math

import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers.detectors.na_spike import na_spike
from tests.analyzers.cases import ABSENT, MINIMUM, SIZES, case, numbers, planned, quiet, undeclared


def nulls(n, missing):
    """Events of which some are null."""
    return numbers(n - missing, nulls=missing)


def test_rise():
    """A null rate that quintupled is a finding with its counts, and the exact probability."""
    result = na_spike(case(nulls(10_000, 200), nulls(1000, 100)), MINIMUM)

    assert (
        "na_spike",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: nulls rose from 2 % to 10 % of 1,000 events",
        1000,
        (Change("null", 0.02, 0.1, 200, 100),),
        Condition("null", "f"),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.changes,
        result.condition,
    )
    assert 2 * math.asin(math.sqrt(0.1)) - 2 * math.asin(math.sqrt(0.02)) == result.effect
    assert pytest.approx(2 * stats.hypergeom.sf(99, 11_000, 300, 1000), rel=1e-9) == result.p_value


def test_fall():
    """Nulls that are gone are a finding with a negative effect: someone fills them now."""
    result = na_spike(case(nulls(10_000, 2000), nulls(1000, 0)), MINIMUM)

    assert (
        Outcome.FINDING,
        "f: nulls fell from 20 % to 0 % of 1,000 events",
        (Change("null", 0.2, 0.0, 2000, 0),),
    ) == (result.outcome, result.summary, result.changes)
    assert result.effect < -0.9
    assert result.p_value < 1e-80


def test_all_null():
    """A feature that is null in every event is grave."""
    result = na_spike(case(nulls(10_000, 0), nulls(100, 100)), MINIMUM)

    assert (Outcome.FINDING, Severity.HIGH, math.pi) == (
        result.outcome,
        result.severity,
        result.effect,
    )


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_quiet_on_the_same_rate(n, share):
    """The reference's own null rate is no finding, at any size, be it 100 %."""
    same = nulls(n, int(n * share))

    assert quiet(na_spike(case(same, same), MINIMUM))


def test_too_few():
    """Fewer events than the minimum are answered with insufficient_data."""
    result = na_spike(case(nulls(10_000, 0), nulls(19, 19)), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 events carry it, at least 20 are needed", 19) == (
        result.outcome,
        result.summary,
        result.n,
    )


def test_significant_but_small():
    """A tenth of a point is no finding even in a million events."""
    result = na_spike(case(nulls(1_000_000, 1000), nulls(1_000_000, 2000)), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-60


@pytest.mark.parametrize("n", [1, 1000])
def test_forbidden(n):
    """Where null is not allowed one null is a finding by rule, however few the events."""
    result = na_spike(case(nulls(10_000, 0), nulls(n, 1), nulls="forbidden"), MINIMUM)

    assert (Outcome.FINDING, Severity.HIGH, None) == (
        result.outcome,
        result.severity,
        result.p_value,
    )
    assert result.summary.endswith("events though null is not allowed")


def test_forbidden_without_a_reference():
    """The rule holds for a feature that the reference never had."""
    result = na_spike(planned(nulls(10, 1), kind="numeric", nulls="forbidden"), MINIMUM)

    assert (Outcome.FINDING, (Change("null", 0.0, 0.1, 0, 1),)) == (result.outcome, result.changes)


def test_forbidden_and_none():
    """Where null is not allowed and none came, nothing is found."""
    same = nulls(1000, 0)

    assert Outcome.OK == na_spike(case(same, same, nulls="forbidden"), MINIMUM).outcome


def test_nothing_to_say():
    """An undeclared, a vanished and a never seen feature have no null rate to compare."""
    assert na_spike(undeclared(nulls(100, 50)), MINIMUM) is None
    assert na_spike(case(nulls(100, 0), ABSENT, window=100), MINIMUM) is None
    assert na_spike(planned(nulls(100, 50), kind="numeric"), MINIMUM) is None
