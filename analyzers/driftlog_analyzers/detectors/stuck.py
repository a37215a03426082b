"""Stuck: the feature collapsed to one value that it did not always have.

Of the n + m values, d differ from the baseline's most frequent one (for numbers: its fullest histogram bin, so d is a lower
bound). That none of the d fell into the window is hypergeometric (Fisher's exact test).
"""

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import FeatureProfile
from driftlog_analyzers._statistics import more_often, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "stuck"
MINIMUM_VARIETY = 0.01


def stuck(case: Case, minimum: int) -> Result | None:
    """Test one feature; the effect is the share of values that used to differ from the most frequent one."""
    if case.constraint is None:
        return None
    n, value = _single(case.after)
    m, mode = _mode(case.before)
    if not m or not n:
        return None
    if n < minimum:
        return insufficient(NAME, case, n, minimum, "values")
    variety = 1.0 - rate(mode, m)
    alone = value is not None and variety >= MINIMUM_VARIETY
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if alone else Outcome.OK,
        f"{case.feature} is stuck: all {n:,} values are {value}",
        severity=Severity.HIGH,
        n=n,
        effect=variety,
        p_value=more_often(n, n, mode, m) if value is not None else 1.0,
        changes=(Change(str(value), rate(mode, m), 1.0, mode, n),),
        condition=Condition("any", case.feature),
    )


def _single(feature: FeatureProfile) -> tuple[int, str | None]:
    """How many values there are, and the only one if it is."""
    if feature.numeric:
        low, high = feature.numeric.minimum, feature.numeric.maximum
        return feature.numeric.n, f"{low:g}" if low == high and not feature.strings else None
    if feature.categorical and not feature.lists:
        counts = feature.categorical.counts
        return feature.categorical.n, next(iter(counts)) if len(counts) == 1 else None
    return 0, None


def _mode(feature: FeatureProfile) -> tuple[int, int]:
    """How many values there are, and at most how many of them are the most frequent one."""
    if feature.numeric and feature.numeric.bins:
        return feature.numeric.n, max(feature.numeric.bins)
    if feature.categorical and not feature.lists:
        return feature.categorical.n, max(feature.categorical.counts.values(), default=0)
    return 0, 0
