import math

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._finding import Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._scan import DURATION_EDGES
from driftlog_analyzers.detectors.latency import _quantile, _time, latency
from tests.analyzers.cases import MINIMUM, SIZES, quiet, random_source
from tests.analyzers.simulated import numeric_profile


def window(seconds, edges=DURATION_EDGES):
    """A window whose predictions took so many seconds."""
    seconds = np.asarray(seconds, dtype=float)
    profile = numeric_profile(seconds, np.array(edges))
    return WindowProfile(len(seconds), duration=profile.numeric)


def usual(rng, n):
    """Durations about 5 ms."""
    return rng.lognormal(math.log(0.005), 0.4, n)


def test_fires():
    """Predictions that take twice as long are a finding with medians and percentiles."""
    rng = random_source()
    before, after = usual(rng, 10_000), 2 * usual(rng, 1000)

    result = latency(window(before), window(after), MINIMUM)

    assert ("latency", "", Outcome.FINDING, 1000) == (
        result.detector,
        result.feature,
        result.outcome,
        result.n,
    )
    assert result.p_value < 1e-100
    assert 0.8 < result.effect < 1.2
    expected = {
        "mean_before": before.mean(),
        "mean": after.mean(),
        "maximum": after.max(),
        "p50_before": np.quantile(before, 0.5),
        "p50": np.quantile(after, 0.5),
        "p95_before": np.quantile(before, 0.95),
        "p95": np.quantile(after, 0.95),
    }
    assert {name: pytest.approx(value, rel=0.1) for name, value in expected.items()} == (
        result.statistics
    )


def test_a_slow_tail():
    """One prediction in ten that takes a hundred times as long shows in the 95th percentile, and is grave."""
    rng = random_source()
    after = usual(rng, 1000)
    after[::10] *= 100

    result = latency(window(usual(rng, 10_000)), window(after), MINIMUM)

    assert not quiet(result)
    assert Severity.HIGH == result.severity
    assert result.summary.startswith("the 95th percentile of 1,000 durations went from 9.")
    assert " ms to " in result.summary


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("seconds", [0.0, 0.004, 3600.0])
def test_quiet_on_the_same(n, seconds):
    """The reference's own durations are no finding, at any size; nor are those that are all one, zero included."""
    constant = window(np.full(n, seconds))
    spread = window(np.geomspace(1e-4, 1.0, n))

    assert quiet(latency(constant, constant, MINIMUM))
    assert quiet(latency(spread, spread, MINIMUM))


def test_faster_is_no_fault():
    """Predictions that take half as long are no finding, however sure."""
    rng = random_source()

    result = latency(window(usual(rng, 5000)), window(usual(rng, 5000) / 2), MINIMUM)

    assert (Outcome.OK, 1.0) == (result.outcome, pytest.approx(result.p_value))


def test_significant_but_small():
    """A tenth longer in half a million predictions is significant and no finding."""
    rng = random_source()
    before, after = usual(rng, 500_000), 1.1 * usual(rng, 500_000)

    result = latency(window(before), window(after), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-40


def test_from_nothing():
    """A clock that always said 0 gives growth a number, and the sentence one too."""
    result = latency(window(np.zeros(100)), window(np.full(100, 0.01)), MINIMUM)

    assert Outcome.FINDING == result.outcome
    assert math.isfinite(result.effect)
    assert "the median of 100 durations went from 0.001 µs to 10 ms" == result.summary


def test_clock_set_back():
    """Durations below zero, where a clock was set back, are answered."""
    result = latency(window([-1.0] * 50 + [0.01] * 50), window([-2.0] * 100), MINIMUM)

    assert Outcome.OK == result.outcome


def test_beyond_the_edges():
    """Durations beyond the last edge are measured up to the longest."""
    result = latency(window(np.full(100, 10.0)), window(np.full(100, 4000.0)), MINIMUM)

    assert "the median of 100 durations went from 10 s to 4,000 s" == result.summary


def test_too_few():
    """Fewer durations than the minimum are answered with insufficient_data."""
    one, nineteen = (latency(window([0.1] * 99), window([9.0] * n), MINIMUM) for n in (1, 19))

    assert (Outcome.INSUFFICIENT, "19 durations, at least 20 are needed") == (
        nineteen.outcome,
        nineteen.summary,
    )
    assert "1 duration, at least 20 are needed" == one.summary


def test_nothing_to_say():
    """Without durations on either side, or over other edges, there is nothing to compare."""
    some = window([0.1] * 99)

    assert latency(WindowProfile(99), some, MINIMUM) is None
    assert latency(some, WindowProfile(99), MINIMUM) is None
    assert latency(some, window([0.1] * 99, edges=(0.0, 1.0)), MINIMUM) is None


@pytest.mark.parametrize("at", [0.5, 0.95])
def test_quantiles(at):
    """A quantile from the histogram lies in the bin of the true one."""
    rng = random_source()
    for _ in range(100):
        seconds = rng.lognormal(rng.normal(-5, 3), rng.uniform(0.01, 2), int(rng.integers(1, 400)))
        true = np.quantile(seconds, at, method="inverted_cdf")
        estimate = _quantile(window(seconds).duration, at)
        i = np.searchsorted(DURATION_EDGES, true)
        low = DURATION_EDGES[i - 1] if i else seconds.min()
        high = DURATION_EDGES[i] if i < len(DURATION_EDGES) else seconds.max()

        assert min(low, seconds.min()) * (1 - 1e-9) <= estimate <= max(high, true) * (1 + 1e-9)
        assert seconds.min() * (1 - 1e-9) <= estimate <= seconds.max() * (1 + 1e-9)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1e-9, "0.001 µs"),
        (4.56e-5, "45.6 µs"),
        (0.0123, "12.3 ms"),
        (0.99949, "999 ms"),
        (0.9999, "1 s"),
        (1.0, "1 s"),
        (12.34, "12.3 s"),
        (1234.5, "1,234 s"),
    ],
)
def test_times(seconds, words):
    """Times have the unit that people would take."""
    assert words == _time(seconds)


def test_p_value_is_scipys():
    """The p-value is Mann and Whitney's, one-sided, of the durations by bin."""
    rng = random_source()
    before, after = usual(rng, 800), 1.1 * usual(rng, 150)
    ranks = (np.searchsorted(DURATION_EDGES, xs) for xs in (after, before))
    expected = stats.mannwhitneyu(*ranks, alternative="greater", method="asymptotic").pvalue

    assert pytest.approx(expected) == latency(window(before), window(after), MINIMUM).p_value


def test_false_findings():
    """Windows of the reference's own durations have a p-value under 1 % in no more than 1 % of all tries."""
    rng = random_source()
    tries, found = 500, 0
    for _ in range(tries):
        result = latency(window(usual(rng, 3000)), window(usual(rng, 200)), MINIMUM)
        found += result.p_value < 0.01

    assert found <= 0.01 * tries + 3 * math.sqrt(0.01 * tries)
