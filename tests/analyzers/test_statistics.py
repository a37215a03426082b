import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftlog_analyzers._statistics import (
    FEWEST,
    centre_moved,
    cohen_h,
    counted,
    excess_variation,
    figure,
    first_time,
    larger_numbers,
    least_often,
    more_often,
    more_or_less_often,
    percent,
    pooled_neighbours,
    rate,
    together,
)
from tests.analyzers.cases import random_source

BINS = st.integers(1, 12).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 60), min_size=k, max_size=k)] * 2)
)


@st.composite
def samples(draw, largest=5000):
    """Hits and size of a window and of a reference."""
    n, m = draw(st.integers(0, largest)), draw(st.integers(0, largest))
    return draw(st.integers(0, n)), n, draw(st.integers(0, m)), m


@given(samples())
def test_more_often_is_scipys(sample):
    """The tail is scipy's hypergeometric survival function, down to the smallest numbers."""
    hits, n, reference_hits, m = sample
    expected = stats.hypergeom.sf(hits - 1, n + m, hits + reference_hits, n) if n else 1.0

    assert pytest.approx(expected, rel=1e-9, abs=1e-290) == more_often(*sample)


@given(samples(largest=60))
def test_more_often_is_exact(sample):
    """The tail is the sum of binomial coefficients over their total."""
    hits, n, reference_hits, m = sample
    total = hits + reference_hits
    ways = sum(math.comb(total, k) * math.comb(n + m - total, n - k) for k in range(hits, n + 1))

    assert pytest.approx(float(Fraction(ways, math.comb(n + m, n))), rel=1e-9) == more_often(
        *sample
    )


@pytest.mark.parametrize(
    ("hits", "n", "reference_hits", "m"),
    [
        (1, 1, 0, 10**6),
        (50, 10**6, 20, 10**6),
        (10**6, 10**6, 0, 10**6),
        (10**6, 10**6, 999_990, 10**6),
        (30, 1000, 10_000, 10**6),
        (3, 20, 10**5, 10**8),
    ],
)
def test_more_often_of_millions(hits, n, reference_hits, m):
    """Millions of events lose no more than rounding: 1 in 10^8."""
    expected = stats.hypergeom.sf(hits - 1, n + m, hits + reference_hits, n)

    assert pytest.approx(expected, rel=1e-8, abs=1e-290) == more_often(hits, n, reference_hits, m)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ((0, 0, 0, 0), 1.0),
        ((0, 0, 5, 10), 1.0),
        ((0, 10, 5, 10), 1.0),
        ((10, 10, 0, 0), 1.0),
        ((10, 10, 10, 10), 1.0),
        ((1, 1, 0, 1), 0.5),
        ((1, 1, 0, 9), 0.1),
    ],
)
def test_more_often_at_the_ends(sample, expected):
    """Nothing, everything and one event have plain answers."""
    assert pytest.approx(expected) == more_often(*sample)


@given(samples(largest=300))
def test_more_often_falls_with_hits(sample):
    """One more hit in the window is never more probable, one more in the reference never less."""
    hits, n, reference_hits, m = sample
    here = more_often(*sample) * (1 + 1e-9)

    if hits < n:
        assert more_often(hits + 1, n, reference_hits, m) <= here
    if reference_hits < m:
        assert more_often(hits, n, reference_hits + 1, m) * (1 + 1e-9) >= more_often(*sample)


@given(samples())
def test_two_sided_is_symmetric(sample):
    """Hits and misses may be swapped."""
    hits, n, reference_hits, m = sample
    p = more_or_less_often(hits, n, reference_hits, m)

    assert 0 <= p <= 1
    assert pytest.approx(p, rel=1e-9, abs=1e-290) == more_or_less_often(
        n - hits, n, m - reference_hits, m
    )


@given(st.integers(0, 5000), st.integers(1, 200))
def test_equal_rates(m, factor):
    """A window in exact proportion to the reference has the p-value 1."""
    hits, n = m // 3, m

    assert pytest.approx(1.0) == more_or_less_often(hits, n, hits * factor, n * factor)


def test_cohen_h():
    """Cohen's h is 0 for equal rates, π from none to all, and odd."""
    assert (0.0, math.pi, -math.pi) == (cohen_h(0.3, 0.3), cohen_h(0, 1), cohen_h(1, 0))
    assert pytest.approx(0.451, abs=5e-4) == cohen_h(0, 0.05)  # Cohen 1988, table 6.2.2
    assert math.pi == cohen_h(0.0, 1.0 + 1e-12)


def test_rate():
    """None of none is 0."""
    assert (0.0, 0.25) == (rate(0, 0), rate(1, 4))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.1234, "12.3 %"),
        (0.001, "0.1 %"),
        (0.00002, "0.002 %"),
        (1e-9, "1e-07 %"),
        (0.9995, "99.95 %"),
        (0.99999, "99.99 %"),
        (1 - 1e-12, "99.99 %"),
        (0.999, "99.9 %"),
    ],
)
def test_percent(share, words):
    """A share in words is never 0 % of something and never 100 % of less."""
    assert words == percent(share)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.0, "0"),
        (-0.5, "-0.5"),
        (0.123456, "0.1235"),
        (0.00001234, "1.234e-05"),
        (12.345, "12.35"),
        (999.44, "999.4"),
        (999.96, "1,000"),
        (-52_000.4, "-52,000"),
        (1_700_000_000.0, "1,700,000,000"),
        (1.5e20, "1.5e+20"),
        (math.inf, "inf"),
    ],
)
def test_figure(number, words):
    """A number in words has digits that can be read."""
    assert words == figure(number)


def test_counted():
    """One is one, and none, two and thousands are many."""
    assert ["0 events", "1 event", "2 events", "1,000 events"] == [
        counted(n, "event") for n in (0, 1, 2, 1000)
    ]


def floats(bins):
    """Two rows of counts."""
    return tuple(np.array(row, dtype=float) for row in bins)


@given(BINS)
def test_ranks_are_scipys(bins):
    """Both sides' p-values over bins are those of Mann and Whitney's test of the numbers behind them."""
    before, after = floats(bins)
    if not before.sum() or not after.sum():
        return
    old, new = (np.repeat(np.arange(len(row)), row.astype(int)) for row in (before, after))
    if len({*old, *new}) == 1:
        assert (1.0, 0.5) == (centre_moved(before, after), larger_numbers(before, after))
        return
    both, larger = (
        stats.mannwhitneyu(new, old, alternative=side, method="asymptotic").pvalue
        for side in ("two-sided", "greater")
    )

    others = (before + after).sum() - (before + after).max()
    if others * after.sum() >= FEWEST * (before + after).sum():
        assert pytest.approx(both, rel=1e-9) == centre_moved(before, after)
    if larger < 0.5:
        assert pytest.approx(larger, rel=1e-9) == larger_numbers(before, after)
    else:
        assert larger_numbers(before, after) >= 0.5 - 1e-12


def test_ranks_of_rare_numbers_are_fishers():
    """Where nearly all numbers are in one bin, the p-value is Fisher's of the others: four of 100 beside 8 in 1,000."""
    before, after = floats(([992, 8], [96, 4]))

    expected = more_or_less_often(4, 100, 8, 1000)

    assert expected == centre_moved(before, after)
    assert 0.02 < expected < 0.1


def test_one_p_value_of_several():
    """Cauchy's combination is between the smallest p-value and Bonferroni's, and equal ones stay what they are."""
    assert pytest.approx(0.001, rel=1e-3) == together(0.001, 0.001, 0.001)
    assert 0.001 < together(0.001, 0.9, 0.5) <= 0.003
    assert 1.0 == together(1.0, 1.0)
    assert 3e-300 == together(1e-300, 1.0, 0.5)


@pytest.mark.parametrize(("hits", "least"), [(0, 1.0), (1, 0.01), (150, 0.0)])
def test_the_least_p_value_has_all_hits_in_the_window(hits, least):
    """A test without hits cannot fire; with one hit in all, 100 of 10,000 at the best."""
    assert pytest.approx(least, abs=1e-9) == least_often(hits, 100, 9_900)


def test_ranks_of_millions():
    """Samples of a million, one of them beside a single number, have a probability."""
    large, one = np.full(10, 1e6), np.eye(10)[3]

    assert 1.0 == centre_moved(large, large)
    assert 0.0 <= centre_moved(large, large[::-1] * np.arange(10)) < 1e-300
    assert 0.1 < centre_moved(large, one) <= 1.0
    assert 1.0 == centre_moved(one, one)


@given(BINS, st.sampled_from([1.0, 5.0, 40.0]))
def test_pooled_neighbours(bins, expected):
    """Pooling loses no number, keeps the order, and leaves each column what it must expect."""
    before, after = floats(bins)
    if not before.sum() or not after.sum():
        return
    table = pooled_neighbours(before, after, expected)
    smaller = min(before.sum(), after.sum())
    if smaller < expected:
        assert (2, 0) == table.shape
        return

    assert [before.sum(), after.sum()] == table.sum(axis=1).tolist()
    share = smaller / (before.sum() + after.sum())
    assert (table.sum(axis=0) * share >= expected - 1e-9).all()
    assert {*np.cumsum(table[0])} <= {*np.cumsum(before)}
    assert {*np.cumsum(table[1])} <= {*np.cumsum(after)}


def test_pooled_neighbours_of_large_bins():
    """Bins that are large enough stay as they are; what is left over at the end joins the last."""
    before, after = np.array([60.0, 60.0, 70.0, 1.0]), np.array([6.0, 6.0, 7.0, 0.0])

    assert [[60, 60, 71], [6, 6, 7]] == pooled_neighbours(before, after, 5.0).tolist()


def test_excess_variation_of_the_same_source():
    """Two samples of one source are no farther apart than sampling takes them, on the average, at any size."""
    rng = random_source()
    for k, n in [(2, 50), (10, 1000), (1000, 300)]:
        source = rng.dirichlet(np.ones(k))
        excess = [
            excess_variation(rng.multinomial(5000, source), rng.multinomial(n, source), 5000, n)
            for _ in range(200)
        ]
        assert np.mean(excess) < 0.03


def test_excess_variation_of_strangers():
    """Samples without a common value are at distance 1 but for the noise, which large samples have not."""
    before, after = np.array([10**6, 0]), np.array([0, 10**6])

    assert pytest.approx(1.0, abs=2e-3) == excess_variation(before, after, 10**6, 10**6)
    assert 0.0 == excess_variation(before, before, 10**6, 10**6)
    assert 0.0 <= excess_variation(before[:1], before[:1], 10**6, 10**6) < 1e-9


def test_first_time_of_what_never_was():
    """What the reference never showed counts by how rarely such things come at all; the more rare ones, the less."""
    alone, one = more_often(1, 100, 0, 20_000), first_time(1, 100, 20_000)

    assert 0.05 * alone < one < 0.2 * alone
    assert one < first_time(1, 100, 20_000, rare=2) < alone
    assert alone == first_time(1, 100, 20_000, rare=50)
    assert 1.0 == first_time(0, 100, 20_000)


def test_first_time_by_the_log_series():
    """Features whose rates are spread evenly over the orders of magnitude see their first hit as seldom as it says."""
    rng = random_source()
    n, m, features = 100, 20_000, 400_000
    rates = 10.0 ** rng.uniform(-8, -1, features)
    none = rng.binomial(m, rates) == 0
    seen = (rng.binomial(n, rates) == 1) & none

    assert first_time(1, n, m) / 4 < seen.sum() / features < first_time(1, n, m)
