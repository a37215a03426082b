"""The tests and effect sizes that several detectors share."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, ndtr

Floats = NDArray[np.float64]

TINY = 1e-15
NEARLY_ONE = 0.99
FEWEST = 5.0
RARE = 100
_HARMONIC = sum(1.0 / j for j in range(1, RARE + 1))


def more_often(hits: int, n: int, reference_hits: int, m: int) -> float:
    """Probability of so many hits among n if the reference's m were drawn from the same source.

    Fisher's exact test, one-sided: given the hits of both samples together, the number that falls into the window is
    hypergeometric (Fisher 1935). It needs no minimum rate and accounts for the size of the reference.
    """
    if n == 0 or hits == 0:
        return 1.0
    total = hits + reference_hits
    k = np.arange(hits, min(n, total) + 1)
    logs = _log_choose(total, k) + _log_choose(n + m - total, n - k) - _log_choose(n + m, n)
    largest = float(logs.max())
    return min(1.0, math.exp(largest) * float(np.exp(logs - largest).sum()))


def _log_choose(n: int, k: NDArray[np.int64] | int) -> NDArray[np.float64]:
    return np.asarray(-np.log(n + 1.0) - betaln(n - k + 1.0, k + 1.0))


def more_or_less_often(hits: int, n: int, reference_hits: int, m: int) -> float:
    """Two-sided version of `more_often`: twice the tail on the side of the change, at most 1."""
    if hits * (n + m) >= (hits + reference_hits) * n:
        return min(1.0, 2.0 * more_often(hits, n, reference_hits, m))
    return min(1.0, 2.0 * more_often(n - hits, n, m - reference_hits, m))


def least_often(hits: int, n: int, m: int) -> float:
    """The least p-value of `more_often` with so many hits in both samples together: all that fit in the window."""
    inside = min(hits, n)
    return more_often(inside, n, hits - inside, m)


def first_time(hits: int, n: int, m: int, rare: int = 0) -> float:
    """Probability that a window of n shows, `hits` times, what the reference's m never showed.

    `more_often` gives it for what is sure to happen once in both together. Nearly all that was never seen never comes:
    in Fisher's log-series (Fisher, Corbet and Williams 1943) the expected number of kinds seen j times falls as 1/j, so
    that beside `rare` kinds seen up to `RARE` times, (rare + 1/2) / (1 + 1/2 + ... + 1/RARE) are seen once; the half is
    Jeffreys' prior of a Poisson rate. This is the rate over features, not that of the one feature which has it.

    Args:
        hits: events of the window that show it.
        n: events of the window.
        m: events of the reference, none of which shows it.
        rare: other things of the kind that the reference shows at least once and at most `RARE` times.
    """
    if not hits:
        return 1.0
    return min(1.0, (rare + 0.5) / _HARMONIC) * more_often(hits, n, 0, m)


def together(*p_values: float) -> float:
    """One p-value of several, dependent or not: Cauchy's combination (Liu and Xie 2020); at most Bonferroni's."""
    smallest, k = min(p_values), len(p_values)
    if not TINY <= smallest <= NEARLY_ONE:  # where the tangent loses its digits
        return min(1.0, k * smallest)
    statistic = sum(1.0 / math.tan(math.pi * min(p, NEARLY_ONE)) for p in p_values) / k
    return min(1.0, k * smallest, 0.5 - math.atan(statistic) / math.pi)


def cohen_h(before: float, after: float) -> float:
    """Effect size of two rates, 2 asin √after - 2 asin √before, from -π to π (Cohen 1988, chapter 6)."""
    return 2.0 * (math.asin(math.sqrt(min(1.0, after))) - math.asin(math.sqrt(min(1.0, before))))


def excess_variation(before: NDArray[Any], after: NDArray[Any], m: int, n: int) -> float:
    """Total variation distance of two tables of counts, of m and n in all, less its mean under sampling alone.

    The mean absolute deviation of each share is that of a normal variable, √(2/π) times its standard error.
    """
    pooled = (before + after) / (m + n)
    noise = np.sqrt(2.0 / np.pi * pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
    return max(0.0, 0.5 * float((np.abs(after / n - before / m) - noise).sum()))


def pooled_neighbours(before: Floats, after: Floats, expected: float) -> Floats:
    """Two rows of counts per bin, neighbours pooled until each expects as many in the smaller sample."""
    total = before + after
    smaller = min(before.sum(), after.sum())
    columns: list[list[float]] = []
    open_column = [0.0, 0.0]
    for old, new in zip(before, after, strict=True):
        open_column = [open_column[0] + old, open_column[1] + new]
        if sum(open_column) * smaller >= expected * total.sum():
            columns.append(open_column)
            open_column = [0.0, 0.0]
    if columns:
        columns[-1] = [a + b for a, b in zip(columns[-1], open_column, strict=True)]
    return np.array(columns).T if columns else np.empty((2, 0))


def centre_moved(before: Floats, after: Floats) -> float:
    """Two-sided p-value of Mann and Whitney's U (1947) over bins, by its normal approximation with ties corrected.

    Where nearly all numbers are in one bin, so that the window expects fewer than `FEWEST` others, it is Fisher's exact
    test of those.

    Args:
        before: counts of the reference, by ascending bin.
        after: counts of the window.
    """
    m, n = int(before.sum()), int(after.sum())
    mode = int(np.argmax(before + after))
    usual, now = m - int(before[mode]), n - int(after[mode])
    if (usual + now) * n < FEWEST * (m + n):
        return more_or_less_often(now, n, usual, m)
    return float(2.0 * ndtr(-max(0.0, abs(_ranks(before, after)))))


def larger_numbers(before: Floats, after: Floats) -> float:
    """One-sided p-value of the same: the window's numbers are larger."""
    return float(ndtr(-_ranks(before, after)))


def _ranks(before: Floats, after: Floats) -> float:
    """U's distance from its mean in standard deviations, above 0 where the window's numbers are larger."""
    m, n, ties = before.sum(), after.sum(), before + after
    total = m + n
    lower = np.concatenate([[0.0], np.cumsum(before)[:-1]])
    distance = float((after * (lower + before / 2.0)).sum()) - n * m / 2.0
    variance = n * m / 12.0 * (total + 1.0 - (ties**3 - ties).sum() / (total * (total - 1.0)))
    if variance <= 0:
        return 0.0
    return math.copysign(max(0.0, abs(distance) - 0.5) / math.sqrt(variance), distance)


def rate(hits: int, n: int) -> float:
    """Hits of n, 0 for none of none."""
    return hits / n if n else 0.0


def figure(x: float) -> str:
    """A number in words: four digits, or all before the point; no exponent below a quadrillion.

    Numbers that differ by the errors of summation alone read the same.
    """
    x = float(f"{x:.12g}")
    return f"{x:,.0f}" if 999.5 <= abs(x) < 1e15 else f"{x:.4g}"  # noqa: PLR2004 - what rounds to 1,000


def counted(n: int, noun: str) -> str:
    """How many of what."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def percent(share: float) -> str:
    """A share in words that stay honest near 0 and 1."""
    value = 100.0 * share
    if value and (value < 0.1 or value > 99.9) and share != 1.0:  # noqa: PLR2004 - one decimal would read 0.0 or 100.0
        return f"{value:.3g} %" if value < 1 else f"{math.floor(value * 100) / 100:.2f} %"
    return f"{value:.1f} %".replace(".0 %", " %")
