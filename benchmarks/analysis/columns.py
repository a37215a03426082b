"""The 50 features, and what happens to 11 of them: written down here, drawn from a seed.

A column is drawn by its own generator, so that it is the same whatever the others are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEED = 20261129
NUMERIC, CATEGORICAL = 25, 17
MANY = {"many_0": 10_000, "many_1": 25_000, "many_2": 50_000}
NULLS = {"null_0": 0.02, "null_1": 0.04, "null_2": 0.10, "null_3": 0.01, "null_4": 0.05}
NUMBERS_WITH_NULLS = 3

Values = NDArray[np.generic]
Draw = Callable[[np.random.Generator, int], Values]
Fault = Callable[[np.random.Generator, Values], Values]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Attributes:
        name: its name.
        draw: its values.
        nulls: share of them that is missing.
        strings: whether they are strings and no numbers.
    """

    name: str
    draw: Draw
    nulls: float = 0.0
    strings: bool = True


def _normal(mean: float, sd: float) -> Draw:
    return lambda chance, n: chance.normal(mean, sd, n)


def _lognormal(mean: float, sigma: float) -> Draw:
    return lambda chance, n: chance.lognormal(mean, sigma, n)


def _uniform(low: float, high: float) -> Draw:
    return lambda chance, n: chance.uniform(low, high, n)


def _exponential(scale: float) -> Draw:
    return lambda chance, n: chance.exponential(scale, n)


def _poisson(rate: float) -> Draw:
    return lambda chance, n: chance.poisson(rate, n).astype(np.float64)


def _values(count: int) -> Draw:
    """Strings whose shares fall as one over the square root of their rank."""
    names = np.array([f"v-{n}" for n in range(count)], dtype=object)
    shares = 1.0 / np.sqrt(np.arange(1, count + 1))
    return lambda chance, n: chance.choice(names, n, p=shares / shares.sum())


def _numeric(number: int) -> Draw:
    """Five families of numbers, in turn."""
    return (
        _normal(100.0, 15.0),
        _lognormal(3.0, 0.5),
        _uniform(-1.0, 1.0),
        _exponential(20.0),
        _poisson(6.0),
    )[number % 5]


def features() -> list[Feature]:
    """All 50, in their order."""
    made = [Feature(f"num_{n:02}", _numeric(n), strings=False) for n in range(NUMERIC)]
    made += [Feature(f"cat_{n:02}", _values(2 + 3 * n)) for n in range(CATEGORICAL)]
    made += [Feature(name, _values(count)) for name, count in MANY.items()]
    for n, (name, share) in enumerate(NULLS.items()):
        strings = n >= NUMBERS_WITH_NULLS
        made.append(Feature(name, _values(12) if strings else _numeric(n), share, strings))
    return made


def _shifted(by: float) -> Fault:
    """The mean moves by so many standard deviations."""
    return lambda chance, x: x + by * x.std()


def _scaled(by: float) -> Fault:
    """The spread around the mean is multiplied."""
    return lambda chance, x: x.mean() + by * (x - x.mean())


def _times(factor: float) -> Fault:
    """Another unit."""
    return lambda chance, x: x * factor


def _some(value: object, share: float) -> Fault:
    """A share of all events has this value."""
    return lambda chance, x: np.where(chance.random(len(x)) < share, value, x)


def _gone(value: str, other: str) -> Fault:
    """One value is written as another one."""
    return lambda chance, x: np.where(x == value, other, x)


FAULTS: dict[str, tuple[str, Fault]] = {
    "num_00": ("mean + 0.25 sd", _shifted(0.25)),
    "num_06": ("mean + 0.5 sd", _shifted(0.5)),
    "num_12": ("sd x 1.5", _scaled(1.5)),
    "num_18": ("unit: seconds as milliseconds", _times(1_000.0)),
    "num_20": ("a fifth is 0", _some(0.0, 0.2)),
    "cat_02": ("one value + 10 points", _some("v-5", 0.1)),
    "cat_06": ("one value + 20 points", _some("v-0", 0.2)),
    "cat_10": ("unseen value in 2 %", _some("v-new", 0.02)),
    "cat_14": ("one value written as another", _gone("v-0", "v-1")),
    "many_1": ("one of 25,000 values + 10 points", _some("v-3", 0.1)),
    "null_1": ("nulls 4 % to 12 %", _some(None, 0.12 - NULLS["null_1"])),
}
"""By feature, what happens to it in the window, in words and in code."""


def frame(rows: int, *, window: bool) -> pd.DataFrame:
    """The reference, or the window with its faults; what is missing is NaN."""
    made = {}
    for n, feature in enumerate(features()):
        chance = np.random.default_rng((SEED, n, int(window)))
        values = feature.draw(chance, rows)
        if window and feature.name in FAULTS:
            values = FAULTS[feature.name][1](chance, values)
        missing = chance.random(rows) < feature.nulls
        column = pd.Series(np.where(missing, None, values) if feature.nulls else values)
        made[feature.name] = column.astype("str" if feature.strings else "float64")
    return pd.DataFrame(made)
