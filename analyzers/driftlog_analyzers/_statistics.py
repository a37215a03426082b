"""The tests and effect sizes that several detectors share."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln


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


def cohen_h(before: float, after: float) -> float:
    """Effect size of two rates, 2 asin √after - 2 asin √before, from -π to π (Cohen 1988, chapter 6)."""
    return 2.0 * (math.asin(math.sqrt(min(1.0, after))) - math.asin(math.sqrt(min(1.0, before))))


def rate(hits: int, n: int) -> float:
    """Hits of n, 0 for none of none."""
    return hits / n if n else 0.0


def percent(share: float) -> str:
    """A share in words that stay honest near 0 and 1."""
    value = 100.0 * share
    if value and (value < 0.1 or value > 99.9) and share != 1.0:  # noqa: PLR2004 - one decimal would read 0.0 or 100.0
        return f"{value:.3g} %" if value < 1 else f"{math.floor(value * 100) / 100:.2f} %"
    return f"{value:.1f} %".replace(".0 %", " %")
