"""Before and after: the plots and tables that show why an alert was opened."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from driftlog_analyzers._finding import Change, Condition, Result
from driftlog_analyzers._profile import Numeric, WindowProfile
from driftlog_analyzers._report._measures import condition_of, measure_of, numeric_of
from driftlog_analyzers._window import Window

MAX_POINTS = 400
MAX_BARS = 8
MAX_BINS = 24
MAX_CHANGES = 20

Profiles = Sequence[tuple[Window, WindowProfile]]


@dataclass(frozen=True, slots=True)
class Trend:
    """A rate or a count over time.

    Attributes:
        title: what is plotted.
        unit: the y axis in words.
        values: one a point, None where the window has no such values.
        before: the baseline's level.
        share: whether values are shares of 0 to 1; else counts.
        starts: start of each point's first window, UTC.
        onset: index of the point at which the alert begins.
        until: index of the point at which it ends.
        per_point: windows per point.
    """

    title: str
    unit: str
    values: tuple[float | None, ...]
    before: float | None
    share: bool = True
    starts: tuple[datetime, ...] = ()
    onset: int = 0
    until: int = 0
    per_point: int = 1


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares per bin, before and after; bins[i] holds edges[i - 1] < x <= edges[i]."""

    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    before_n: int
    after_n: int


@dataclass(frozen=True, slots=True)
class Spread:
    """One row of figures about numbers."""

    name: str
    n: int
    mean: float
    deviation: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an alert's card shows; parts that do not apply are None or empty.

    Attributes:
        trend: the rate over time.
        bars: the most moved values, where values moved.
        histogram: numbers per bin, where numbers moved.
        spreads: figures of the baseline's and the window's numbers.
        changes: what else moved, in numbers.
        unlisted: how many further changes there are.
        rates: the trend's rate in the baseline and in the last bad window, 0 to 1 each.
    """

    trend: Trend | None
    bars: tuple[Change, ...]
    histogram: Histogram | None
    spreads: tuple[Spread, ...]
    changes: tuple[Change, ...]
    unlisted: int
    rates: tuple[float, float] | None


def build_evidence(
    result: Result,
    baseline: WindowProfile,
    profiles: Profiles,
    opened: Window,
    last: Window,
    *,
    points: int = MAX_POINTS,
) -> Evidence:
    """Collect the evidence of one alert's latest result.

    Args:
        result: the latest finding.
        baseline: the reference's profile.
        profiles: every analysed window with its profile, oldest first.
        opened: the alert's first window.
        last: its last bad window, the one that is compared with the baseline.
        points: how many points the line over time may have.
    """
    after = next((profile for window, profile in reversed(profiles) if window == last), None)
    numbers = _numbers(result, baseline, after)
    drawn = MAX_BARS if _values_moved(result) and not numbers else 0
    return Evidence(
        trend=_trend(result, baseline, profiles, opened, last, points=points),
        bars=result.changes[:drawn],
        histogram=_histogram(*numbers) if numbers else None,
        spreads=(_spread("baseline", numbers[0]), _spread("window", numbers[1])) if numbers else (),
        changes=result.changes[drawn:MAX_CHANGES],
        unlisted=max(0, len(result.changes) - MAX_CHANGES),
        rates=_rates(result, baseline, after),
    )


def _rates(
    result: Result, baseline: WindowProfile, after: WindowProfile | None
) -> tuple[float, float] | None:
    condition = condition_of(result, baseline)
    measure = measure_of(condition) if condition else None
    if measure is None or condition is None or after is None:
        return None
    old, new = (_share(*measure.ratio(profile, condition)) for profile in (baseline, after))
    return None if old is None or new is None else (old, new)


def _values_moved(result: Result) -> bool:
    kind = result.condition.kind if result.condition else ""
    return bool(result.feature) and kind in {"values", "any"}


def _numbers(
    result: Result, baseline: WindowProfile, after: WindowProfile | None
) -> tuple[Numeric, Numeric] | None:
    kind = result.condition.kind if result.condition else "any"
    if after is None or kind not in {"outside", "any"}:
        return None
    old, new = numeric_of(baseline, result.feature), numeric_of(after, result.feature)
    return (old, new) if old and new and old.edges == new.edges else None


def _trend(
    result: Result,
    baseline: WindowProfile,
    profiles: Profiles,
    opened: Window,
    last: Window,
    *,
    points: int,
) -> Trend | None:
    per_point = math.ceil(len(profiles) / points) or 1
    parts = [profiles[i : i + per_point] for i in range(0, len(profiles), per_point)]
    line = (
        _rate(condition_of(result, baseline), baseline, parts)
        if result.feature
        else _volume(result, parts)
    )
    if line is None or all(value is None for value in line.values):
        return None
    starts = tuple(part[0][0].start for part in parts)
    return replace(
        line,
        starts=starts,
        onset=_index(starts, opened.start),
        until=_index(starts, last.start),
        per_point=per_point,
    )


def _volume(result: Result, parts: Sequence[Profiles]) -> Trend:
    events = tuple(sum(profile.events for _, profile in part) / len(part) for part in parts)
    return Trend(
        "Events over time", "events per window", events, result.statistics.get("usual"), share=False
    )


def _rate(
    condition: Condition | None, baseline: WindowProfile, parts: Sequence[Profiles]
) -> Trend | None:
    measure = measure_of(condition) if condition else None
    if measure is None or condition is None:
        return None
    ratios = [[measure.ratio(profile, condition) for _, profile in part] for part in parts]
    values = tuple(_share(sum(a for a, _ in part), sum(b for _, b in part)) for part in ratios)
    return Trend(measure.title, measure.unit, values, _share(*measure.ratio(baseline, condition)))


def _share(cases: int, trials: int) -> float | None:
    return cases / trials if trials else None


def _index(starts: Sequence[datetime], moment: datetime) -> int:
    return max((i for i, start in enumerate(starts) if start <= moment), default=0)


def _spread(name: str, values: Numeric) -> Spread:
    deviation = math.sqrt(values.m2 / (values.n - 1)) if values.n > 1 else 0.0
    return Spread(name, values.n, values.mean, deviation, values.minimum, values.maximum)


def _histogram(before: Numeric, after: Numeric) -> Histogram | None:
    if not sum(before.bins) or not sum(after.bins):
        return None
    step = math.ceil(len(before.bins) / MAX_BINS)
    return Histogram(
        edges=before.edges[step - 1 :: step],
        before=_shares(before.bins, step),
        after=_shares(after.bins, step),
        before_n=sum(before.bins),
        after_n=sum(after.bins),
    )


def _shares(bins: Sequence[int], step: int) -> tuple[float, ...]:
    total = sum(bins)
    return tuple(sum(bins[i : i + step]) / total for i in range(0, len(bins), step))
