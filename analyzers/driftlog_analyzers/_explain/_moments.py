"""Mean and standard deviation of numbers with their standard errors."""

import math
from dataclasses import dataclass

from driftlog_analyzers._profile import Numeric

LEAST = 20
ERRORS = 3.0
LARGEST_RATIO = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Moments:
    """What a summary of numbers says of their source.

    Attributes:
        mean: of the numbers.
        sd: their standard deviation, above 0.
        error: standard error of the mean.
        spread: standard error of the logarithm of the standard deviation.
        low: the smallest.
        high: the largest.
    """

    mean: float
    sd: float
    error: float
    spread: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """From the smallest to the largest."""
        return self.high - self.low

    def undone(self, factor: float, offset: float) -> "Moments":
        """The moments of the numbers x of which these are factor · x + offset."""
        low, high = sorted(((self.low - offset) / factor, (self.high - offset) / factor))
        scale = abs(factor)
        return Moments(
            (self.mean - offset) / factor,
            self.sd / scale,
            self.error / scale,
            self.spread,
            low,
            high,
        )


def moments(numbers: Numeric | None) -> Moments | None:
    """The moments of enough numbers that differ; None of others, and of any beyond a 64-bit float's squares.

    The kurtosis is at most the squared distance of the farthest number from the mean, in standard deviations; that
    bounds the standard error of the standard deviation, whatever the distribution (Kendall and Stuart 1977, 10.9).
    """
    if numbers is None or numbers.n < LEAST or not 0 < numbers.m2 < math.inf:
        return None
    sd = math.sqrt(numbers.m2 / numbers.n)
    farthest = max(numbers.maximum - numbers.mean, numbers.mean - numbers.minimum)
    if not sd or not math.isfinite(farthest / sd):
        return None
    reach = farthest / sd
    spread = 0.5 * math.sqrt(max(reach * reach - 1.0, 0.0) / numbers.n) + 1.0 / numbers.n
    error = sd / math.sqrt(numbers.n)
    return Moments(numbers.mean, sd, error, spread, numbers.minimum, numbers.maximum)


def agree(before: Moments, after: Moments) -> bool:
    """Whether both may be of one source: means and deviations within three standard errors, no number far outside.

    Far outside is more than half the width of the reference's range. A deviation twice as large disagrees in any case.
    """
    error = math.hypot(before.error, after.error)
    spread = min(ERRORS * math.hypot(before.spread, after.spread), LARGEST_RATIO)
    return (
        abs(after.mean - before.mean) <= ERRORS * error
        and abs(math.log(after.sd / before.sd)) <= spread
        and after.low >= before.low - before.width / 2.0
        and after.high <= before.high + before.width / 2.0
    )
