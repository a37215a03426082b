"""Non-finite: NaN or infinity is served more often than in the baseline. Fisher's exact test, one-sided."""

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import cohen_h, least_often, more_often, percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient
from driftlog_analyzers.detectors._rates import matters

NAME = "nonfinite"
HIGH = 0.01


def nonfinite(case: Case, minimum: int) -> Result | None:
    """Test one feature; the effect is Cohen's h of the two rates."""
    if case.constraint is None or not case.after.nonfinite:
        return None
    n, m = case.after.present, case.before.present
    if n < minimum:
        return insufficient(NAME, case, n, minimum, "events carry it")
    before, after = rate(case.before.nonfinite, m), rate(case.after.nonfinite, n)
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if after > before and matters(before, after) else Outcome.OK,
        f"{case.feature}: NaN or infinite in {percent(after)} of {n:,} events (before: {percent(before)})",
        severity=Severity.HIGH if after - before >= HIGH else Severity.MEDIUM,
        n=n,
        effect=cohen_h(before, after),
        p_value=more_often(case.after.nonfinite, n, case.before.nonfinite, m),
        least=least_often(case.before.nonfinite + case.after.nonfinite, n, m),
        changes=(Change("not finite", before, after, case.before.nonfinite, case.after.nonfinite),),
        condition=Condition("nonfinite", case.feature),
    )
