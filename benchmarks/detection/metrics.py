"""Rates with their intervals, and what no test could exceed."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from driftlog_analyzers._statistics import more_often

ALPHA = 0.001


@dataclass(frozen=True)
class Rate:
    """Hits among n.

    Attributes:
        hits: how often it happened.
        n: how often it could have.
    """

    hits: int
    n: int

    @property
    def value(self) -> float:
        """Hits of n, 0 to 1; 0 for none of none."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's (1927) 95 % interval."""
        if not self.n:
            return 0.0, 1.0
        found = stats.binomtest(self.hits, self.n).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


def figure(share: float) -> str:
    """Two decimals, never 1 for less than all; 1 and 0 plain."""
    return f"{share:.0f}" if share in {0.0, 1.0} else f"{min(share, 0.9949):.2f}".lstrip("0")


def most_powerful(n: int, before: float, after: float, alpha: float = ALPHA) -> float:
    """Power of the test of Neyman and Pearson (1933) for a rate that rose, both rates known.

    No test of n events with this probability of a false alert finds the rise more often: a value's count is sufficient
    where all other values keep their proportions.
    """
    critical = int(stats.binom.isf(alpha, n, before)) + 1
    spent = float(stats.binom.sf(critical - 1, n, before))
    spare = (alpha - spent) / float(stats.binom.pmf(critical - 1, n, before))
    power = stats.binom.sf(critical - 1, n, after) + spare * stats.binom.pmf(critical - 1, n, after)
    return float(power)


def learned(n: int, m: int, before: float, after: float, alpha: float = ALPHA) -> float:
    """The same where the rate before is only known from m events: Fisher's exact test, made exact by chance.

    That is the uniformly most powerful unbiased test (Tocher 1950). The reference is taken to have its expected count.
    """
    usual = round(m * before)
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        if more_often(middle, n, usual, m) <= alpha:
            high = middle
        else:
            low = middle + 1
    at, below = (more_often(hits, n, usual, m) if hits <= n else 0.0 for hits in (low, low - 1))
    spare = (alpha - at) / (below - at)
    power = stats.binom.sf(low - 1, n, after) + spare * stats.binom.pmf(low - 1, n, after)
    return float(min(1.0, power))


def quantile(values: list[float], probability: float) -> float:
    """Lower quantile of values among which some may be infinite: what never came."""
    ordered = np.sort(np.array(values))
    return float(ordered[min(len(ordered) - 1, int(np.ceil(probability * len(ordered))) - 1)])


Summary = tuple[str, tuple[float | None, float | None], float]


def summary(times: dict[str, Any]) -> list[Summary]:
    """Per fault: median and 95th percentile of the events until detection, None if it never came; mean alerts."""
    by_fault: dict[str, list[tuple[float, int]]] = {}
    for fault, events, alerts in times.get("incidents", []):
        by_fault.setdefault(fault, []).append((math.inf if events is None else events, alerts))
    return [(fault, *_summed(found)) for fault, found in by_fault.items()]


def _summed(found: list[tuple[float, int]]) -> tuple[tuple[float | None, float | None], float]:
    events = [event for event, _ in found]
    seen = [alerts for _, alerts in found if alerts]
    median, late = (quantile(events, p) for p in (0.5, 0.95))
    return (
        (median if math.isfinite(median) else None, late if math.isfinite(late) else None),
        sum(seen) / len(seen) if seen else 0.0,
    )
