"""NA spike: the null rate rose (or fell) against the baseline, or a null came where none is allowed.

Fisher's exact test of nulls among the events that carry the feature, so that a vanished feature is no NA
spike. Of a feature that was never null, most never will be: its first null counts by `first_time`.
"""

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import (
    cohen_h,
    first_time,
    least_often,
    more_often,
    more_or_less_often,
    percent,
    rate,
)
from driftlog_analyzers.detectors._case import Case, insufficient
from driftlog_analyzers.detectors._rates import MINIMUM_CHANGE, matters

NAME = "na_spike"
HIGH = 0.5


def na_spike(case: Case, minimum: int) -> Result | None:
    """Test one feature; the effect is Cohen's h of the two null rates."""
    if case.constraint is None or not case.after.present:
        return None
    n, m = case.after.present, case.before.present
    forbidden = case.constraint.nulls == "forbidden" and case.after.nulls > 0
    if not m and not forbidden:
        return None
    before, after = rate(case.before.nulls, m), rate(case.after.nulls, n)
    if n < minimum and not forbidden:
        return insufficient(NAME, case, n, minimum, "events carry it")
    probability = _probability(case, n, m)
    direction = "rose" if after >= before else "fell"
    rule = " though null is not allowed" if forbidden else ""
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if forbidden or matters(before, after) else Outcome.OK,
        f"{case.feature}: nulls {direction} from {percent(before)} to {percent(after)} of {n:,} events{rule}",
        severity=_severity(case.after.nulls, after - before, forbidden=forbidden),
        n=n,
        effect=cohen_h(before, after),
        p_value=None if forbidden else probability,
        least=min(probability, least_often(case.before.nulls + case.after.nulls, n, m)),
        changes=(Change("null", before, after, case.before.nulls, case.after.nulls),),
        condition=Condition("null", case.feature),
    )


def _severity(nulls: int, rise: float, *, forbidden: bool) -> Severity:
    if rise >= HIGH or forbidden:
        return Severity.HIGH
    return Severity.LOW if nulls == 1 else Severity.MEDIUM


def _probability(case: Case, n: int, m: int) -> float:
    """Two-sided where the rate can fall by enough to matter, else of the rise alone."""
    nulls, usual = case.after.nulls, case.before.nulls
    if rate(usual, m) >= MINIMUM_CHANGE:
        return more_or_less_often(nulls, n, usual, m)
    if not usual and not case.baseline.nulls:
        return first_time(nulls, n, m)
    return more_often(nulls, n, usual, m)
