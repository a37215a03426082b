"""Latency: predictions take longer than in the reference.

Mann and Whitney's U (1947) of the binned durations, one-sided, with the correction for ties. The effect is the larger
growth of the median and of the 95th percentile, from the histograms (log-linear within a bin).
"""

import numpy as np

from driftlog_analyzers._finding import Outcome, Result, Severity
from driftlog_analyzers._profile import Numeric, WindowProfile
from driftlog_analyzers._statistics import counted, larger_numbers
from driftlog_analyzers.detectors._case import too_few
from driftlog_analyzers.detectors._histogram import bin_changes

NAME = "latency"
MINIMUM_GROWTH = 0.2
HIGH = 1.0
QUANTILES = {"median": 0.5, "95th percentile": 0.95}


def latency(before: WindowProfile, after: WindowProfile, minimum: int) -> Result | None:
    """Test one window; the effect is the growth of median or 95th percentile: 0.5 is half as long again."""
    old, new = before.duration, after.duration
    if old is None or new is None or old.edges != new.edges or not old.bins:
        return None
    if new.n < minimum:
        return too_few(NAME, new.n, "duration", minimum)
    moved = {name: (_quantile(old, at), _quantile(new, at)) for name, at in QUANTILES.items()}
    name, (usual, now) = max(moved.items(), key=lambda item: item[1][1] / item[1][0])
    growth = now / usual - 1.0
    bins = np.array(old.bins, dtype=np.float64), np.array(new.bins, dtype=np.float64)
    return Result(
        NAME,
        "",
        Outcome.FINDING if growth >= MINIMUM_GROWTH else Outcome.OK,
        f"the {name} of {counted(new.n, 'duration')} went from {_time(usual)} to {_time(now)}",
        severity=Severity.HIGH if growth >= HIGH else Severity.MEDIUM,
        n=new.n,
        effect=growth,
        p_value=larger_numbers(*bins),
        changes=bin_changes(old.edges, *bins),
        statistics=_statistics(moved, old, new),
    )


def _statistics(
    moved: dict[str, tuple[float, float]], old: Numeric, new: Numeric
) -> dict[str, float]:
    figures = {"mean_before": old.mean, "mean": new.mean, "maximum": new.maximum}
    for name, (usual, now) in moved.items():
        short = "p50" if name == "median" else "p95"
        figures |= {f"{short}_before": usual, short: now}
    return figures


def _quantile(numbers: Numeric, at: float) -> float:
    """A quantile in seconds from the histogram, at least a nanosecond; within a bin on a logarithmic scale."""
    rank, passed = at * numbers.n, 0
    for i, count in enumerate(numbers.bins):
        if count and passed + count >= rank:
            low = max(numbers.edges[i - 1] if i else numbers.minimum, numbers.minimum, 1e-9)
            high = min(
                numbers.edges[i] if i < len(numbers.edges) else numbers.maximum, numbers.maximum
            )
            return float(low * (max(high, low) / low) ** ((rank - passed) / count))
        passed += count
    return max(numbers.maximum, 1e-9)


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if (x := seconds * scale) >= 0.9995 or unit == "µs":  # noqa: PLR2004 - what rounds to 1
            break
    return f"{x:,.0f} {unit}" if x >= 999.5 else f"{x:.3g} {unit}"  # noqa: PLR2004 - and to 1,000
