import math
import sys

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import FeatureProfile, Numeric
from driftlog_analyzers._statistics import together
from driftlog_analyzers.detectors.numeric_shift import (
    BETWEEN,
    EXPECTED,
    _kolmogorov,
    _probability,
    numeric_shift,
)
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

LARGEST = sys.float_info.max


def edges_of(xs, bins=40):
    """The edges that a baseline takes from its numbers."""
    inner = np.quantile(xs, np.linspace(0, 1, bins + 1)[1:], method="inverted_cdf")
    return np.unique([np.nextafter(xs.min(), -np.inf), *inner])


def pair(before, after):
    """Two samples as a case, over the edges of the first."""
    edges = edges_of(before)
    return case(numeric_profile(before, edges), numeric_profile(after, edges))


def binned(bins, *, mean=5.0, m2=100.0, low=0.0, high=9.0, edges=None):
    """Numbers with these bins and moments."""
    numeric = Numeric(sum(bins), mean, m2, low, high, edges or (-1.0, 3.0, 6.0), bins)
    return FeatureProfile(numbers=sum(bins), numeric=numeric)


def test_fires():
    """Numbers that moved up are a finding, with the bins that gained and lost, and events of the one that gained."""
    before = numbers(10_000)
    after = numbers(1000, bins=(100, 100, 200, 200, 400), mean=6.0)

    result = numeric_shift(case(before, after), MINIMUM)

    assert (
        "numeric_shift",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: mean went from 5 to 6 (+0.35 sd) in 1,000 numbers",
        1000,
        pytest.approx(0.2),
        {
            Change("8 to 10", 0.2, 0.4, 2000, 400),
            Change("2 to 4", 0.2, 0.1, 2000, 100),
            Change("-1e-09 to 2", 0.2, 0.1, 2000, 100),
        },
        "8 to 10",
        Condition("within", "f", low=8.0, high=10.0),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        set(result.changes),
        result.changes[0].value,
        result.condition,
    )
    assert result.p_value < 1e-30
    sd = math.sqrt(100 / 12)
    assert {
        "mean_before": 5.0,
        "mean": 6.0,
        "sd_before": pytest.approx(sd),
        "sd": pytest.approx(sd),
        "mean_in_standard_errors": pytest.approx(1 / (sd * math.sqrt(1 / 1000 + 1 / 10_000))),
        "psi": pytest.approx(0.2 * math.log(2) + 2 * 0.1 * math.log(2)),
        "psi_by_chance": pytest.approx(4 * (1 / 1000 + 1 / 10_000)),
        "wasserstein_in_sd": pytest.approx((0.1 + 0.2 + 0.2 + 0.2) * 2 / sd),
        "kolmogorov": pytest.approx(0.2),
    } == result.statistics


def test_beyond_the_edges():
    """Where the bin that grew most is the last one, events above the largest edge show it."""
    result = numeric_shift(case(numbers(1000), numbers(100, bins=(0,) * 5, above=100)), MINIMUM)

    assert (Severity.HIGH, "above 10", Condition("within", "f", low=10.0)) == (
        result.severity,
        result.changes[0].value,
        result.condition,
    )


def test_below_the_edges():
    """Where it is the first one, events up to the smallest edge do."""
    result = numeric_shift(case(numbers(1000), numbers(100, bins=(0,) * 5, below=100)), MINIMUM)

    assert ("up to -1e-09", Condition("within", "f", high=-1e-9)) == (
        result.changes[0].value,
        result.condition,
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((5.0, 1000.0), (5.04, 9000.0), "the distribution moved about a mean of 5.04 (sd from 1 to 3)"),
        ((54.0, 441_000.0), (5_400.0, 1.0), "mean went from 54 to 5,400 (+255 sd)"),
        ((30_000.0, 1e11), (52_000.0, 1.0), "mean went from 30,000 to 52,000 (+2.2 sd)"),
        ((5.0, 1000.0), (-4.96, 1.0), "mean went from 5 to -4.96 (-10 sd)"),
        ((5.0, 0.0), (7.0, 0.0), "mean went from 5 to 7"),
        ((5.0, 1e-27), (7.0, 0.0), "mean went from 5 to 7"),
        ((0.00012345, 1e-5), (0.0005, 0.0), "mean went from 0.0001234 to 0.0005 (+3.8 sd)"),
        ((5.0, 1000.0), (5.0, math.nan), "the distribution moved"),
        ((0.0, math.inf), (9.0, 1.0), "the distribution moved"),
        ((math.inf, math.inf), (9.0, 1.0), "the distribution moved"),
    ],
)  # fmt: skip
def test_words(before, after, words):
    """The sentence has numbers that can be read, and none that say nothing."""
    old = binned((0, 500, 500, 0), mean=before[0], m2=before[1])
    new = binned((0, 100, 900, 0), mean=after[0], m2=after[1])

    assert f"f: {words} in 1,000 numbers" == numeric_shift(case(old, new), MINIMUM).summary


def test_one_number():
    """A window that may hold one number has one number."""
    result = numeric_shift(case(numbers(1000), stuck_at(9.0)), 1)

    assert result.summary.endswith("in 1 number")
    assert quiet(result)


def stuck_at(value):
    """One number."""
    return numbers(1, low=value, high=value, bins=(0, 0, 0, 0, 1), mean=value)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("bins", [None, "constant", "mostly one"])
def test_quiet_on_the_same(n, bins):
    """The reference's own numbers did not move, at any size, those that are all or mostly one value included."""
    rest = n - int(0.7 * n)
    inner = {
        None: None,
        "constant": (n, 0, 0, 0, 0),
        "mostly one": (n - rest, rest // 2, 0, 0, rest - rest // 2),
    }[bins]
    same = numbers(n, bins=inner, high=0.0 if bins == "constant" else 10.0)

    result = numeric_shift(case(same, same), MINIMUM)

    assert quiet(result)
    if n >= MINIMUM:
        assert (Outcome.OK, 1.0, 0.0, ()) == (
            result.outcome,
            result.p_value,
            result.effect,
            result.changes,
        )
        assert all(map(math.isfinite, result.statistics.values()))


def test_another_constant():
    """A feature that was always one number and is now always another has moved as far as can be."""
    before, after = stuck_numbers(1000, 1.0), stuck_numbers(100, 9.0, last=True)

    result = numeric_shift(case(before, after), MINIMUM)

    assert (Outcome.FINDING, Severity.HIGH, 1.0) == (
        result.outcome,
        result.severity,
        pytest.approx(result.effect, abs=0.2),
    )
    assert result.p_value < 1e-50


def stuck_numbers(n, value, *, last=False):
    """As many numbers that are all the same."""
    return numbers(n, low=value, high=value, bins=(0,) * 4 + (n,) if last else (n,) + (0,) * 4)


def test_significant_but_small():
    """A point in a million numbers is significant and no finding."""
    before = numbers(1_000_000, bins=(500_000, 0, 0, 0, 500_000))
    after = numbers(1_000_000, bins=(510_000, 0, 0, 0, 490_000))

    result = numeric_shift(case(before, after), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-40


def test_off_the_grid():
    """Numbers that all left their grid by a small step are found though the centre stayed."""
    rng = random_source()
    before = rng.integers(0, 5, 5000).astype(float)
    after = rng.integers(0, 5, 500) + rng.choice([-0.01, 0.01], 500)

    result = numeric_shift(pair(before, after), MINIMUM)

    assert not quiet(result)
    assert "the distribution moved about a mean of" in result.summary


def test_spread():
    """A spread half as wide again about the same mean is found in a thousand numbers."""
    rng = random_source()

    result = numeric_shift(pair(rng.normal(0, 1, 10_000), rng.normal(0, 1.5, 1000)), MINIMUM)

    assert not quiet(result)


@pytest.mark.parametrize("tail", ["cauchy", "lognormal", "pareto"])
def test_heavy_tails(tail):
    """A heavy tail is quiet on its own, and hides no shift of its centre."""
    rng = random_source()
    source = {
        "cauchy": rng.standard_cauchy,
        "lognormal": lambda n: rng.lognormal(0, 3, n),
        "pareto": lambda n: rng.pareto(0.7, n),
    }[tail]
    before, same, moved = source(10_000), source(1000), source(1000)
    step = np.quantile(before, 0.75) - np.quantile(before, 0.5)

    assert quiet(numeric_shift(pair(before, same), MINIMUM))
    assert not quiet(numeric_shift(pair(before, moved + step), MINIMUM))


@pytest.mark.parametrize("mean", [0.0, math.inf, math.nan])
def test_very_large_numbers(mean):
    """Moments that a 64-bit number cannot hold cost their figures and nothing else."""
    edges = (-LARGEST, LARGEST)
    before = binned((1, 99, 0), m2=math.inf, low=-LARGEST, high=LARGEST, edges=edges)
    after = binned((100, 0, 0), mean=mean, m2=math.nan, low=-LARGEST, high=LARGEST, edges=edges)

    result = numeric_shift(case(before, after), MINIMUM)

    assert not quiet(result)
    assert "f: the distribution moved in 100 numbers" == result.summary
    assert all(map(math.isfinite, result.statistics.values()))


def test_too_few():
    """Fewer numbers than the minimum are answered with insufficient_data."""
    result = numeric_shift(case(numbers(1000), numbers(19)), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 numbers, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


def test_nothing_to_say():
    """Undeclared, absent, all null, other kinds, never seen, and bins of another baseline get no answer."""
    some = numbers(100)

    assert numeric_shift(undeclared(some), MINIMUM) is None
    assert numeric_shift(case(some, ABSENT, window=100), MINIMUM) is None
    assert numeric_shift(case(some, FeatureProfile(nulls=100)), MINIMUM) is None
    assert numeric_shift(case(FeatureProfile(nulls=100), some), MINIMUM) is None
    assert numeric_shift(case(strings({"a": 100}), some), MINIMUM) is None
    assert numeric_shift(case(some, strings({"a": 100})), MINIMUM) is None
    assert numeric_shift(planned(some, kind="numeric"), MINIMUM) is None
    assert numeric_shift(case(some, binned((1, 50, 49, 0))), MINIMUM) is None
    assert numeric_shift(case(binned((), edges=(1.0,)), some, events=9), MINIMUM) is None


def test_kolmogorov_is_scipys():
    """With an edge at every number the distance is that of the two samples."""
    rng = random_source()
    for _ in range(50):
        before, after = rng.integers(0, 30, 200), rng.integers(0, 40, 90)
        old, new = (np.bincount(xs, minlength=40).astype(float) for xs in (before, after))

        assert pytest.approx(stats.ks_2samp(before, after).statistic) == _kolmogorov(old, new)


def test_probability_joins_three():
    """Where no number is between the known ones, the p-value joins those of three tests, each as scipy has it."""
    rng = random_source()
    for _ in range(200):
        before = rng.integers(0, 12, int(rng.integers(200, 3000)))
        after = rng.integers(0, int(rng.integers(8, 14)), int(rng.integers(100, 900))) % 12
        old, new = (np.bincount(xs, minlength=12).astype(float) for xs in (before, after))
        used = (old + new) > 0
        table = np.array([old, new])[:, used]
        if (table.sum(axis=0) * new.sum() / table.sum()).min() < EXPECTED:
            continue
        distance = _kolmogorov(old, new)
        expected = together(
            stats.mannwhitneyu(after, before, method="asymptotic").pvalue,
            stats.chi2_contingency(table, correction=False).pvalue,
            stats.kstwobign.sf(math.sqrt(old.sum() * new.sum() / table.sum()) * distance),
        )

        expected = min(1.0, expected / (1.0 - BETWEEN))
        assert pytest.approx(expected, rel=1e-9) == _probability(old, new, distance)


@pytest.mark.parametrize("n", [25, 200, 2000])
def test_false_findings(n):
    """Samples of one source have a p-value under 1 % in no more than 1 % of all tries, ties and tails included."""
    rng = random_source(n)
    sources = (
        rng.standard_normal,
        rng.standard_cauchy,
        lambda size: rng.poisson(2, size).astype(float),
        lambda size: np.where(rng.random(size) < 0.7, 0.0, rng.lognormal(0, 1, size)),
    )
    tries, found = 400, 0
    for i in range(tries):
        source = sources[i % len(sources)]
        result = numeric_shift(pair(source(4000), source(n)), MINIMUM)
        found += result.p_value < 0.01

    assert found <= 0.01 * tries + 3 * math.sqrt(0.01 * tries)
