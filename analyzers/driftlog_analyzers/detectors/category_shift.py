"""Category shift: the shares of the values moved; a rare value became common, a common one went.

Two tests, joined by Cauchy's combination:

- Pearson's chi-squared test of homogeneity (1900) over the values, those pooled into one that expect fewer than
  `EXPECTED` occurrences in the window, so that the approximation holds and a long tail costs no power;
- Fisher's exact test of each single value, times the number of values, which finds a rare value that became common.

The items of one list are not drawn one by one, so lists are the unit of sampling and only the second test is made of
them.

The effect is L∞, the largest change of one share; where many small values moved, the total variation distance beyond
what sampling alone gives (the mean absolute deviation of a normal variable per value) counts instead.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import xlogy

from driftlog_analyzers._finding import Condition, Outcome, Result, Severity
from driftlog_analyzers._statistics import (
    excess_variation,
    more_or_less_often,
    percent,
    together,
)
from driftlog_analyzers.detectors._case import Case, insufficient
from driftlog_analyzers.detectors._homogeneity import homogeneity
from driftlog_analyzers.detectors._shares import Integers, Shares, shares

NAME = "category_shift"
EXPECTED = 10.0
MINIMUM_L_INFINITY = 0.02
MINIMUM_VARIATION = 0.05
HIGH = 0.3
RARE = 0.01
TESTED = 8


def category_shift(case: Case, minimum: int) -> Result | None:
    """Test one categorical or list feature; the effect is L∞ of the value shares, 0 to 1."""
    before, after = case.before.categorical, case.after.categorical
    if case.constraint is None or before is None or after is None or not before.n or not after.n:
        return None
    m, n = case.occasions
    if n < minimum:
        return insufficient(NAME, case, n, minimum, "values")
    both = shares(before, after)
    if len(both.values) + bool(before.tail or after.tail) < 2:  # noqa: PLR2004 - one value cannot shift
        return None
    moves = both.moves
    l_infinity = float(np.abs(moves).max())
    variation = excess_variation(both.before, both.after, both.m, both.n)
    order = np.argsort(-np.abs(moves), kind="stable")
    top = both.changes(order)
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING
        if l_infinity >= MINIMUM_L_INFINITY or variation >= MINIMUM_VARIATION
        else Outcome.OK,
        f"{case.feature}: {_words(top[0].value, top[0].before, top[0].after)} of {after.n:,} values",
        severity=Severity.HIGH if max(l_infinity, variation) >= HIGH else Severity.MEDIUM,
        n=after.n,
        effect=max(l_infinity, variation),
        p_value=_single_values(both, n, m)
        if case.before.lists or case.after.lists
        else together(homogeneity(_pooled(both)), _single_values(both, n, m)),
        changes=top,
        statistics={
            "l_infinity": l_infinity,
            "excess_total_variation": variation,
            "jensen_shannon": _jensen_shannon(both),
        },
        condition=Condition(
            "values", case.feature, tuple(c.value for c in top if c.after > c.before)[:3]
        ),
    )


def _words(value: str, before: float, after: float) -> str:
    if before <= RARE and after >= 5 * before:
        return f"{value!r}, rare before ({percent(before)}), now makes up {percent(after)}"
    if after <= RARE and before >= 5 * after:
        return f"{value!r}, {percent(before)} before, is down to {percent(after)}"
    return f"{value!r} went from {percent(before)} to {percent(after)}"


def _pooled(both: Shares) -> NDArray[np.int64]:
    """A table of 2 rows: one column per value with enough expected occurrences, one for all others together."""
    total = both.before + both.after
    large = total * (min(both.n, both.m) / (both.n + both.m)) >= EXPECTED
    rest = [both.m - int(both.before[large].sum()), both.n - int(both.after[large].sum())]
    table = np.array([both.before[large], both.after[large]])
    if sum(rest) * (min(both.n, both.m) / (both.n + both.m)) >= EXPECTED:
        table = np.column_stack([table, rest])
    return table


def _single_values(both: Shares, n: int, m: int) -> float:
    """Smallest two-sided p-value over the single values, times their number.

    The exact test is done for the few values with the largest deviance of "this value or not, window or reference".
    """
    deviance = _deviance(both.after, n, both.before + both.after, n + m)
    candidates = np.argsort(-deviance, kind="stable")[:TESTED]
    smallest = min(
        more_or_less_often(int(both.after[i]), n, int(both.before[i]), m) for i in candidates
    )
    return min(1.0, len(both.values) * smallest)


def _deviance(hits: Integers, n: int, total: Integers, size: int) -> NDArray[np.float64]:
    """The G statistic of the table with these cells, row sum n, column sums total and sum size, per value."""
    cells = hits, n - hits, total - hits, size - n - total + hits
    sums = xlogy(n, n) + xlogy(size - n, size - n) + xlogy(total, total)
    sums += xlogy(size - total, size - total) - xlogy(size, size)
    return np.asarray(2.0 * (sum(xlogy(cell, cell) for cell in cells) - sums))


def _jensen_shannon(both: Shares) -> float:
    """Jensen-Shannon distance, base 2, 0 to 1, of the listed values."""
    if not both.before.any() or not both.after.any():
        return 1.0
    return float(jensenshannon(both.before, both.after, base=2.0))
