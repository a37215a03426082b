import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers.detectors.nonfinite import nonfinite
from tests.analyzers.cases import ABSENT, MINIMUM, SIZES, case, numbers, planned, quiet, undeclared


def infinite(n, bad):
    """Events of which some are not finite."""
    return numbers(n - bad, nonfinite=bad)


def test_fires():
    """Infinities that the reference has not are a finding with their counts."""
    result = nonfinite(case(infinite(10_000, 0), infinite(1000, 30)), MINIMUM)

    assert (
        "nonfinite",
        "f",
        Outcome.FINDING,
        Severity.HIGH,
        "f: NaN or infinite in 3 % of 1,000 events (before: 0 %)",
        1000,
        (Change("not finite", 0.0, 0.03, 0, 30),),
        Condition("nonfinite", "f"),
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
    assert pytest.approx(stats.hypergeom.sf(29, 11_000, 30, 1000), rel=1e-9) == result.p_value
    assert result.effect > 0.3


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_quiet_on_the_same_rate(n, share):
    """The reference's own rate is no finding, at any size."""
    same = infinite(n, int(n * share))

    assert quiet(nonfinite(case(same, same), MINIMUM))


def test_fewer_is_no_fault():
    """Fewer infinities than before are fine."""
    result = nonfinite(case(infinite(1000, 500), infinite(1000, 10)), MINIMUM)

    assert (Outcome.OK, 1.0) == (result.outcome, pytest.approx(result.p_value))


def test_too_few():
    """Fewer events than the minimum are answered with insufficient_data."""
    result = nonfinite(case(infinite(1000, 0), infinite(19, 19)), MINIMUM)

    assert (Outcome.INSUFFICIENT, 19) == (result.outcome, result.n)


def test_without_a_reference():
    """Nothing is significant where the reference never had the feature."""
    result = nonfinite(planned(infinite(100, 50), kind="numeric"), MINIMUM)

    assert 1.0 == pytest.approx(result.p_value)


def test_nothing_to_say():
    """Finite, undeclared and absent features get no answer."""
    assert nonfinite(case(infinite(100, 50), infinite(100, 0)), MINIMUM) is None
    assert nonfinite(undeclared(infinite(100, 50)), MINIMUM) is None
    assert nonfinite(case(infinite(100, 0), ABSENT, window=100), MINIMUM) is None


@pytest.mark.parametrize(("bad", "expected"), [(9, Severity.MEDIUM), (11, Severity.HIGH)])
def test_severity(bad, expected):
    """From one event in a hundred on it is grave."""
    assert expected == nonfinite(case(infinite(10_000, 0), infinite(1000, bad)), MINIMUM).severity
