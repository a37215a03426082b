"""Floors: what the effect of a finding must exceed, from how it moves among windows without a fault.

With W windows the floor is the tail of the effects above their median, taken for exponential: the largest of W + 1
values is at a probability of 1 / (W + 1), and the budget's probability is reached from there along that tail. It lies
above the largest effect by a twentieth at least: an effect that is much the same in every window depends a little on
what the windows are compared with, too.

Whether a feature is stuck is no matter of degree. A window of some hours may well have one weather or one month: what
is stuck in more of the reference's windows than the budget explains is so as usual; else there is no floor.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

MARGIN = 1.05
NEVER = math.inf
_STUCK = ("stuck.", "prediction_collapse.")
Judged = Mapping[str, tuple[float, bool]]
"""Effect without sign and whether it alerts, by `spread_key`."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one detector's effect on one feature moves among the reference's own windows.

    Attributes:
        windows: how many answered.
        median: of the effects, without their sign.
        largest: the largest effect.
        floor: what the effect of a finding must exceed; infinite where no effect is a finding.
    """

    windows: int
    median: float
    largest: float
    floor: float


def spread_key(detector: str, feature: str, segment: str) -> str:
    """``detector.feature``; with a slice, ``detector.feature in country=DE``."""
    return f"{detector}.{feature}" + f" in {segment}" * bool(segment)


def spreads(judged: Sequence[Judged], budget: float) -> dict[str, Spread]:
    """Of every detector and feature that ever moved; budget is in false alerts per 1,000 feature-windows."""
    alerts = Counter(key for found in judged for key, (_, alert) in found.items() if alert)
    return {
        key: _spread(key, found, alerts[key], budget)
        for key, found in _effects(judged).items()
        if max(found) > 0
    }


def floor(effects: Sequence[float], largest: float, budget: float) -> float:
    """Where the tail from the median through the largest effect reaches the budget's probability."""
    middle, windows = median(effects), len(effects)
    probability = budget / 1000.0
    reached = math.log((windows + 1) / 2.0)
    wanted = math.log(1.0 / (2.0 * min(0.5, probability)))
    factor = wanted / reached if reached > 0 else 1.0
    return max(MARGIN * largest, middle + (largest - middle) * factor)


def alerting(judged: Sequence[Judged], budget: float) -> list[frozenset[str]]:
    """What alerts in each window, judged by the floors of the others."""
    effects = _effects(judged)
    top = {key: sorted(found)[-2:] for key, found in effects.items()}
    alerts = Counter(key for found in judged for key, (_, alert) in found.items() if alert)

    def above(key: str, effect: float) -> bool:
        if key.startswith(_STUCK):
            return within(alerts[key] - 1, len(effects[key]), budget)
        return effect > floor(effects[key], _others(top[key], effect), budget)

    return [
        frozenset(key for key, (effect, alert) in found.items() if alert and above(key, effect))
        for found in judged
    ]


def episodes(alerts: Sequence[frozenset[str]]) -> int:
    """How many begin, where one that goes on in the next window is one."""
    return sum(len(now - before) for before, now in pairwise([frozenset(), *alerts]))


def within(alerts: int, windows: int, budget: float) -> bool:
    """Whether so many alerts are within the budget, as far as so few windows tell (three standard deviations)."""
    expected = budget / 1000.0 * windows
    return alerts <= expected + 3.0 * math.sqrt(expected)


def feature_windows(judged: Sequence[Judged]) -> tuple[int, int]:
    """How many features alert, summed over the windows, and how many there are."""
    features = {key.partition(".")[2] for found in judged for key in found}
    alerts = sum(
        len({key.partition(".")[2] for key, (_, alert) in found.items() if alert})
        for found in judged
    )
    return alerts, len(features) * len(judged)


def _effects(judged: Sequence[Judged]) -> dict[str, list[float]]:
    effects = defaultdict(list)
    for found in judged:
        for key, (effect, _) in found.items():
            effects[key].append(effect)
    return dict(effects)


def _spread(key: str, effects: Sequence[float], alerts: int, budget: float) -> Spread:
    largest = max(effects)
    if key.startswith(_STUCK):
        found = 0.0 if within(alerts, len(effects), budget) else NEVER
    else:
        found = floor(effects, largest, budget)
    return Spread(len(effects), median(effects), largest, found)


def _others(top: Sequence[float], effect: float) -> float:
    """The largest effect of the other windows."""
    return top[0] if effect >= top[-1] else top[-1]
