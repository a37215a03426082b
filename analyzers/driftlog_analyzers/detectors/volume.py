"""Volume and silence: far fewer or more events than usual, or none at all.

The usual count comes from earlier windows of the same size, those of the same hour of the day where there are enough of
them: their median, with a spread no smaller than Poisson's and no smaller than the distance of the counts' deciles has
shown. The variance of the median itself, π / 2k of theirs for k windows (Kendall and Stuart 1977, chapter 10), counts,
too. The tail is negative binomial with that mean and variance, Poisson where they are equal.

Traffic by a plan, one event an hour for instance, varies less than Poisson's. Where the history says so (its variance
lies below the 0.1 % quantile that a Poisson's would have, chi-squared by Fisher 1925), the learned spread counts, one
event at least, with Student's t for its having been learned; and a fifth fewer events are enough for a finding.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from driftlog_analyzers._finding import Change, Outcome, Result, Severity

NAME = "volume"
MINIMUM_WINDOWS = 5
MINIMUM_EXPECTED = 5.0
MINIMUM_FACTOR = 1.5
STEADY_FACTOR = 1.25
HIGH = 4.0
STEADY_QUANTILE = 0.001
_DECILES_TO_SD = 2.563  # a normal variable's distance between its deciles, in standard deviations


def volume(events: int, history: Sequence[int]) -> Result:
    """Test the number of events in a window; the effect is the natural logarithm of its ratio to the usual.

    Args:
        events: predictions in the window.
        history: predictions in comparable earlier windows, at most some weeks of them.
    """
    if len(history) < MINIMUM_WINDOWS:
        text = f"volume: {len(history)} comparable earlier windows, at least {MINIMUM_WINDOWS} are needed"
        return Result(NAME, "", Outcome.INSUFFICIENT, text, n=events)
    usual = float(np.median(history))
    low, high = np.quantile(history, (0.1, 0.9))
    spread = float(high - low) / _DECILES_TO_SD
    if usual < MINIMUM_EXPECTED:
        return Result(NAME, "", Outcome.OK, f"{events:,} events, usually {usual:,.0f}", n=events)
    steady = _is_steady(spread * spread, usual, len(history))
    factor = STEADY_FACTOR if steady else MINIMUM_FACTOR
    far = events >= usual * factor or events <= usual / factor
    words = "silence: no event" if not events else f"{events:,} events"
    return Result(
        NAME,
        "",
        Outcome.FINDING if far else Outcome.OK,
        f"{words} in the window, usually {usual:,.0f}",
        severity=_severity(events, usual),
        n=events,
        effect=math.log((events + 0.5) / (usual + 0.5)),
        p_value=_probability(events, usual, spread * spread, len(history), steady=steady),
        changes=(Change("events", 1.0, events / usual, round(usual), events),),
        statistics={"usual": usual, "spread": spread, "windows": float(len(history))},
    )


def _severity(events: int, usual: float) -> Severity:
    if not events:
        return Severity.CRITICAL
    far = events >= usual * HIGH or events <= usual / HIGH
    return Severity.HIGH if far else Severity.MEDIUM


def _is_steady(variance: float, mean: float, windows: int) -> bool:
    """Whether counts vary less than draws do."""
    quantile = stats.chi2.ppf(STEADY_QUANTILE, windows - 1) / (windows - 1)
    return bool(variance < quantile * mean)


def _probability(
    events: int, usual: float, variance: float, windows: int, *, steady: bool
) -> float:
    """Two-sided p-value of a count whose mean and variance come from so many windows."""
    learned = 1.0 + math.pi / (2.0 * windows)
    if not steady:
        return _tail(events, usual, max(usual, variance) * learned)
    distance = max(0.0, abs(events - usual) - 0.5) / math.sqrt(max(1.0, variance) * learned)
    return min(1.0, 2.0 * float(stats.t.sf(distance, windows - 1)))


def _tail(events: int, mean: float, variance: float) -> float:
    """Two-sided p-value of a count."""
    if variance <= mean * (1 + 1e-9):
        below, above = stats.poisson.cdf(events, mean), stats.poisson.sf(events - 1, mean)
    else:
        shape, p = mean * mean / (variance - mean), mean / variance
        below, above = stats.nbinom.cdf(events, shape, p), stats.nbinom.sf(events - 1, shape, p)
    return min(1.0, 2.0 * float(min(below, above)))
