"""Vanished: an expected feature is absent from (nearly) all events, or from far more than usual.

Fisher's exact test of the absence rate against the reference; the effect is the rise of that rate.
"""

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import more_often, percent, rate
from driftlog_analyzers.detectors._case import Case

NAME = "vanished"
MINIMUM_RISE = 0.01
NEARLY_ALL = 0.9


def vanished(case: Case) -> Result | None:
    """Test one required feature; the effect is the rise of its absence rate, 0 to 1."""
    if case.constraint is None or not case.constraint.required or not case.after_events:
        return None
    absent = case.after_events - case.after.present
    usual = case.before_events - case.before.present
    before, after = rate(usual, case.before_events), rate(absent, case.after_events)
    found = after - before >= MINIMUM_RISE
    gone = "vanished: it is absent from" if after >= NEARLY_ALL else "is absent from"
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if found else Outcome.OK,
        f"{case.feature} {gone} {percent(after)} of {case.after_events:,} events (before: {percent(before)})",
        severity=Severity.CRITICAL if after >= NEARLY_ALL else Severity.HIGH,
        n=case.after_events,
        effect=after - before,
        p_value=more_often(absent, case.after_events, usual, case.before_events),
        changes=(Change("absent", before, after, usual, absent),),
        condition=Condition("absent", case.feature),
    )
