"""Error rate: more predictions failed than in the reference.

Fisher's exact test, one-sided, of the events whose outcome is ``failure``.
"""

from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._statistics import cohen_h, counted, least_often, more_often, percent, rate
from driftlog_analyzers.detectors._case import too_few
from driftlog_analyzers.detectors._rates import matters

NAME = "error_rate"
HIGH = 0.1


def error_rate(before: WindowProfile, after: WindowProfile, minimum: int) -> Result | None:
    """Test one window; the effect is Cohen's h of the two shares of failures."""
    m, n = sum(before.outcomes.values()), sum(after.outcomes.values())
    if not m or not n:
        return None
    if n < minimum:
        return too_few(NAME, n, "outcome", minimum)
    usual, failed = before.outcomes.get("failure", 0), after.outcomes.get("failure", 0)
    old, new = rate(usual, m), rate(failed, n)
    return Result(
        NAME,
        "",
        Outcome.FINDING if new > old and matters(old, new) else Outcome.OK,
        f"{percent(new)} of {counted(n, 'prediction')} failed (before: {percent(old)})",
        severity=Severity.HIGH if new >= HIGH else Severity.MEDIUM,
        n=n,
        effect=cohen_h(old, new),
        p_value=more_often(failed, n, usual, m),
        least=least_often(failed + usual, n, m),
        changes=(Change("failure", old, new, usual, failed),),
    )
