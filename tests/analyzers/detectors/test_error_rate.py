import math

import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers.detectors.error_rate import error_rate
from tests.analyzers.cases import MINIMUM, SIZES, quiet, random_source


def window(n, failed=0, **more):
    """A window of n events with these outcomes."""
    outcomes = {"success": n - failed, "failure": failed} | more
    return WindowProfile(n, outcomes={name: count for name, count in outcomes.items() if count})


def test_fires():
    """More failures than usual are a finding with both rates and Fisher's one-sided p-value."""
    result = error_rate(window(10_000, 100), window(1000, 50), MINIMUM)

    assert (
        "error_rate",
        "",
        Outcome.FINDING,
        Severity.MEDIUM,
        "5 % of 1,000 predictions failed (before: 1 %)",
        1000,
        (Change("failure", 0.01, 0.05, 100, 50),),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.changes,
    )
    assert pytest.approx(stats.hypergeom.sf(49, 11_000, 150, 1000)) == result.p_value
    assert pytest.approx(2 * (math.asin(math.sqrt(0.05)) - math.asin(math.sqrt(0.01)))) == (
        result.effect
    )


def test_one_in_ten_is_grave():
    """From a tenth of all predictions on it is grave."""
    result = error_rate(window(10_000), window(100, 10), MINIMUM)

    assert (Severity.HIGH, "10 % of 100 predictions failed (before: 0 %)") == (
        result.severity,
        result.summary,
    )


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_quiet_on_the_same(n, rate):
    """The reference's own rate is no finding, at any size, nor is a service that always fails."""
    same = window(n, int(n * rate))

    assert quiet(error_rate(same, same, MINIMUM))


def test_fewer_failures():
    """Fewer failures are no fault."""
    result = error_rate(window(1000, 500), window(1000), MINIMUM)

    assert (Outcome.OK, 1.0) == (result.outcome, pytest.approx(result.p_value))
    assert result.effect < 0


def test_significant_but_small():
    """A tenth of a point in a million is significant and no finding."""
    result = error_rate(window(1_000_000, 1000), window(1_000_000, 2000), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-40


def test_unknown_outcomes_count_as_not_failed():
    """An outcome that is not known is one of all, and no failure."""
    result = error_rate(window(0, unknown=1000), window(0, 40, unknown=960, success=0), MINIMUM)

    assert (1000, 0.04) == (result.n, result.changes[0].after)


def test_too_few():
    """Fewer outcomes than the minimum are answered with insufficient_data."""
    one, nineteen = (error_rate(window(1000), window(n, n), MINIMUM) for n in (1, 19))

    assert (Outcome.INSUFFICIENT, "19 outcomes, at least 20 are needed") == (
        nineteen.outcome,
        nineteen.summary,
    )
    assert "1 outcome, at least 20 are needed" == one.summary
    assert "100 % of 1 prediction failed (before: 0 %)" == (
        error_rate(window(1000), window(1, 1), 1).summary
    )


def test_nothing_to_say():
    """Without outcomes on either side there is nothing to compare."""
    assert error_rate(WindowProfile(1000), window(100, 100), MINIMUM) is None
    assert error_rate(window(1000), WindowProfile(100), MINIMUM) is None
    assert error_rate(window(1000), WindowProfile(), MINIMUM) is None


def test_false_findings():
    """Windows of the reference's own rate have a p-value under 1 % in no more than 1 % of all tries."""
    rng = random_source()
    tries = 2000
    found = sum(
        error_rate(
            window(5000, int(rng.binomial(5000, 0.03))),
            window(500, int(rng.binomial(500, 0.03))),
            MINIMUM,
        ).p_value
        < 0.01
        for _ in range(tries)
    )

    assert found <= 0.01 * tries + 3 * math.sqrt(0.01 * tries)
