"""Floors: what the effect of a finding must exceed, from how it moves among windows without a fault.

The floor is a prediction of the next window: the excesses of the effects above their median are taken for exponential,
and of a scale that is only known from them, so that the effect of a new window exceeds the floor with the budget's
probability (the predictive distribution of Geisser 1985, a Pareto's: the fewer windows, the higher). Windows of real
traffic resemble their neighbours and so count for fewer: W (1 - r) / (1 + r) of W, where r is the correlation of one
effect with the next (Bayley and Hammersley 1946). The budget is a feature's: its detectors that moved share it.

The floor lies above the largest effect by a twentieth at least: an effect that is much the same in every window depends
a little on what the windows are compared with, too.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import StatisticsError, correlation, median

MARGIN = 1.05
NEVER = math.inf
"""The floor that no effect exceeds."""
FEWEST_EXCESSES = 4.0
"""As so many at least the excesses count, or a single one would decide alone how far the tail reaches."""
_MOST = 0.95
Judged = Mapping[str, tuple[float, bool]]
"""Effect without sign and whether it alerts, by `spread_key`."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one detector's effect on one feature moves among the reference's own windows.

    Attributes:
        windows: how many answered.
        median: of the effects, without their sign.
        largest: the largest effect.
        floor: what the effect of a finding must exceed.
    """

    windows: int
    median: float
    largest: float
    floor: float


def spread_key(detector: str, feature: str, segment: str) -> str:
    """``detector.feature``; with a slice, ``detector.feature in country=DE``."""
    return f"{detector}.{feature}" + f" in {segment}" * bool(segment)


@dataclass(frozen=True, slots=True)
class Tail:
    """Effects without sign, above their median.

    Attributes:
        windows: how many effects there are.
        middle: their median.
        largest: the largest of them, and the next one.
        excesses: how many exceed the median.
        excess: by how much, in all.
        independent: share of the windows that count: 1 where none resembles its neighbour.
    """

    windows: int
    middle: float
    largest: tuple[float, float]
    excesses: int
    excess: float
    independent: float

    @staticmethod
    def of(effects: Sequence[float]) -> "Tail":
        """Of effects in the order of time."""
        middle = median(effects)
        above = [effect - middle for effect in effects if effect > middle]
        first, second = sorted([*effects, 0.0])[:-3:-1]
        r = _resemblance(effects)
        return Tail(
            len(effects), middle, (first, second), len(above), math.fsum(above), (1 - r) / (1 + r)
        )

    def without(self, effect: float) -> "Tail":
        """The same of the other windows; their median is taken to be the same."""
        if effect <= self.middle:
            return self
        first, second = self.largest
        return Tail(
            self.windows - 1,
            self.middle,
            (second, second) if effect >= first else self.largest,
            self.excesses - 1,
            max(0.0, self.excess - (effect - self.middle)),
            self.independent,
        )

    def floor(self, probability: float) -> float:
        """What a new window's effect exceeds with this probability, 0 to 1; above all that was seen."""
        least = MARGIN * self.largest[0]
        if not self.excesses or self.excesses <= probability * self.windows:
            return least
        known = max(FEWEST_EXCESSES, self.excesses * self.independent)
        rarity = self.excesses / self.windows / probability
        reach = known * math.expm1(math.log(rarity) / known)
        return max(least, self.middle + reach * self.excess / self.excesses)


def spreads(judged: Sequence[Judged], budget: float) -> dict[str, Spread]:
    """Of every detector and feature that ever moved; budget is in false alerts per 1,000 feature-windows.

    Args:
        judged: by window, oldest first.
        budget: false alerts per 1,000 feature-windows.
    """
    tails = _tails(judged)
    probabilities = _probabilities(tails, budget)
    return {
        key: Spread(tail.windows, tail.middle, tail.largest[0], tail.floor(probabilities[key]))
        for key, tail in tails.items()
    }


def alerting(judged: Sequence[Judged], budget: float) -> list[frozenset[str]]:
    """What alerts in each window, judged by the floors of the others."""
    tails = _tails(judged)
    probabilities = _probabilities(tails, budget)
    return [
        frozenset(
            key
            for key, (effect, alert) in found.items()
            if alert and effect > tails[key].without(effect).floor(probabilities[key])
        )
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
    features = {_feature(key) for found in judged for key in found}
    alerts = sum(
        len({_feature(key) for key, (_, alert) in found.items() if alert}) for found in judged
    )
    return alerts, len(features) * len(judged)


def _tails(judged: Sequence[Judged]) -> dict[str, Tail]:
    """Of what ever moved."""
    effects = defaultdict(list)
    for found in judged:
        for key, (effect, _) in found.items():
            effects[key].append(effect)
    return {key: Tail.of(found) for key, found in effects.items() if max(found) > 0}


def _probabilities(tails: Mapping[str, Tail], budget: float) -> dict[str, float]:
    """The budget's probability, shared by the detectors of one feature."""
    sharing = Counter(_feature(key) for key in tails)
    return {key: min(1.0, budget / 1000.0 / sharing[_feature(key)]) for key in tails}


def _feature(key: str) -> str:
    return key.partition(".")[2]


def _resemblance(effects: Sequence[float]) -> float:
    """The correlation of each effect with the next, from 0 on; 0 where they never differ."""
    try:
        return min(_MOST, max(0.0, correlation(effects[:-1], effects[1:])))
    except StatisticsError:
        return 0.0
