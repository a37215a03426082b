"""Unseen category: values outside the baseline's, by mass and not by their number.

New data of an unchanged source brings new values, too: as often as a value stood only once in the reference (Good
1953), which is also the leave-one-out rate of the reference itself. Fisher's exact test compares the window's unseen
mass with that. New values within the usual novelty are a notice; a domain that people closed (``min_domain_mass``) is a
rule: too little known mass is a finding, enough of it a notice. Where no value stood only once, `first_time` tells
how often a new one is to be expected. The items of one list come together, so that counts of
items are shrunk to the number of lists.
"""

from collections.abc import Sequence

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Categorical
from driftlog_analyzers._statistics import RARE, first_time, more_often, percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "unseen_category"
MINIMUM_EXCESS = 0.001
SHOWN = 20
NAMED = 3
HIGH = 0.1


def unseen_category(case: Case, minimum: int) -> Result | None:
    """Test one categorical or list feature; the effect is the unseen mass beyond the usual novelty, 0 to 1."""
    before, after, rule = case.baseline.categorical, case.after.categorical, case.constraint
    if rule is None or before is None or after is None or not after.n or before.tail:
        return None
    known = {*before.counts, *rule.values} if rule.values is not None else before.counts.keys()
    removed = before.counts.keys() - set(rule.values) if rule.values is not None else set()
    new = {v: c for v, c in after.counts.items() if v not in known or v in removed}
    unseen = sum(new.values()) + after.tail
    if not unseen:
        return None
    closed = rate(after.n - unseen, after.n) < rule.min_domain_mass
    if case.occasions[1] < minimum and not closed:
        return insufficient(NAME, case, case.occasions[1], minimum, "values")
    return _result(case, before, new, after.n, unseen, mass=rule.min_domain_mass)


def _result(
    case: Case,
    before: Categorical,
    new: dict[str, int],
    n: int,
    unseen: int,
    *,
    mass: float,
) -> Result:
    once = before.once
    usual, share = rate(once, before.n), rate(unseen, n)
    tolerated = 0 < mass <= rate(n - unseen, n) or (not mass and share - usual < MINIMUM_EXCESS)
    probability = _probability(case, unseen, n, once, before)
    top = sorted(new.items(), key=lambda item: (-item[1], item[0]))
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING,
        f"{case.feature}: {percent(share)} of {n:,} values are new: {_names(top)} ({_measure(mass, usual)})",
        severity=Severity.INFO if tolerated else _severity(share, unseen),
        n=n,
        effect=share - usual,
        p_value=None if mass > 0 else probability,
        least=probability,
        changes=tuple(
            Change(
                value,
                rate(before.counts.get(value, 0), before.n),
                rate(count, n),
                before.counts.get(value, 0),
                count,
            )
            for value, count in top[:SHOWN]
        ),
        statistics={"distinct_new_values": float(len(new)), "usual_novelty": usual},
        condition=Condition("values", case.feature, tuple(value for value, _ in top[:SHOWN])),
        notable=True,
    )


def _names(top: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(repr(value) for value, _ in top[:NAMED])
    more = f" and {len(top) - NAMED} more" if len(top) > NAMED else ""
    return f"{named}{more}" or "too many to be listed"


def _measure(mass: float, usual: float) -> str:
    """What the new values are measured by."""
    if mass == 1:
        return "only known values are allowed"
    return f"{percent(mass)} must be known" if mass else f"usual novelty: {percent(usual)}"


def _severity(share: float, unseen: int) -> Severity:
    if share >= HIGH:
        return Severity.HIGH
    return Severity.LOW if unseen == 1 else Severity.MEDIUM


def _probability(case: Case, unseen: int, n: int, once: int, before: Categorical) -> float:
    """Fisher's exact test over events; a list's share of unseen items counts as that share of the list."""
    lists, window_lists = case.baseline.strings + case.baseline.lists, case.occasions[1]
    hits = unseen * window_lists // n
    if not once:
        rare = sum(count <= RARE for count in before.counts.values())
        return first_time(hits, window_lists, lists, rare)
    return more_often(hits, window_lists, -(-once * lists // before.n), lists)
