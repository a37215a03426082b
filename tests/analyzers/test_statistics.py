import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftlog_analyzers._statistics import (
    cohen_h,
    more_often,
    more_or_less_often,
    percent,
    rate,
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
