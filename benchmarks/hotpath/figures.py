"""Rows of the results: medians of the rounds, with their extremes."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]
UNITS = {"time": "us", "p50": "us", "p99": "us", "p99.9": "us"}
METRICS = {"time": "time a call"}
FIGURES = 4


def row(  # noqa: PLR0917 - a part of the row for each argument
    subject: str,
    case: str,
    metric: str,
    every: Sequence[float],
    unit: str,
    target: float | None = None,
) -> Row:
    """Give the median of the rounds."""
    return {
        "subject": subject,
        "case": case,
        "metric": metric,
        "value": _short(statistics.median(every)),
        "unit": unit,
        "spread": [_short(min(every)), _short(max(every))],
        "target": target,
    }


def times(subject: str, case: str, rounds: Sequence[Mapping[str, float]]) -> list[Row]:
    """Give the time a call and its quantiles, those that every round has."""
    return [
        row(subject, case, METRICS.get(name, name), [one[name] for one in rounds], unit)
        for name, unit in UNITS.items()
        if all(name in one for one in rounds)
    ]


def ratio(  # noqa: PLR0917 - as above
    subject: str,
    case: str,
    metric: str,
    ours: Sequence[float],
    others: Sequence[float],
    target: float | None,
) -> Row:
    """Give how often the other's figure ours is, each round by itself."""
    every = [one / other for one, other in zip(ours, others, strict=True)]
    return row(subject, case, metric, every, "x", target)


def _short(value: float) -> float:
    return float(f"{value:.{FIGURES}g}")
