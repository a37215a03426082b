import math

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._evaluate import decide
from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers.detectors.range_violation import _extreme, range_violation
from tests.analyzers.cases import (
    ABSENT,
    MINIMUM,
    SIZES,
    case,
    numbers,
    planned,
    quiet,
    random_source,
    strings,
    undeclared,
)
from tests.analyzers.simulated import numeric_profile


def beyond(n, above, *, below=0, low=0.0, high=42.0):
    """Numbers of which some lie beyond the reference's 0 to 10."""
    inner = (n - above - below, 0, 0, 0, 0)
    return numbers(n, low=low, high=high, bins=inner, above=above, below=below, mean=5.0)


def test_fires():
    """Numbers beyond the observed range are a finding with their counts on either side."""
    result = range_violation(case(numbers(10_000), beyond(1000, 10, below=2, low=-1.0)), MINIMUM)

    assert (
        "range",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: 1.2 % of 1,000 numbers lie outside 0 to 10; seen -1 to 42",
        1000,
        0.012,
        (Change("below", 0.0, 0.002, 0, 2), Change("above", 0.0, 0.01, 0, 10)),
        Condition("outside", "f", low=0.0, high=10.0),
        {"minimum": -1.0, "maximum": 42.0, "mean": 5.0},
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
        result.statistics,
    )
    assert pytest.approx(2 * math.comb(1000, 10) / math.comb(11_000, 10)) == result.p_value


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("high", [0.0, 10.0])
def test_quiet_on_the_same(n, high):
    """The reference's own numbers lie in its range, at any size, constant features included."""
    same = numbers(n, high=high)

    assert quiet(range_violation(case(same, same), MINIMUM))


def test_a_stray_number_is_no_finding():
    """One number of a thousand just beyond what was seen is what new data bring."""
    near = beyond(1000, 1, high=11.0)

    assert Outcome.OK == range_violation(case(numbers(1000), near), MINIMUM).outcome


def test_a_number_far_beyond_is_told():
    """One number far beyond the range is a finding of low severity; beside a small reference, a notice."""
    for n, severity in ((1000, Severity.LOW), (400, Severity.INFO)):
        (told,) = decide([range_violation(case(numbers(n), beyond(1000, 1)), MINIMUM)], 0.01)

        assert (Outcome.FINDING, severity) == (told.outcome, told.severity)
        assert told.summary.endswith("seen 0 to 42")


@pytest.mark.parametrize(
    ("source", "tries"),
    [
        (lambda rng, n: rng.pareto(1.0, n), 1500),
        (lambda rng, n: rng.standard_t(3, n), 1500),
        (lambda rng, n: rng.lognormal(0.0, 2.0, n), 1500),
    ],
)
def test_heavy_tails_raise_no_alert(source, tries):
    """What lies far out in a heavy tail is a notice now and then, and alerts in no more than the budget's windows."""
    rng = random_source()
    found = 0
    for _ in range(tries):
        xs, ys = source(rng, 1000), source(rng, 100)
        inner = np.quantile(xs, np.arange(1, 40) / 40)
        edges = np.array([np.nextafter(xs.min(), -np.inf), *inner, xs.max()])
        before = numeric_profile(xs, edges, xs.min(), xs.max())
        after = numeric_profile(ys, edges, xs.min(), xs.max())
        (told,) = decide([range_violation(case(before, after), MINIMUM)], 0.001)
        found += told.alerts

    assert found <= 0.001 * tries + 3 * math.sqrt(0.001 * tries)


def test_small_reference():
    """Two of a hundred numbers beyond a reference of a hundred prove little."""
    result = range_violation(case(numbers(100), beyond(100, 2)), MINIMUM)

    assert pytest.approx(2 * 99 / 398) == result.p_value


def test_too_few():
    """Fewer numbers than the minimum are answered with insufficient_data."""
    result = range_violation(case(numbers(1000), beyond(19, 19)), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 numbers, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


@pytest.mark.parametrize("n", [1, 10_000])
def test_written_bound(n):
    """One number beyond a bound that people wrote is a finding by rule, however few the numbers."""
    after = numbers(n, high=9.5, above=1, bins=(n - 1, 0, 0, 0, 0))

    result = range_violation(case(numbers(1000), after, maximum=9.0), MINIMUM)

    assert (Outcome.FINDING, None, Condition("outside", "f", low=0.0, high=9.0)) == (
        result.outcome,
        result.p_value,
        result.condition,
    )


def test_the_other_bound_stays_observed():
    """Who writes a minimum has not made the observed maximum a rule."""
    after = beyond(10_000, 1, high=11.0)

    result = range_violation(case(numbers(10_000), after, minimum=-5.0), MINIMUM)

    assert (Outcome.OK, True) == (result.outcome, result.p_value is not None)


def test_written_bound_kept():
    """Nothing beyond a written bound, nothing found."""
    same = numbers(1000)

    assert Outcome.OK == range_violation(case(same, same, maximum=100.0), MINIMUM).outcome


@pytest.mark.parametrize("high", [5000.0, None])
def test_nothing_within_a_widened_bound_is_far(high):
    """Who widened the observed range, or took its bound away, or accepted an alert, is not told of what it allows."""
    after = numbers(1000, high=5000.0, bins=(999, 0, 0, 0, 1), mean=5.0)

    result, usual = (
        range_violation(case(numbers(10_000), one, maximum=high), MINIMUM)
        for one in (after, numbers(1000))
    )

    assert (Outcome.OK, False, usual.least) == (result.outcome, result.notable, result.least)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(None, 10.0, "up to 10"), (0.0, None, "0 and up"), (None, None, "any number")],
)
def test_open_ranges(low, high, words):
    """A bound that people took away is not in the sentence and not in the condition."""
    result = range_violation(case(numbers(1000), numbers(1000), minimum=low, maximum=high), MINIMUM)

    assert f"lie outside {words};" in result.summary
    assert (low, high) == (result.condition.low, result.condition.high)


def test_planned():
    """A range written for a planned feature is a rule; without one nothing is outside."""
    after = beyond(100, 1)

    ruled = range_violation(planned(after, kind="numeric", maximum=10.0), MINIMUM)
    free = range_violation(planned(numbers(100), kind="numeric"), MINIMUM)

    assert (Outcome.FINDING, None, Outcome.OK, None) == (
        ruled.outcome,
        ruled.p_value,
        free.outcome,
        free.p_value,
    )


def test_nothing_to_say():
    """Undeclared, absent and other kinds of features have no range."""
    assert range_violation(undeclared(numbers(100)), MINIMUM) is None
    assert range_violation(case(numbers(100), ABSENT, window=100), MINIMUM) is None
    assert range_violation(case(strings({"a": 9}), numbers(100)), MINIMUM) is None


def test_extreme_is_hypergeometric():
    """The formula is the hypergeometric probability of extremes in the window only."""
    expected, actual = [], []
    for n, m in [(1, 1), (20, 1), (20, 10_000), (1000, 50), (5000, 1_000_000)]:
        for count in {0, 1, n // 3, n}:
            expected.append(stats.hypergeom.pmf(count, n + m, count, n))
            actual.append(_extreme(count, n, m))

    assert pytest.approx(expected, rel=1e-8) == actual


def test_extreme_by_simulation():
    """Shuffled data show as many extremes in the window as the formula says."""
    rng = random_source()
    trials, n, m, count = 20_000, 30, 50, 2
    drawn = rng.random((trials, n + m))
    hits = np.sum(np.sort(drawn[:, :n])[:, -count] > drawn[:, n:].max(axis=1))
    expected = _extreme(count, n, m)

    assert abs(hits / trials - expected) < 4 * math.sqrt(expected / trials)
