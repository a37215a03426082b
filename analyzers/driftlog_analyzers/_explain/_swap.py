"""Swapped: two features changed places."""

import math
from collections.abc import Sequence

import numpy as np

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._explain._moments import LEAST, agree, moments
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric
from driftlog_analyzers._statistics import excess_variation, rate
from driftlog_analyzers.detectors import Case
from driftlog_analyzers.detectors._shares import shares

MAIN = 0.95
NEAR = 0.05
KOLMOGOROV = 1.95  # 0.1 % of all samples of one source lie farther apart, times √(1/n + 1/m)
PRECISE = 0.5


def swapped(case: Case, struck: Sequence[Case]) -> str:
    """The only other struck feature whose values these are, where that one has this one's.

    Args:
        case: a feature with a finding.
        struck: all of them.
    """
    if looks_like(case.before, case.after):
        return ""
    others = [
        other.feature
        for other in struck
        if other.feature != case.feature
        and other.output == case.output
        and looks_like(other.before, case.after)
        and looks_like(case.before, other.after)
        and not looks_like(other.before, other.after)
    ]
    return f"swapped with `{others[0]}`" if len(others) == 1 else ""


def looks_like(before: FeatureProfile, after: FeatureProfile) -> bool:
    """Whether a window's values may be of the reference's source.

    Numbers: mean, standard deviation, range and, as far as the edges tell, distribution. Strings: shares within 5
    points of total variation beyond sampling, and no more unseen values than that beyond the usual novelty.
    """
    kind = main_kind(before)
    if kind != main_kind(after) or not before.values or not after.values:
        return False
    if kind == "numeric" and before.numeric and after.numeric:
        most = after.numbers >= MAIN * after.values
        return most and _numbers_alike(before.numeric, after.numeric)
    if kind == "categorical" and before.categorical and after.categorical:
        most = after.strings >= MAIN * after.values
        return most and _values_alike(before.categorical, after.categorical)
    return False


def _numbers_alike(before: Numeric, after: Numeric) -> bool:
    old, new = moments(before), moments(after)
    if old is None or new is None:
        return False
    error = math.hypot(old.error, new.error)
    return error <= PRECISE / 3.0 * old.sd and agree(old, new) and _distributed_alike(before, after)


def _distributed_alike(before: Numeric, after: Numeric) -> bool:
    """Whether the two distribution functions are near each other; over other edges, as near as they may be.

    Between two edges a distribution function lies between its values there.
    """
    if not before.bins or not after.bins:
        return True
    old = np.cumsum(before.bins, dtype=np.float64) / before.n
    new = (np.cumsum(after.bins, dtype=np.float64) / after.n)[:-1]
    at = np.array(after.edges)
    known = np.array(before.edges)
    lower = np.concatenate([[0.0], old[:-1]])[np.searchsorted(known, at, side="right")]
    upper = old[np.searchsorted(known, at, side="left")]
    far = np.maximum(lower - new, new - upper).max(initial=0.0)
    return bool(far <= KOLMOGOROV * math.sqrt(1.0 / before.n + 1.0 / after.n))


def _values_alike(before: Categorical, after: Categorical) -> bool:
    if before.tail or after.tail or min(before.n, after.n) < LEAST:
        return False
    new = after.counts.keys() - before.counts.keys()
    unseen = rate(sum(map(after.counts.__getitem__, new)), after.n)
    if unseen - NEAR > rate(before.once, before.n):
        return False
    both = shares(before, after)
    return excess_variation(both.before, both.after, both.m, both.n) <= NEAR
