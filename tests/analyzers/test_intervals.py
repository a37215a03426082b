import math

import pytest
from scipy import stats

from driftlog_analyzers._intervals import of_correlation, of_mean, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 50), (3, 50), (50, 50), (500, 100_000)])
def test_wilson(hits, n):
    """The interval is SciPy's."""
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")

    assert pytest.approx((expected.low, expected.high)) == wilson(hits, n)


def test_nothing_known():
    """Without trials a share may be anything, and with three pairs a correlation."""
    assert (0.0, 1.0) == wilson(0, 0)
    assert (-1.0, 1.0) == of_correlation(3, 0.5)
    assert (1.0, 1.0) == of_correlation(10, 1.0)


def test_mean_and_correlation():
    """A mean has 1.96 standard errors on each side, a correlation Fisher's z."""
    assert pytest.approx((-0.196, 0.196), rel=1e-3) == of_mean(100, 0.0, 1.0)
    low, high = of_correlation(103, 0.5)
    assert pytest.approx((math.atanh(0.5) - 0.196, math.atanh(0.5) + 0.196), rel=1e-3) == (
        math.atanh(low),
        math.atanh(high),
    )
