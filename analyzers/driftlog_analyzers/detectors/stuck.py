"""Stuck: the feature collapsed to one value that it did not always have.

Of the n + m values, d differ from the baseline's most frequent one (for numbers: its fullest histogram bin, so d is a
lower bound). That none of the d fell into the window is hypergeometric (Fisher's exact test); likewise for the very
value, times the number of values that it could have been.

How far a window's variety lies from the reference's is told of every window: calibration learns from it how far is
usual.
"""

from bisect import bisect_left

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import FeatureProfile
from driftlog_analyzers._statistics import more_often, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "stuck"
MOVED = "variety_moved"
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
    changes = _changes(case, value, m)
    probability = _probability(n, changes[0].before_count, mode, case.before) if changes else 1.0
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if alone else Outcome.OK,
        f"{case.feature} is stuck: all {n:,} values are {value}"
        if alone
        else f"{case.feature} is not stuck",
        severity=Severity.HIGH,
        n=n,
        effect=0.0 if value is None else variety,
        p_value=probability,
        least=probability,
        changes=changes,
        statistics={MOVED: abs(variety - _variety(case.after))},
        condition=Condition("any", case.feature),
    )


def _probability(n: int, known: int, mode: int, before: FeatureProfile) -> float:
    """That the window has none of the values that differ: from the mode, or from this value, of which there were k."""
    m = before.values
    kinds = before.categorical.counts if before.categorical else ()
    k = len(kinds) or (before.numeric is not None and len(before.numeric.bins)) or 1
    return min(more_often(n, n, mode, m), k * more_often(n, n, known, m), 1.0)


def _variety(feature: FeatureProfile) -> float:
    """The share of values that differ from the most frequent one, at least."""
    n, mode = _mode(feature)
    return 1.0 - rate(mode, n)


def _single(feature: FeatureProfile) -> tuple[int, str | None]:
    """How many values there are, and the only one if it is."""
    if feature.numeric and feature.numeric.n == feature.values:
        low, high = feature.numeric.minimum, feature.numeric.maximum
        return feature.values, f"{low:.12g}" if low == high else None
    if feature.categorical and feature.strings == feature.values:
        counts = feature.categorical.counts
        return feature.values, next(iter(counts)) if len(counts) == 1 else None
    return feature.values, None


def _changes(case: Case, value: str | None, m: int) -> tuple[Change, ...]:
    """The only value, before and after; a number is counted with all that shared its histogram bin."""
    if value is None:
        return ()
    before, after = case.before, case.after
    if after.numeric:
        known = (
            before.numeric.bins[bisect_left(before.numeric.edges, after.numeric.minimum)]
            if before.numeric
            else 0
        )
    else:
        known = before.categorical.counts.get(value, 0) if before.categorical else 0
    return (Change(value, rate(known, m), 1.0, known, after.values),)


def _mode(feature: FeatureProfile) -> tuple[int, int]:
    """How many values there are, and at most how many of them are the most frequent one."""
    if feature.numbers + feature.strings < feature.values:
        return 0, 0
    if feature.numeric and not feature.numeric.bins:
        return 0, 0
    bins = feature.numeric.bins if feature.numeric else ()
    counts = feature.categorical.counts.values() if feature.categorical else ()
    return feature.values, max((*bins, *counts), default=0)
