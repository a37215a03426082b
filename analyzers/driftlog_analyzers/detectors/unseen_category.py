"""Unseen category: values outside the baseline's, by mass and not by their number.

New data of an unchanged source brings new values, too: as often as a value stood only once in the reference (Good 1953), which
is also the leave-one-out rate of the reference itself. Fisher's exact test compares the window's unseen mass with that.
New values within the usual novelty are a notice; a domain that people closed (``min_domain_mass``) is a rule.
"""

from driftlog_analyzers._baseline import Constraint
from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Categorical
from driftlog_analyzers._statistics import more_often, percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "unseen_category"
MINIMUM_EXCESS = 0.001
SHOWN = 20
HIGH = 0.1


def unseen_category(case: Case, minimum: int) -> Result | None:
    """Test one categorical or list feature; the effect is the unseen mass beyond the usual novelty, 0 to 1."""
    before, after, rule = case.before.categorical, case.after.categorical, case.constraint
    if rule is None or before is None or after is None or not after.n or before.tail:
        return None
    known = {*before.counts, *rule.values} if rule.values is not None else before.counts.keys()
    removed = before.counts.keys() - set(rule.values) if rule.values is not None else set()
    new = {v: c for v, c in after.counts.items() if v not in known or v in removed}
    unseen = sum(new.values()) + after.tail
    if not unseen:
        return None
    closed = _broken(rule, unseen, after.n)
    if after.n < minimum and not closed:
        return insufficient(NAME, case, after.n, minimum, "values")
    once = sum(count == 1 for count in before.counts.values())
    usual, share = rate(once, before.n), rate(unseen, after.n)
    return _result(case, before, new, after.n, unseen, share, usual, once, closed=closed)


def _broken(rule: Constraint, unseen: int, n: int) -> bool:
    return rule.min_domain_mass > 0 and 1.0 - rate(unseen, n) < rule.min_domain_mass


def _result(
    case: Case,
    before: Categorical,
    new: dict[str, int],
    n: int,
    unseen: int,
    share: float,
    usual: float,
    once: int,
    *,
    closed: bool,
) -> Result:
    top = sorted(new.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(repr(value) for value, _ in top[:3]) + (
        f" and {len(top) - 3} more" if len(top) > 3 else ""
    )  # noqa: PLR2004 - three names fit a line
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING,
        f"{case.feature}: {percent(share)} of {n:,} values are new: {names}"
        + (" (only known values are allowed)" if closed else f" (usual novelty: {percent(usual)})"),
        severity=Severity.HIGH if share >= HIGH else Severity.MEDIUM,
        n=n,
        effect=share - usual,
        p_value=None if closed else more_often(unseen, n, once, before.n),
        changes=tuple(Change(value, 0.0, rate(count, n), 0, count) for value, count in top[:SHOWN]),
        statistics={"distinct_new_values": float(len(new)), "usual_novelty": usual},
        condition=Condition("values", case.feature, tuple(value for value, _ in top[:SHOWN])),
    )


def is_material(result: Result) -> bool:
    """Whether the excess is more than a notice."""
    return result.p_value is None or result.effect >= MINIMUM_EXCESS
