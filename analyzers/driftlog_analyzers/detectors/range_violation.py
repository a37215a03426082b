"""Range: numbers outside the allowed or the observed range.

One number far beyond the observed range, by more than the range is wide, is a notice; it is a finding of low severity
where the reference's own tail makes it as improbable as a finding must be. The tail is taken for a power of the
distance from the median (Pareto's, the heaviest of the common ones), its exponent from the K numbers of the outermost
bin, log(largest / edge) = log(K) / exponent on average (Hill 1975), with log(K) - 1 for the largest of them being by
chance too small. A heavy tail so has its far numbers without an alert, and a range from 0 to 500 no 5,400.

Against the observed range the probability is exact for exchangeable data of any distribution: that the a most extreme
of n + m values all fall among the window's n is the product of (n - i) / (n + m - i), i < a. A bound that people wrote
into the baseline's file is a rule: one number beyond it is a finding, none on this side of it is far, and the bound
they left alone is still the observed one.
"""

import math
from bisect import bisect_left
from itertools import accumulate

from driftlog_analyzers._baseline import Constraint
from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Numeric
from driftlog_analyzers._statistics import percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "range"
MINIMUM_SHARE = 0.002
HIGH = 0.1
SHORTEST_TAIL = 1.05
TAIL_NUMBERS = 500


def range_violation(case: Case, minimum: int) -> Result | None:
    """Test one numeric feature; the effect is the share of its numbers outside the range."""
    rule, before, after = case.constraint, case.baseline.numeric, case.after.numeric
    if rule is None or rule.kind != "numeric" or after is None:
        return None
    forbidden = _beyond_written(rule, before, after)
    if after.n < minimum and not forbidden:
        return insufficient(NAME, case, after.n, minimum, "numbers")
    share = rate(after.below + after.above, after.n)
    probability = _probability(before, after) if before else 1.0
    many, far = forbidden > 0 or share >= MINIMUM_SHARE, _is_far(before, after)
    alone = after.below + after.above == 1
    if before:
        probability = min(probability, 2.0 * _by_tails(before, after))
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if many or far else Outcome.OK,
        f"{case.feature}: {percent(share)} of {after.n:,} numbers lie outside {_span(rule.minimum, rule.maximum)}; "
        f"seen {after.minimum:g} to {after.maximum:g}",
        severity=_severity(share, many=bool(forbidden or (many and not alone))),
        n=after.n,
        effect=share,
        p_value=None if forbidden or before is None else probability,
        least=probability,
        changes=(
            Change("below", 0.0, rate(after.below, after.n), 0, after.below),
            Change("above", 0.0, rate(after.above, after.n), 0, after.above),
        ),
        statistics={"minimum": after.minimum, "maximum": after.maximum, "mean": after.mean},
        condition=Condition("outside", case.feature, low=rule.minimum, high=rule.maximum),
        notable=far,
    )


def _severity(share: float, *, many: bool) -> Severity:
    if not many:
        return Severity.LOW
    return Severity.HIGH if share >= HIGH else Severity.MEDIUM


def _is_far(before: Numeric | None, after: Numeric) -> bool:
    """Whether a number outside lies beyond the reference's range by more than that range is wide."""
    if before is None:
        return False
    width = before.maximum - before.minimum
    below = before.minimum - after.minimum if after.below else 0.0
    above = after.maximum - before.maximum if after.above else 0.0
    return width > 0 and max(below, above) > width


def _by_tails(before: Numeric, after: Numeric) -> float:
    """Probability of the farthest number outside, by the power that the nearer tail of the reference follows."""
    edges, bins = before.edges, before.bins
    if before.n < TAIL_NUMBERS or len(bins) < 4:  # noqa: PLR2004 - two edges around two values
        return 1.0
    middle = edges[bisect_left([*accumulate(bins)], before.n / 2.0)]
    share = after.n / before.n
    above = after.maximum - middle if after.above else 0.0
    below = middle - after.minimum if after.below else 0.0
    return min(
        share * _tail(bins[-2], edges[-2] - middle, before.maximum - middle, above),
        share * _tail(bins[1], middle - edges[1], middle - before.minimum, below),
    )


def _tail(count: int, edge: float, largest: float, x: float) -> float:
    """How often a number lies beyond x for one beyond the largest of the `count` beyond the edge; all are distances."""
    if not 0 < edge * SHORTEST_TAIL < largest < x or count <= math.e:
        return 1.0
    exponent = (math.log(count) - 1.0) / math.log(largest / edge)
    return math.exp(-exponent * math.log(x / largest))


def _beyond_written(rule: Constraint, before: Numeric | None, after: Numeric) -> int:
    """How many numbers lie beyond a bound that is not simply the reference's own."""
    below = after.below if before is None or rule.minimum != before.minimum else 0
    above = after.above if before is None or rule.maximum != before.maximum else 0
    return below + above


def _probability(before: Numeric, after: Numeric) -> float:
    """Of the smaller tail, doubled."""
    tails = (_extreme(count, after.n, before.n) for count in (after.below, after.above))
    return min(1.0, 2.0 * min(tails))


def _extreme(count: int, n: int, m: int) -> float:
    """Probability that the `count` most extreme of n + m values are all among the n."""
    lgamma = math.lgamma
    return math.exp(
        lgamma(n + 1) - lgamma(n - count + 1) - lgamma(n + m + 1) + lgamma(n + m - count + 1)
    )


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return "any number" if high is None else f"up to {high:g}"
    return f"{low:g} and up" if high is None else f"{low:g} to {high:g}"
