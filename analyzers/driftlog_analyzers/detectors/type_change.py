"""Type change: values of another kind than the baseline's.

Fisher's exact test, one-sided, of their share among the values.
"""

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import cohen_h, least_often, more_often, percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient
from driftlog_analyzers.detectors._rates import matters

NAME = "type_change"
_WORDS = {"numeric": "number", "categorical": "string", "list": "list", "text": "text"}
HIGH = 0.5


def type_change(case: Case, minimum: int) -> Result | None:
    """Test one feature; the effect is Cohen's h of the shares of values of other kinds."""
    expected = _WORDS.get(case.constraint.kind) if case.constraint else None
    if expected is None or main_kind(case.baseline) == "unknown" or not case.after.values:
        return None
    n, m = case.after.values, case.before.values
    other = n - case.after.kinds.get(expected, 0)
    usual = m - case.before.kinds.get(expected, 0)
    if n < minimum:
        return insufficient(NAME, case, n, minimum, "values")
    before, after = rate(usual, m), rate(other, n)
    changes = tuple(
        Change(
            kind,
            rate(case.before.kinds.get(kind, 0), m),
            rate(count, n),
            case.before.kinds.get(kind, 0),
            count,
        )
        for kind, count in sorted(case.after.kinds.items(), key=lambda item: -item[1])
    )
    kinds = tuple(kind for kind in case.after.kinds if kind != expected)
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if after > before and matters(before, after) else Outcome.OK,
        f"{case.feature}: now a {' or '.join(kinds) or expected} in {percent(after)} of {n:,} values, was a {expected}",
        severity=Severity.HIGH if after >= HIGH else Severity.MEDIUM,
        n=n,
        effect=cohen_h(before, after),
        p_value=more_often(other, n, usual, m),
        least=least_often(other + usual, n, m),
        changes=changes,
        condition=Condition("type", case.feature, kinds),
    )
