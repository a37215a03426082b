import math

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._across import AcrossTest, across
from driftlog_analyzers._profile import Numeric
from driftlog_analyzers.errors import InputError
from tests.analyzers.cases import random_source


def numeric(values):
    """The profile of whole numbers from 0 to 9, each with a bin of its own."""
    values = np.asarray(values, dtype=float)
    edges = tuple(float(edge) for edge in range(-1, 10))
    bins = (0, *(int((values == v).sum()) for v in range(10)), 0)
    spread = float(((values - values.mean()) ** 2).sum())
    return Numeric(
        len(values), float(values.mean()), spread, values.min(), values.max(), edges, bins
    )


@pytest.fixture
def samples():
    """Three windows of whole numbers, the last of them higher."""
    rng = random_source()
    return [rng.integers(0, 9, 300), rng.integers(0, 9, 200), rng.integers(1, 10, 250)]


def test_kruskal_is_scipys(samples):
    """H over bins is that of the numbers, ties corrected."""
    expected = stats.kruskal(*samples)

    result = across(AcrossTest.KRUSKAL, [numeric(s) for s in samples])

    assert (3, 750) == (result.windows, result.n)
    assert pytest.approx(expected.statistic) == result.statistic
    assert pytest.approx(expected.pvalue) == result.p_value
    assert pytest.approx(expected.statistic / 749) == result.effect


def test_anova_is_scipys(samples):
    """F over means and variances is that of the numbers; η² is the share of variance between windows."""
    expected = stats.f_oneway(*samples)

    result = across(AcrossTest.ANOVA, [numeric(s) for s in samples])

    assert pytest.approx(expected.statistic) == result.statistic
    assert pytest.approx(expected.pvalue) == result.p_value
    everything = np.concatenate(samples)
    between = sum(len(s) * (s.mean() - everything.mean()) ** 2 for s in samples)
    assert pytest.approx(between / (everything.var() * 750)) == result.effect


def test_t_is_welchs(samples):
    """The t of two windows is Welch's, the later one minus the earlier; d is in pooled standard deviations."""
    a, b = samples[0], samples[2]
    expected = stats.ttest_ind(b, a, equal_var=False)

    result = across(AcrossTest.T, [numeric(a), numeric(b)])

    assert pytest.approx(expected.statistic) == result.statistic
    assert pytest.approx(expected.pvalue) == result.p_value
    assert 0 < result.effect < 1


@pytest.mark.parametrize("test", AcrossTest)
def test_the_same_constant_does_not_differ(test):
    """Windows that hold one value each are equal where it is the same."""
    result = across(test, [numeric([4] * 20), numeric([4] * 30)])

    assert (0.0, 1.0, 0.0) == (result.statistic, result.p_value, result.effect)


@pytest.mark.parametrize("test", [AcrossTest.ANOVA, AcrossTest.T])
def test_different_constants_differ_for_sure(test):
    """Two values without any spread cannot be one source."""
    result = across(test, [numeric([4] * 20), numeric([5] * 30)])

    assert (math.inf, 0.0) == (result.statistic, result.p_value)


@pytest.mark.parametrize(
    ("test", "windows"),
    [
        (AcrossTest.KRUSKAL, [numeric([1, 2])]),
        (AcrossTest.ANOVA, []),
        (AcrossTest.T, [numeric([1, 2])] * 3),
        (AcrossTest.T, [numeric([1]), numeric([1, 2])]),
        (AcrossTest.ANOVA, [numeric([1]), numeric([2])]),
    ],
)
def test_too_few(test, windows):
    """Too few windows or numbers are told in one sentence."""
    with pytest.raises(InputError, match=r"^the \w+ test needs "):
        across(test, windows)
