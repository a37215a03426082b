"""Do windows differ among themselves: classical tests over their stored profiles, on request.

They answer another question than the detectors do (is this window like the reference), and take the events of a window
for independent draws.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from driftlog_analyzers._profile import Numeric
from driftlog_analyzers.errors import InputError


class AcrossTest(StrEnum):
    """The tests."""

    KRUSKAL = "kruskal"
    ANOVA = "anova"
    T = "t"


@dataclass(frozen=True, slots=True)
class Across:
    """What one test says of one feature over several windows.

    Attributes:
        test: which.
        windows: how many had numbers.
        n: numbers in all of them.
        statistic: H, F or t.
        p_value: probability of as much difference among windows of one source.
        effect: ε² of the ranks, η² of the means, or Cohen's d; 0 is no difference.
    """

    test: AcrossTest
    windows: int
    n: int
    statistic: float
    p_value: float
    effect: float


def across(test: AcrossTest, windows: Sequence[Numeric]) -> Across:
    """Test the numbers of one feature over windows.

    Args:
        test: Kruskal and Wallis's (1952) over the histogram's bins with ties corrected, analysis of variance (Fisher
            1925) over means and variances, or Welch's t (1947) for two windows.
        windows: the feature's numbers in each window, binned alike.

    Raises:
        InputError: there are fewer than two windows, or another number than two for t, or too few numbers.
    """
    k, n = len(windows), sum(window.n for window in windows)
    if k < 2 or (test is AcrossTest.T and k != 2):  # noqa: PLR2004 - a difference needs two
        needed = "exactly two windows" if test is AcrossTest.T else "two windows or more"
        raise InputError(f"the {test} test needs {needed} with numbers, and there are {k}")
    if n <= k or any(not math.isfinite(window.m2) for window in windows):
        raise InputError(f"the {test} test needs more than one finite number a window")
    answer = {AcrossTest.KRUSKAL: _kruskal, AcrossTest.ANOVA: _anova, AcrossTest.T: _welch}[test]
    statistic, p_value, effect = answer(windows)
    return Across(test, k, n, statistic, p_value, effect)


def _kruskal(windows: Sequence[Numeric]) -> tuple[float, float, float]:
    bins = np.array([window.bins for window in windows], dtype=np.float64)
    sizes, ties = bins.sum(axis=1), bins.sum(axis=0)
    total = sizes.sum()
    ranks = np.cumsum(ties) - (ties - 1.0) / 2.0
    alike = 1.0 - (ties**3 - ties).sum() / (total**3 - total)
    if alike <= 0:
        return 0.0, 1.0, 0.0
    sums = ((bins @ ranks) ** 2 / sizes).sum()
    h = float((12.0 / (total * (total + 1.0)) * sums - 3.0 * (total + 1.0)) / alike)
    return h, float(stats.chi2.sf(h, len(windows) - 1)), h / float(total - 1.0)


def _anova(windows: Sequence[Numeric]) -> tuple[float, float, float]:
    sizes = np.array([window.n for window in windows], dtype=np.float64)
    means = np.array([window.mean for window in windows])
    total = sizes.sum()
    between = float((sizes * (means - (sizes * means).sum() / total) ** 2).sum())
    within = sum(window.m2 for window in windows)
    if within <= 0:
        return (math.inf, 0.0, 1.0) if between > 0 else (0.0, 1.0, 0.0)
    free = len(windows) - 1, float(total) - len(windows)
    f = between / free[0] / (within / free[1])
    return f, float(stats.f.sf(f, *free)), between / (between + within)


def _welch(windows: Sequence[Numeric]) -> tuple[float, float, float]:
    a, b = windows
    if min(a.n, b.n) < 2:  # noqa: PLR2004 - one number has no variance
        raise InputError("the t test needs two numbers or more in each window")
    variances = a.m2 / (a.n - 1), b.m2 / (b.n - 1)
    sd = math.sqrt((a.m2 + b.m2) / (a.n + b.n - 2))
    if sd <= 0:
        return (math.inf, 0.0, math.inf) if a.mean != b.mean else (0.0, 1.0, 0.0)
    found = stats.ttest_ind_from_stats(
        b.mean, math.sqrt(variances[1]), b.n, a.mean, math.sqrt(variances[0]), a.n, equal_var=False
    )
    return float(found.statistic), float(found.pvalue), (b.mean - a.mean) / sd
