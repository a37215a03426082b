"""What may have happened to numbers: another unit, or a sentinel where a number is missing."""

import math
from dataclasses import dataclass

from driftlog_analyzers._explain._moments import ERRORS, Moments, agree, moments
from driftlog_analyzers._profile import Numeric

ROUGH, EXACT = 0.2, 0.03
FEWEST = 2
FAR = 0.1
SENTINELS = frozenset(
    (
        *(-1, -9, -99, -200, -999, -9999, -99999, 0, 9, 99, 999, 9999, 99999, 999999),
        *(1e9, -1e9, 32767, -32768, 65535, 2147483647, -2147483648),
    )
)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A change of unit: x becomes factor · x + offset.

    Attributes:
        words: what is said.
        factor: not 0.
        offset: 0 where the unit only scales.
        precision: how well the data must know the scale, as a share of it.
    """

    words: str
    factor: float
    offset: float = 0.0
    precision: float = ROUGH


_FACTORS = {"10": 10, "100": 100, "1,000": 1e3, "1,000,000": 1e6, "60": 60, "3,600": 3600}
_CONVERSIONS = {
    "2.54 (inches to centimetres)": 2.54,
    "1/2.54 (centimetres to inches)": 1 / 2.54,
    "0.4536 (pounds to kilograms)": 0.45359237,
    "2.205 (kilograms to pounds)": 1 / 0.45359237,
    "0.3048 (feet to metres)": 0.3048,
    "3.281 (metres to feet)": 1 / 0.3048,
    "1.609 (miles to kilometres)": 1.609344,
    "0.6214 (kilometres to miles)": 1 / 1.609344,
    "3.6 (m/s to km/h)": 3.6,
    "1/3.6 (km/h to m/s)": 1 / 3.6,
}
_UNITS = (
    *(_Unit(f"scaled by {name}", factor) for name, factor in _FACTORS.items()),
    *(_Unit(f"scaled by 1/{name}", 1 / factor) for name, factor in _FACTORS.items()),
    *(_Unit(f"scaled by {name}", k, precision=EXACT) for name, k in _CONVERSIONS.items()),
    _Unit("sign changed", -1.0),
    _Unit("°C became °F", 1.8, 32.0),
    _Unit("°F became °C", 1 / 1.8, -32.0 / 1.8),
    _Unit("°C became K", 1.0, 273.15),
    _Unit("K became °C", 1.0, -273.15),
)


def rescaled(before: Numeric | None, after: Numeric | None) -> str:
    """The only change of unit that explains mean, standard deviation and range together, if there is one."""
    old, new = moments(before), moments(after)
    if old is None or new is None or agree(old, new):
        return ""
    fitting = [unit.words for unit in _UNITS if _fits(unit, old, new)]
    return fitting[0] if len(fitting) == 1 else ""


def _fits(unit: _Unit, old: Moments, new: Moments) -> bool:
    undone = new.undone(unit.factor, unit.offset)
    return _known(unit, old, undone) and agree(old, undone)


def _known(unit: _Unit, old: Moments, undone: Moments) -> bool:
    """Whether the data are precise enough to tell this unit from others.

    An offset must be known from the mean; a scale, from mean or standard deviation; a change of sign, from the mean
    and a range that is mirrored on both sides.
    """
    error = ERRORS * math.hypot(old.error, undone.error)
    spread = ERRORS * math.hypot(old.spread, undone.spread)
    if unit.offset:
        return error <= FAR * abs(unit.offset / unit.factor) and spread <= unit.precision
    centred = error <= unit.precision * abs(old.mean)
    if unit.factor < 0:
        half = old.width / 2.0
        return centred and undone.low <= old.low + half and undone.high >= old.high - half
    return centred or spread <= unit.precision


def sentinel(before: Numeric | None, after: Numeric | None) -> str:
    """The sentinel that all numbers outside the reference's range are, where mean or squares can tell.

    It must be the smallest or the largest number of the window, stand twice or more, and have nothing outside on the
    other side.
    """
    old = moments(before)
    if before is None or after is None or old is None or len(after.bins) < FEWEST:
        return ""
    under, over = after.bins[0], after.bins[-1]
    value, count = (after.minimum, under) if under else (after.maximum, over)
    if (under and over) or count < FEWEST or value not in SENTINELS:
        return ""
    gap = old.low - value if under else value - old.high
    if gap <= 0 or not _all_are(value, count, gap, old, after):
        return ""
    return f"sentinel {value:.10g}"


def _all_are(value: float, count: int, gap: float, old: Moments, after: Numeric) -> bool:
    """Whether the numbers outside are all this one, by their mean or, where that is too rough, their mean square.

    The others are taken for numbers of the reference's source.
    """
    rest = after.n - count
    if not rest:
        return after.minimum == after.maximum
    error = ERRORS * rest / count * math.hypot(old.sd / math.sqrt(rest), old.error)
    mean = (after.n * after.mean - rest * old.mean) / count
    if error <= gap / 2.0:
        return abs(mean - value) <= error + FAR * gap
    expected = count * (value - old.mean) ** 2
    noise = 2.0 * ERRORS * rest * old.sd**2 * max(old.spread, math.sqrt(1.0 / rest)) / expected
    squares = after.m2 + after.n * (after.mean - old.mean) ** 2 - rest * old.sd**2
    return noise <= FAR and abs(squares / expected - 1.0) <= noise + FAR
