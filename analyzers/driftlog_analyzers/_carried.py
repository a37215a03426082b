"""Calibrations carried over to a baseline that is made anew: as long as the reference is the same, they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose

import orjson

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._json import to_json

_CLOSE = 1e-9


def carried(there: Baseline, made: Baseline) -> tuple[Baseline, tuple[Calibration, ...]]:
    """The new baseline with the calibrations of the one in its place, and those that it cannot have.

    Args:
        there: the baseline that is replaced.
        made: the new one; calibrations of its own stay.
    """
    own = {calibration.size for calibration in made.calibrations}
    before = tuple(found for found in there.calibrations if found.size not in own)
    if not before or same_reference(there, made):
        return replace(made, calibrations=(*made.calibrations, *before)), ()
    return made, before


def same_reference(one: Baseline, other: Baseline) -> bool:
    """Whether two baselines are of the same events, as far as their profiles tell; sums to 1e-9."""
    if one.vocabulary != other.vocabulary:
        return False
    return _alike(*(orjson.loads(to_json(baseline.profile)) for baseline in (one, other)))


def _alike(one: object, other: object) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return _all_alike(one, other)
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return one == other


def _all_alike(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(_alike, one, other))
