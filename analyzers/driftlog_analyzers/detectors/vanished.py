"""Vanished: an expected feature is absent from (nearly) all events, or from far more than usual.

Fisher's exact test of the absence rate against the reference; the effect is the rise of that rate. A feature that the
reference itself lacks now and then is only expected to keep a tenth of its usual presence; one that people marked as
not required, though the reference always has it, may go.
"""

from driftlog_analyzers._baseline import REQUIRED_PRESENCE
from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import least_often, more_often, percent, rate
from driftlog_analyzers.detectors._case import Case

NAME = "vanished"
MINIMUM_RISE = 0.01
NEARLY_ALL = 0.9


def vanished(case: Case) -> Result | None:
    """Test one declared feature; the effect is the rise of its absence rate, 0 to 1."""
    rule = case.constraint
    if rule is None or not case.after_events:
        return None
    absent = case.after_events - case.after.present
    usual = case.before_events - case.before.present
    before, after = rate(usual, case.before_events), rate(absent, case.after_events)
    if not rule.required and 1.0 - before >= REQUIRED_PRESENCE:
        return None
    gone = not rule.required and 1.0 - after <= (1.0 - NEARLY_ALL) * (1.0 - before)
    found = after - before >= MINIMUM_RISE and (rule.required or gone)
    words = "vanished: it is absent from" if after >= NEARLY_ALL else "is absent from"
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if found else Outcome.OK,
        f"{case.feature} {words} {percent(after)} of {case.after_events:,} events (before: {percent(before)})",
        severity=Severity.CRITICAL if after >= NEARLY_ALL else Severity.HIGH,
        n=case.after_events,
        effect=after - before,
        p_value=more_often(absent, case.after_events, usual, case.before_events),
        least=least_often(absent + usual, case.after_events, case.before_events),
        changes=(Change("absent", before, after, usual, absent),),
        condition=Condition("absent", case.feature),
    )
