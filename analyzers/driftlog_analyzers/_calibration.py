"""How a reference's own windows differ from each other, and what that asks of a finding.

Windows of real traffic are no random draws: they follow the hour, the weekday, slow growth. Tests that take them for
draws alert on that. So the reference's own windows are judged as if they were new, in each mode; the mode in which
they alert least is kept, and a finding must then exceed what they show: per detector and feature a floor under the
effect. With W windows the floor is the tail of the effects above their median, taken for exponential: the largest of
W + 1 values is at a probability of 1 / (W + 1), and the budget's probability is reached from there along that tail.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise
from statistics import median
from typing import Protocol

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._window import TimeSize, Window, WindowSize

TRAILING = 28
FEWEST = 7
"""Windows that a trailing reference is made of, at most and at least."""
MINIMUM_WINDOWS = 20
PER_SLOT = 3
_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)


class Mode(StrEnum):
    """What a window is compared with."""

    WHOLE = "whole"
    WEEKLY = "hour_of_week"
    TRAILING = "trailing"


WORDS = {
    Mode.WHOLE: "the whole reference",
    Mode.WEEKLY: "the same hour of the week",
    Mode.TRAILING: "the windows before",
}


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


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the reference's own windows say of alerts to come.

    Attributes:
        size: of the windows, as text.
        first: begin of the stretch that it was learned from, UTC.
        last: its end.
        mode: what a window is compared with.
        windows: how many of the reference had enough events.
        budget: false alerts per 1,000 feature-windows that the floors were made for.
        rates: alerts per 1,000 feature-windows of the reference without floors, by mode that was tried.
        alerts: alerts (episodes) among the reference's windows, each judged by the floors of the others.
        per_month: the same in 30 days.
        spreads: by `spread_key`; those that never moved are left out.
        slots: the reference by hour of the week, where that is the mode.
        latest: the end of the reference, for windows that have too few quiet ones before them.
    """

    size: str
    first: datetime
    last: datetime
    mode: Mode
    windows: int
    budget: float
    rates: Mapping[str, float]
    alerts: int
    per_month: float
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    slots: Mapping[str, WindowProfile] = field(default_factory=dict)
    latest: WindowProfile | None = None

    def floor(self, detector: str, feature: str, segment: str = "") -> float:
        """What the effect of a finding must exceed; 0 where the reference never moved."""
        spread = self.spreads.get(spread_key(detector, feature, segment))
        return spread.floor if spread else 0.0

    def reference(self, window: Window, before: Sequence[WindowProfile]) -> WindowProfile | None:
        """What a window is compared with; None for the whole reference.

        Args:
            window: the window.
            before: profiles of quiet windows before it, the latest last.
        """
        if self.mode is Mode.WEEKLY:
            return self.slots.get(slot_of(window))
        if self.mode is Mode.TRAILING:
            return merged(before[-TRAILING:]) if len(before) >= FEWEST else self.latest
        return None


def spread_key(detector: str, feature: str, segment: str) -> str:
    """``detector.feature``; with a slice, ``detector.feature in country=DE``."""
    return f"{detector}.{feature}" + f" in {segment}" * bool(segment)


Windows = Sequence[tuple[Window, WindowProfile]]
_Beside = list[tuple[int, WindowProfile | None]]
Judged = Mapping[str, tuple[float, bool]]
"""Effect without sign and whether it alerts, by `spread_key`."""


class Judge(Protocol):
    """What the detectors say of a window of the reference."""

    def beside(self, profile: WindowProfile, reference: WindowProfile | None) -> Judged:
        """Compared with a reference; None, with the whole. Without the detectors of what is new."""

    def after(self, profile: WindowProfile, seen: WindowProfile) -> Judged:
        """What the detectors of new values say, had only this been seen before."""


def calibrate(size: WindowSize, windows: Windows, judge: Judge, budget: float) -> Calibration:
    """Judge the reference's own windows in every mode and keep the one that alerts least.

    Args:
        size: of the windows.
        windows: of the reference, with enough events each, oldest first; at least `MINIMUM_WINDOWS`.
        judge: says what the detectors say.
        budget: tolerated false alerts per 1,000 feature-windows.
    """
    new = _newcomers(windows, judge)
    judged = {
        mode: [
            {**judge.beside(windows[n][1], reference), **new.get(n, {})} for n, reference in pairs
        ]
        for mode, pairs in _modes(size, windows).items()
    }
    rates = {mode: _rate(found) for mode, found in judged.items()}
    mode = Mode.WHOLE if rates[Mode.WHOLE] <= budget else min(rates, key=lambda m: rates[m])
    effects = _effects(judged[mode])
    alerts = _alerts(judged[mode], effects, budget)
    first, last = windows[0][0], windows[-1][0]
    return Calibration(
        size=str(size),
        first=first.start,
        last=last.end,
        mode=mode,
        windows=len(windows),
        budget=budget,
        rates={str(name): rate for name, rate in rates.items()},
        alerts=alerts,
        per_month=alerts * (_MONTH / max(last.end - first.start, timedelta(seconds=1))),
        spreads={key: _spread(found, budget) for key, found in effects.items() if max(found) > 0},
        slots=_slots(windows) if mode is Mode.WEEKLY else {},
        latest=merged(p for _, p in windows[-TRAILING:]) if mode is Mode.TRAILING else None,
    )


def slot_of(window: Window) -> str:
    """Weekday and hour, UTC, at which a window begins: ``0 09`` is Monday, nine o'clock."""
    return f"{window.start.weekday()} {window.start:%H}"


def merged(profiles: Iterable[WindowProfile]) -> WindowProfile:
    """All of them in one."""
    total = WindowProfile()
    for profile in profiles:
        total = total.merge(profile)
    return total


def _modes(size: WindowSize, windows: Windows) -> dict[Mode, _Beside]:
    """The number of each window with what it is compared with, by mode that these windows allow."""
    found: dict[Mode, _Beside] = {Mode.WHOLE: [(n, None) for n in range(len(windows))]}
    weekly = isinstance(size, TimeSize) and size.duration < _WEEK
    if weekly and len(windows) >= PER_SLOT * len({slot_of(window) for window, _ in windows}):
        found[Mode.WEEKLY] = _weekly(windows)
    if len(windows) >= FEWEST + MINIMUM_WINDOWS:
        found[Mode.TRAILING] = [
            (n, merged(profile for _, profile in windows[max(0, n - TRAILING) : n]))
            for n in range(FEWEST, len(windows))
        ]
    return found


def _weekly(windows: Windows) -> _Beside:
    """Each window with all others of its hour of the week."""
    slots = defaultdict(list)
    for n, (window, _) in enumerate(windows):
        slots[slot_of(window)].append(n)
    beside: dict[int, WindowProfile] = {}
    for numbers in slots.values():
        profiles = [windows[n][1] for n in numbers]
        before = [WindowProfile(), *accumulate(profiles, WindowProfile.merge)]
        after = [WindowProfile(), *accumulate(reversed(profiles), WindowProfile.merge)]
        for i, n in enumerate(numbers):
            beside[n] = before[i].merge(after[len(numbers) - 1 - i])
    return [(n, beside[n] if beside[n].events else None) for n in range(len(windows))]


def _newcomers(windows: Windows, judge: Judge) -> dict[int, Judged]:
    """What was new in the windows of the second half: the whole reference knows all of its own values."""
    found, seen = {}, WindowProfile()
    for n, (_, profile) in enumerate(windows):
        if 2 * n >= len(windows):
            found[n] = judge.after(profile, seen)
        seen = seen.merge(profile)
    return found


def _slots(windows: Windows) -> dict[str, WindowProfile]:
    slots: dict[str, WindowProfile] = {}
    for window, profile in windows:
        slot = slot_of(window)
        slots[slot] = slots[slot].merge(profile) if slot in slots else profile
    return slots


def _rate(judged: Sequence[Judged]) -> float:
    """Alerting features per 1,000 feature-windows."""
    features = {key.partition(".")[2] for found in judged for key in found}
    alerting = sum(
        len({key.partition(".")[2] for key, (_, alerts) in found.items() if alerts})
        for found in judged
    )
    return 1000.0 * alerting / max(1, len(features) * len(judged))


def _effects(judged: Sequence[Judged]) -> dict[str, list[float]]:
    effects = defaultdict(list)
    for found in judged:
        for key, (effect, _) in found.items():
            effects[key].append(effect)
    return dict(effects)


def _spread(effects: Sequence[float], budget: float) -> Spread:
    largest = max(effects)
    return Spread(len(effects), median(effects), largest, floor(effects, largest, budget))


def floor(effects: Sequence[float], largest: float, budget: float) -> float:
    """Where the tail from the median through the largest effect reaches the budget's probability."""
    middle, windows = median(effects), len(effects)
    probability = budget / 1000.0
    if probability >= 1.0 / (windows + 1):
        return largest
    reached = math.log((windows + 1) / 2.0)
    factor = math.log(1.0 / (2.0 * probability)) / reached if reached > 0 else 1.0
    return middle + (largest - middle) * max(1.0, factor)


def _alerts(
    judged: Sequence[Judged],
    effects: Mapping[str, Sequence[float]],
    budget: float,
) -> int:
    """Episodes of alerts, each window judged by the floors of the others."""
    top = {key: sorted(found)[-2:] for key, found in effects.items()}
    bad = [
        {
            key
            for key, (effect, alerts) in found.items()
            if alerts and effect > floor(effects[key], _others(top[key], effect), budget)
        }
        for found in judged
    ]
    return sum(len(now - before) for before, now in pairwise([set(), *bad]))


def _others(top: Sequence[float], effect: float) -> float:
    """The largest effect of the other windows."""
    return top[0] if effect >= top[-1] else top[-1]
