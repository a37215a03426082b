"""Multivariate: two features no longer go together as they did, though neither need have moved by itself.

Per pair a table of the reference's sample and one of the window's. Without a fault both have the same odds ratios,
whatever their margins: the log-linear model without interaction of all three (Bartlett 1935; Bishop, Fienberg and
Holland 1975), fitted by iterative proportional fitting (Deming and Stephan 1940). Pearson's chi-squared of the fit has
(r - 1)(c - 1) degrees of freedom; levels too rare for that are pooled; Bonferroni over the pairs. The effect is the
total variation between the window's table and the reference's raked to the window's margins, less what chance alone
would make of it.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._joint import Coding, Joint
from driftlog_analyzers._statistics import counted, percent

NAME = "multivariate"
FEWEST = 200
MINIMUM_EFFECT = 0.05
HIGH = 0.3
_ROUNDS = 100
_CLOSE = 1e-6
_PER_CELL = 5.0
_CHANGES = 8
_TIMES = "\u00d7"

_Table = npt.NDArray[np.float64]


def multivariate(before: Joint, after: Joint, level: float) -> list[Result]:
    """Test every pair; of pairs that share a feature only the one that moved most is a finding, the others are weak.

    Args:
        before: of the reference.
        after: of the window, under the same codings.
        level: that a pair's p-value, times the pairs, must not exceed.
    """
    if min(before.events, after.events) < FEWEST:
        words = (
            f"{counted(after.events, 'event')} in the sample and {before.events:,} in the reference's,"
            f" at least {FEWEST} are needed"
        )
        return [Result(NAME, "", Outcome.INSUFFICIENT, words, n=after.events)]
    tested = [
        result
        for old, new in zip(before.pairs, after.pairs, strict=True)
        if (
            result := _pair(
                before.codings[old.first],
                before.codings[old.second],
                np.array(old.counts, dtype=np.float64),
                np.array(new.counts, dtype=np.float64),
                len(before.pairs),
            )
        )
    ]
    return _strongest(tested, level)


def _strongest(tested: list[tuple[Result, tuple[str, str]]], level: float) -> list[Result]:
    """The results; a finding whose feature a stronger one has already is weak."""
    told: set[str] = set()
    results = []
    for result, names in sorted(tested, key=lambda one: -one[0].effect):
        outcome, weak = Outcome.OK, False
        if result.effect >= MINIMUM_EFFECT and (result.p_value or 0.0) <= level:
            weak = bool(told & {*names})
            outcome = Outcome.OK if weak else Outcome.FINDING
            told |= {*names}
        results.append(replace(result, outcome=outcome, weak=weak))
    return results


def _pair(
    first: Coding, second: Coding, old: _Table, new: _Table, pairs: int
) -> tuple[Result, tuple[str, str]] | None:
    rows, columns = _pooled(old, new), _pooled(old.T, new.T)
    if max(rows) < 1 or max(columns) < 1:
        return None
    before, after = (_summed(_summed(table, rows).T, columns).T for table in (old, new))
    freedom = (before.shape[0] - 1) * (before.shape[1] - 1)
    expected = _without_interaction(before, after)
    both = np.stack([before, after])
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(np.nansum((both - expected) ** 2 / expected))
    raked = _raked(before, after) / after.sum()
    shares = after / after.sum()
    effect = 0.5 * float(np.abs(shares - raked).sum()) - _noise(raked, before.sum(), after.sum())
    names = f"{first.feature} {_TIMES} {second.feature}"
    result = Result(
        NAME,
        names,
        Outcome.OK,
        f"{first.feature} and {second.feature} no longer go together as they did: {percent(max(0.0, effect))} of the"
        f" events beyond chance, in a sample of {after.sum():,.0f}, though their own shares are allowed for",
        severity=Severity.HIGH if effect >= HIGH else Severity.MEDIUM,
        n=int(after.sum()),
        effect=max(0.0, effect),
        p_value=min(1.0, pairs * float(stats.chi2.sf(statistic, freedom))),
        changes=_changes((_names(first, rows), _names(second, columns)), raked, after),
        statistics={"chi_squared": statistic, "degrees_of_freedom": float(freedom)},
    )
    return result, (first.feature, second.feature)


def _pooled(old: _Table, new: _Table) -> list[int]:
    """For each row its place after pooling those too rare for `_PER_CELL` expected events; -1 where it has none."""
    before, after = old.sum(axis=1), new.sum(axis=1)
    least = np.sqrt(_PER_CELL * min(before.sum(), after.sum()))
    kept = [i for i in range(len(before)) if min(before[i], after[i]) >= least]
    places = {row: place for place, row in enumerate(kept)}
    there = [bool(before[i] + after[i]) for i in range(len(before))]
    return [places.get(i, len(kept) if there[i] else -1) for i in range(len(before))]


def _summed(table: _Table, places: list[int]) -> _Table:
    summed = np.zeros((max(places) + 1, table.shape[1]))
    for row, place in enumerate(places):
        if place >= 0:
            summed[place] += table[row]
    return summed


def _without_interaction(before: _Table, after: _Table) -> _Table:
    """Both tables as they would be with the same odds ratios: the three-way fit."""
    observed = np.stack([before, after])
    fitted = np.ones_like(observed)
    for _ in range(_ROUNDS):
        last = fitted
        for axis in range(3):
            fitted = fitted * _ratio(observed.sum(axis=axis), fitted.sum(axis=axis), axis)
        if np.abs(fitted - last).max() <= _CLOSE:
            break
    return fitted


def _ratio(wanted: _Table, found: _Table, axis: int) -> _Table:
    ratio = np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)
    return np.expand_dims(ratio, axis)


def _raked(before: _Table, after: _Table) -> _Table:
    """The reference's table with the window's margins; half an event in each cell lets what is new have a share."""
    raked = before + 0.5
    for _ in range(_ROUNDS):
        last = raked
        for axis in range(2):
            raked = raked * _ratio(after.sum(axis=axis), raked.sum(axis=axis), axis)
        if np.abs(raked - last).max() <= _CLOSE:
            break
    return raked


def _noise(shares: _Table, before: float, after: float) -> float:
    """The total variation that chance alone makes: half the mean absolute deviations of the cells."""
    spread = np.sqrt(shares * (1.0 - shares) * (1.0 / before + 1.0 / after) * 2.0 / np.pi)
    return 0.5 * float(spread.sum())


def _names(coding: Coding, places: list[int]) -> list[str]:
    """The levels after pooling."""
    members: dict[int, list[str]] = {}
    for name, place in zip(coding.names, places, strict=True):
        members.setdefault(place, []).append(name)
    return [
        found[0] if len(found) == 1 else "(rest)"
        for place, found in sorted(members.items())
        if place >= 0
    ]


def _changes(
    names: tuple[list[str], list[str]], raked: _Table, after: _Table
) -> tuple[Change, ...]:
    """The cells that moved most: the share that the window's own margins would give, and the share there is."""
    n = after.sum()
    order = np.argsort(-np.abs(after / n - raked), axis=None, kind="stable")[:_CHANGES]
    cells = (divmod(int(place), raked.shape[1]) for place in order)
    return tuple(
        Change(
            f"{names[0][row]} {_TIMES} {names[1][column]}",
            float(raked[row, column]),
            float(after[row, column] / n),
            round(raked[row, column] * n),
            int(after[row, column]),
        )
        for row, column in cells
    )
