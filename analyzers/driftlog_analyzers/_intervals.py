"""Confidence intervals. Pure."""

import math

from scipy.special import ndtri

CONFIDENCE = 0.95


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), 0 to 1; all of it where there are no trials."""
    if not n:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2.0))
    share, scale = hits / n, 1.0 + z * z / n
    centre = (share + z * z / (2.0 * n)) / scale
    half = z / scale * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def of_mean(n: int, mean: float, variance: float) -> tuple[float, float]:
    """The normal interval of a mean, from the variance of one value."""
    half = float(ndtri(0.5 + CONFIDENCE / 2.0)) * math.sqrt(max(0.0, variance) / n)
    return mean - half, mean + half


def of_correlation(n: int, r: float) -> tuple[float, float]:
    """The interval of a correlation by Fisher's z (1915); all there is of fewer than four pairs."""
    if n <= 3:  # noqa: PLR2004 - z has the variance 1 / (n - 3)
        return -1.0, 1.0
    if abs(r) >= 1.0:
        return r, r
    half = float(ndtri(0.5 + CONFIDENCE / 2.0)) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
