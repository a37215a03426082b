"""New feature: the window carries a feature that the baseline does not know. A rule, not a test: once is enough."""

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import percent, rate
from driftlog_analyzers.detectors._case import Case

NAME = "new_feature"


def new_feature(case: Case) -> Result | None:
    """Report an undeclared feature; the effect is the share of events that carry it."""
    if case.constraint is not None or not case.after.present:
        return None
    share = rate(case.after.present, case.after_events)
    kinds, condition = _looks(case)
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING,
        f"{case.feature} is new: a {kinds} in {percent(share)} of {case.after_events:,} events "
        "that the baseline does not know",
        severity=Severity.LOW,
        n=case.after_events,
        effect=share,
        changes=(Change("present", 0.0, share, 0, case.after.present),),
        condition=condition,
    )


def _looks(case: Case) -> tuple[str, Condition]:
    """What it is, in words, and which events show it."""
    if case.after.kinds:
        kinds = tuple(case.after.kinds)
        return " and ".join(kinds), Condition("type", case.feature, kinds)
    if case.after.nonfinite:
        return "number that is not finite", Condition("nonfinite", case.feature)
    return "null", Condition("null", case.feature)
