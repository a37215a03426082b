"""Numeric shift: the distribution of the numbers moved.

Four tests over the histogram bins of the baseline's edges, the last three joined by Cauchy's combination:

- Mann and Whitney's U (1947) of binned ranks, with the correction for ties: the centre moved. It asks for no moments,
  so that a heavy tail neither hides a shift nor feigns one;
- Kolmogorov and Smirnov's D at the edges, which is a lower bound of D itself: anything moved;
- Fisher's exact test of numbers between the known ones, where those are few: values left their usual grid;
- Pearson's chi-squared test of homogeneity (1900) over the bins, neighbours pooled until each expects `EXPECTED`
  numbers in the window: a spike, or values that left their usual grid.

The effect is D, or the total variation distance beyond what sampling alone gives where that is larger (a feature with
few different values leaves all of them by a small step). The evidence also has the population stability index with its
mean under sampling alone, (k - 1)(1/n + 1/m) over k bins (Yurdakul 2018), the Wasserstein distance between the
histograms in standard deviations of the reference, and the change of the mean in standard errors.
"""

import math

import numpy as np
from scipy.special import kolmogorov

from driftlog_analyzers._finding import Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Numeric
from driftlog_analyzers._statistics import (
    RARE,
    Floats,
    centre_moved,
    counted,
    excess_variation,
    figure,
    first_time,
    more_often,
    pooled_neighbours,
    together,
)
from driftlog_analyzers.detectors._case import Case, insufficient
from driftlog_analyzers.detectors._histogram import bin_changes
from driftlog_analyzers.detectors._homogeneity import homogeneity

NAME = "numeric_shift"
MINIMUM_D = 0.03
MINIMUM_VARIATION = 0.05
EXPECTED = 5.0
HIGH = 0.3
BETWEEN = 0.1
"""The part of the level that is kept for numbers between the known ones."""
MANY_SD = 1000.0


def numeric_shift(case: Case, minimum: int) -> Result | None:
    """Test one numeric feature; the effect is Kolmogorov's distance or the excess variation, 0 to 1."""
    before, after = case.before.numeric, case.after.numeric
    if case.constraint is None or case.constraint.kind != "numeric":
        return None
    if before is None or after is None or not before.bins or before.edges != after.edges:
        return None
    if after.n < minimum:
        return insufficient(NAME, case, after.n, minimum, "numbers")
    old, new = np.array(before.bins, dtype=np.float64), np.array(after.bins, dtype=np.float64)
    distance = _kolmogorov(old, new)
    effect = max(distance, excess_variation(old, new, before.n, after.n))
    moved = distance >= MINIMUM_D or effect >= MINIMUM_VARIATION
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if moved else Outcome.OK,
        f"{case.feature}: {_words(before, after)} in {counted(after.n, 'number')}",
        severity=Severity.HIGH if effect >= HIGH else Severity.MEDIUM,
        n=after.n,
        effect=effect,
        p_value=_probability(old, new, distance),
        changes=bin_changes(before.edges, old, new),
        statistics=_statistics(before, after, old, new) | {"kolmogorov": distance},
        condition=_condition(case.feature, before.edges, old, new),
    )


def _probability(old: Floats, new: Floats, distance: float) -> float:
    """Of the four tests together."""
    m, n = old.sum(), new.sum()
    homogeneous = homogeneity(pooled_neighbours(old, new, EXPECTED))
    largest_gap = float(kolmogorov(math.sqrt(n * m / (n + m)) * distance))
    usual = together(centre_moved(old, new), homogeneous, largest_gap)
    return min(1.0, usual / (1.0 - BETWEEN), _between(old, new) / BETWEEN)


def _between(old: Floats, new: Floats) -> float:
    """Of the numbers in inner bins that were empty: only bins between known numbers are."""
    m, n = int(old.sum()), int(new.sum())
    inner_old, inner_new = old[1:-1], new[1:-1]
    hits = int(inner_new[inner_old == 0].sum())
    if once := int((inner_old == 1).sum()):
        return more_often(hits, n, once, m)
    return first_time(hits, n, m, int(((inner_old > 0) & (inner_old <= RARE)).sum()))


def _kolmogorov(old: Floats, new: Floats) -> float:
    return float(np.abs(np.cumsum(new) / new.sum() - np.cumsum(old) / old.sum()).max())


def _statistics(before: Numeric, after: Numeric, old: Floats, new: Floats) -> dict[str, float]:
    p, q = old / old.sum(), new / new.sum()
    sd = math.sqrt(before.m2 / before.n)
    error = math.sqrt(before.m2 / before.n**2 + after.m2 / after.n**2)
    figures = {
        "mean_before": before.mean,
        "mean": after.mean,
        "sd_before": sd,
        "sd": math.sqrt(after.m2 / after.n),
        "mean_in_standard_errors": (after.mean - before.mean) / error if error > 0 else 0.0,
        "psi": _stability(old, new),
        "psi_by_chance": (np.count_nonzero(old + new) - 1) * (1 / old.sum() + 1 / new.sum()),
        "wasserstein_in_sd": _wasserstein(before.edges, p, q) / sd if sd > 0 else 0.0,
    }
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def _stability(old: Floats, new: Floats) -> float:
    """Population stability index; half a number is added to each bin that is empty in one of the two."""
    used = (old + new) > 0
    a, b = np.maximum(old[used], 0.5), np.maximum(new[used], 0.5)
    p, q = a / a.sum(), b / b.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _wasserstein(edges: tuple[float, ...], p: Floats, q: Floats) -> float:
    """Between the histograms, all numbers of a bin at its upper edge; what lies beyond the last one counts as there."""
    with np.errstate(over="ignore", invalid="ignore"):  # edges can be farther apart than any number
        steps = np.diff(np.array(edges))
        return float((np.abs(np.cumsum(q - p))[: len(steps)] * steps).sum())


def _words(before: Numeric, after: Numeric) -> str:
    sd, spread = math.sqrt(before.m2 / before.n), math.sqrt(after.m2 / after.n)
    if not all(map(math.isfinite, (before.mean, after.mean, sd, spread))):
        return "the distribution moved"
    means = f"mean went from {figure(before.mean)} to {figure(after.mean)}"
    step = (after.mean - before.mean) / sd if sd else math.inf
    if abs(step) >= MANY_SD:
        return means
    if abs(step) < 0.05:  # noqa: PLR2004 - the centre stayed
        spreads = f"sd from {figure(sd)} to {figure(spread)}"
        return f"the distribution moved about a mean of {figure(after.mean)} ({spreads})"
    return f"{means} ({step:+{'.2g' if abs(step) < 10 else '.0f'}} sd)"  # noqa: PLR2004 - two digits


def _condition(name: str, edges: tuple[float, ...], old: Floats, new: Floats) -> Condition:
    """The numbers of the bin that grew most: all that is outside of what lies below and above it."""
    i = int(np.argmax(new / new.sum() - old / old.sum()))
    low = edges[i - 1] if i else None
    high = edges[i] if i < len(edges) else None
    return Condition("within", name, low=low, high=high)
