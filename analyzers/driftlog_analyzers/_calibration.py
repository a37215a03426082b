"""What the windows of a calibrated model are compared with, and how the reference's own windows differ.

Windows of real traffic are no random draws: they follow the hour, the weekday, slow growth. Tests that take them for
draws alert on that. So the reference's own windows are judged as if they were new, in each mode. Where they keep to the
budget beside the whole reference, that is the mode. Else the windows before are, whose floors (see `_floors`) hold
however far growth goes on, or the same hour of the week where that leaves floors that are lower by a tenth. A finding
must exceed the floor.

No window is compared with itself: beside the whole reference, or its hour of the week, each half of the reference's
windows is compared with the other half, as new windows will be, which come later.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import mean
from typing import Protocol

from driftlog_analyzers._floors import (
    NEVER,
    Judged,
    Spread,
    alerting,
    episodes,
    feature_windows,
    spread_key,
    spreads,
    within,
)
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._window import TimeSize, Window, WindowSize

TRAILING = 28
FEWEST = 7
"""Windows that a trailing reference is made of, at most and at least."""
MINIMUM_WINDOWS = 8
PER_SLOT = 3
LOUDEST = 5
_PREFERENCE = 0.9
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
class Loud:
    """A window of the reference with alerts: perhaps a fault, which raises the floors.

    Attributes:
        window: the window.
        alerts: what alerts there by the floors of the other windows.
    """

    window: Window
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a window is compared with instead of the whole reference.

    Attributes:
        profile: of the events.
        apart: other events for single features, an output as ``prediction.<name>``: those of windows without a finding
            of the feature.
    """

    profile: WindowProfile
    apart: Mapping[str, WindowProfile] = field(default_factory=dict)


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
        loudest: its windows with most alerts.
        without: stretches that were left out.
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
    loudest: tuple[Loud, ...] = ()
    without: tuple[Window, ...] = ()

    def of_open(self) -> "Calibration":
        """For a window that is still open: whole windows say nothing of a part, so that no floor is enough."""
        return replace(
            self, spreads={key: replace(one, floor=NEVER) for key, one in self.spreads.items()}
        )

    def floor(self, detector: str, feature: str, segment: str = "") -> float:
        """What the effect of a finding must exceed; 0 where the reference never moved."""
        spread = self.spreads.get(spread_key(detector, feature, segment))
        return spread.floor if spread else 0.0


_Beside = Iterable[tuple[int, WindowProfile | None]]


class Judge(Protocol):
    """What the detectors say of a window of the reference."""

    def beside(self, profile: WindowProfile, reference: WindowProfile | None) -> Judged:
        """Compared with a reference; None, with the whole. Without the detectors of what is new."""

    def after(self, profile: WindowProfile, seen: WindowProfile) -> Judged:
        """What the detectors of new values say, had only this been seen before."""


def calibrate(
    size: WindowSize,
    windows: Sequence[Window],
    profiles: Sequence[WindowProfile],
    judge: Judge,
    budget: float,
    *,
    counted: Sequence[Judged] = (),
    own: bool = True,
    without: Sequence[Window] = (),
) -> Calibration:
    """Judge the reference's own windows in every mode and keep the one that asks least of a finding.

    A profile is taken from `profiles` anew wherever it is needed, so that the sequence may hold them packed.

    Args:
        size: of the windows.
        windows: of the reference, with enough events each, oldest first; at least `MINIMUM_WINDOWS`.
        profiles: of these windows.
        judge: says what the detectors say.
        budget: tolerated false alerts per 1,000 feature-windows.
        counted: what is said of each window's number of events, in every mode.
        own: whether the whole reference is made of these windows, and of no other data.
        without: stretches that were left out.
    """
    new = _newcomers(profiles, judge)
    told = [{**new.get(n, {}), **found} for n, found in enumerate(counted or [{}] * len(profiles))]
    modes = _modes(size, windows, profiles, own=own)
    judged = {mode: _judged(profiles, pairs, judge, told) for mode, pairs in modes}
    found = {mode: feature_windows(results) for mode, results in judged.items()}
    asked = {mode: spreads(results, budget) for mode, results in judged.items()}
    mode = Mode.WHOLE if within(*found[Mode.WHOLE], budget) else _lowest(asked)
    alerts = alerting(judged[mode], budget)
    first, last = windows[0].start, windows[-1].end
    begun = episodes(alerts)
    return Calibration(
        size=str(size),
        first=first,
        last=last,
        mode=mode,
        windows=len(windows),
        budget=budget,
        rates={str(name): 1000.0 * bad / max(1, of) for name, (bad, of) in found.items()},
        alerts=begun,
        per_month=begun * (_MONTH / max(last - first, timedelta(seconds=1))),
        spreads=asked[mode],
        slots=_slots(windows, profiles) if mode is Mode.WEEKLY else {},
        latest=_latest(profiles) if mode is Mode.TRAILING else None,
        loudest=_loudest(windows, alerts),
        without=tuple(without),
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


def _judged(
    profiles: Sequence[WindowProfile], beside: _Beside, judge: Judge, told: Sequence[Judged]
) -> list[Judged]:
    """What is said of each window, oldest first."""
    found = {n: {**judge.beside(profiles[n], reference), **told[n]} for n, reference in beside}
    return [found[n] for n in sorted(found)]


def _lowest(asked: Mapping[Mode, Mapping[str, Spread]]) -> Mode:
    """The mode whose floors are the lowest on average, each as a part of the highest of the modes."""
    modes = {mode: found for mode, found in asked.items() if mode is not Mode.WHOLE} or asked
    parts = {mode: _parts(found, modes.values()) for mode, found in modes.items()}
    return min(parts, key=lambda m: parts[m] * (_PREFERENCE if m is Mode.TRAILING else 1.0))


def _parts(found: Mapping[str, Spread], modes: Collection[Mapping[str, Spread]]) -> float:
    highest = {
        key: min(1.0, max(one[key].floor for one in modes if key in one))
        for one in modes
        for key in one
    }
    floors = [
        min(1.0, found[key].floor) / most if key in found else 0.0
        for key, most in highest.items()
        if most
    ]
    return mean(floors or [0.0])


def _modes(
    size: WindowSize,
    windows: Sequence[Window],
    profiles: Sequence[WindowProfile],
    *,
    own: bool,
) -> Iterator[tuple[Mode, _Beside]]:
    """The number of each window with what it is compared with, by mode that these windows allow."""
    every = [Mode.WHOLE.value] * len(windows)
    yield Mode.WHOLE, _halves(every, profiles) if own else ((n, None) for n in range(len(windows)))
    slots = [slot_of(window) for window in windows]
    weekly = isinstance(size, TimeSize) and size.duration < _WEEK
    if weekly and min(Counter(slots).values()) >= PER_SLOT:
        yield Mode.WEEKLY, _halves(slots, profiles)
    if len(windows) >= 2 * FEWEST:
        yield Mode.TRAILING, _trailing(profiles)


def _halves(groups: Sequence[str], profiles: Sequence[WindowProfile]) -> _Beside:
    """Each window with the windows of its group in the other half of the time."""
    numbers = defaultdict(list)
    for n, group in enumerate(groups):
        numbers[group].append(n)
    for own in numbers.values():
        middle = len(own) // 2
        for half, other in ((own[:middle], own[middle:]), (own[middle:], own[:middle])):
            beside = merged(profiles[n] for n in other)
            yield from ((n, beside) for n in half)


def _trailing(profiles: Sequence[WindowProfile]) -> _Beside:
    """Each window with those before it."""
    latest: deque[WindowProfile] = deque(maxlen=TRAILING)
    for n, profile in enumerate(profiles):
        if n >= FEWEST:
            yield n, merged(latest)
        latest.append(profile)


def _newcomers(profiles: Sequence[WindowProfile], judge: Judge) -> dict[int, Judged]:
    """What was new in the windows of the second half beside the first: the whole reference knows its own values.

    Not beside all windows before: those that will be judged lie as far beyond the reference as it is long, and farther.
    """
    middle = len(profiles) // 2
    seen = merged(profiles[n] for n in range(middle))
    return {n: judge.after(profiles[n], seen) for n in range(middle, len(profiles))}


def _slots(
    windows: Sequence[Window], profiles: Sequence[WindowProfile]
) -> dict[str, WindowProfile]:
    slots: dict[str, WindowProfile] = {}
    for window, profile in zip(windows, profiles, strict=True):
        slot = slot_of(window)
        slots[slot] = slots[slot].merge(profile) if slot in slots else profile
    return slots


def _latest(profiles: Sequence[WindowProfile]) -> WindowProfile:
    return merged(profiles[n] for n in range(max(0, len(profiles) - TRAILING), len(profiles)))


def _loudest(windows: Sequence[Window], alerts: Sequence[frozenset[str]]) -> tuple[Loud, ...]:
    """The windows with most alerts; where the first have nothing before them, they were not judged."""
    skipped = len(windows) - len(alerts)
    order = sorted(range(len(alerts)), key=lambda n: -len(alerts[n]))[:LOUDEST]
    return tuple(
        Loud(windows[n + skipped], tuple(sorted(alerts[n]))) for n in sorted(order) if alerts[n]
    )
