"""From the reference's windows in a store to a calibrated baseline."""

import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import overload

from driftlog_analyzers._baseline import Baseline, Constraint
from driftlog_analyzers._calibration import MINIMUM_WINDOWS, Reference, calibrate
from driftlog_analyzers._comparable import comparable
from driftlog_analyzers._evaluate import decide, evaluate, level_of
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._floors import Judged, spread_key
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import Features, Numeric, WindowProfile
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import CountSize, Window, WindowSize
from driftlog_analyzers.detectors import NAMES, range_violation, stuck, unseen_category, volume
from driftlog_analyzers.errors import BaselineError

Progress = Callable[[int, int], None]

_NEW = frozenset({range_violation.NAME, unseen_category.NAME})


def calibrated(
    store: EventStore,
    baseline: Baseline,
    size: WindowSize,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    without: Sequence[Window] = (),
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Baseline:
    """The baseline with what its reference's own windows of one size say of alerts to come.

    Windows that reach beyond the stretch or into one that is left out, have too few events, or events of a model
    version that the reference has not, are not used.

    Args:
        store: where the reference's events are.
        baseline: what windows are compared with.
        size: of the windows.
        start: of a stretch without faults, UTC; by default the time of the reference's first event.
        end: of the stretch, UTC; by default the time of the reference's last event.
        without: stretches of time with faults, to be left out.
        settings: of the detectors.
        progress: is told how many of how many windows are done.

    Raises:
        BaselineError: there are too few windows to learn from.
        StoreError: the store could not answer completely.
    """
    settings = settings or Settings()
    stretch = _stretch(baseline, start, end)
    windows = [
        window
        for window in store.windows(baseline.model, size, stretch.start, stretch.end)
        if _is_used(window, size, stretch, without)
    ]
    used, profiles, events = [], _Packed(), {}
    for n, (window, profile) in enumerate(
        zip(windows, store.profiles(profile_spec(baseline), windows), strict=True), 1
    ):
        events[window] = profile.events
        if profile.events >= settings.min_events and _is_of(profile, baseline.profile):
            used.append(window)
            profiles.add(profile)
        if progress:
            progress(n, len(windows))
    if len(used) < MINIMUM_WINDOWS:
        raise BaselineError(
            f"the log holds {len(used)} windows of {size} with {settings.min_events} events or more from {stretch}; "
            f"at least {MINIMUM_WINDOWS} are needed: name a longer stretch without faults, or smaller windows"
        )
    found = calibrate(
        size,
        used,
        profiles,
        _Judge(baseline, settings),
        settings.budget,
        counted=[_counted_events(size, window, events, settings) for window in used],
        own=_is_own(baseline, used),
        without=without,
    )
    others = tuple(c for c in baseline.calibrations if c.size != found.size)
    return replace(baseline, calibrations=(*others, found))


def _stretch(baseline: Baseline, start: datetime | None, end: datetime | None) -> Window:
    """From where to where windows are used: by default as far as the reference reaches."""
    first, last = start or baseline.profile.first, end or baseline.profile.last
    if first is None or last is None:
        raise BaselineError(
            f"the baseline {baseline.name} is of {baseline.source}, whose events have no times; "
            "name a stretch of the log without faults by --from and --to"
        )
    return Window(first, last)


class _Packed(Sequence[WindowProfile]):
    """Profiles of thousands of windows: packed, each takes some kB instead of some hundred."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []

    def add(self, profile: WindowProfile) -> None:
        """Append one."""
        self._packed.append(zlib.compress(to_json(profile), 1))

    @overload
    def __getitem__(self, n: int) -> WindowProfile: ...
    @overload
    def __getitem__(self, n: slice) -> list[WindowProfile]: ...
    def __getitem__(self, n: int | slice) -> WindowProfile | list[WindowProfile]:
        if isinstance(n, slice):
            return [_unpacked(data) for data in self._packed[n]]
        return _unpacked(self._packed[n])

    def __len__(self) -> int:
        return len(self._packed)


def _unpacked(data: bytes) -> WindowProfile:
    return from_json(WindowProfile, zlib.decompress(data))


def _is_used(window: Window, size: WindowSize, stretch: Window, without: Sequence[Window]) -> bool:
    """Whether the window lies in the stretch and touches nothing that is left out."""
    inside = isinstance(size, CountSize) or stretch.start <= window.start
    apart = all(window.end <= other.start or other.end <= window.start for other in without)
    return inside and window.end <= stretch.end and apart


def _is_own(baseline: Baseline, windows: Sequence[Window]) -> bool:
    """Whether the reference is the stretch itself, and not training data or another time."""
    first, last = baseline.profile.first, baseline.profile.last
    return bool(first and last and first < windows[-1].end and windows[0].start <= last)


def _is_of(profile: WindowProfile, reference: WindowProfile) -> bool:
    """Whether the window's versions are those of the reference, where that names any."""
    return not reference.versions or profile.versions.keys() <= reference.versions.keys()


@dataclass(frozen=True, slots=True)
class _Judge:
    """The detectors, as `calibrate` asks them."""

    baseline: Baseline
    settings: Settings

    def beside(self, profile: WindowProfile, reference: WindowProfile | None) -> Judged:
        """Compared with a reference; None, with the whole. Without the detectors of what is new."""
        settings = replace(self.settings, disabled=self.settings.disabled | _NEW)
        beside = Reference(reference) if reference else None
        return _judged(evaluate(profile, self.baseline, settings, reference=beside))

    def after(self, profile: WindowProfile, seen: WindowProfile) -> Judged:
        """What the detectors of new values say, had only this been seen before; what is no finding has no effect."""
        others = frozenset(NAMES) - _NEW
        settings = replace(self.settings, disabled=self.settings.disabled | others)
        then = replace(self.baseline, profile=seen, constraints=self._rules(seen))
        found = _judged(evaluate(_bounded(profile, seen), then, settings))
        return {key: (effect * alert, alert) for key, (effect, alert) in found.items()}

    def _rules(self, seen: WindowProfile) -> dict[str, Constraint]:
        """The constraints, with the range and the values that were seen."""
        rules = dict(self.baseline.constraints)
        for name, feature in seen.features.items():
            if name in rules and feature.numeric and rules[name].kind == "numeric":
                low, high = feature.numeric.minimum, feature.numeric.maximum
                rules[name] = replace(rules[name], minimum=low, maximum=high)
        return {
            name: replace(rule, values=None, min_domain_mass=0.0) for name, rule in rules.items()
        }


def _counted_events(
    size: WindowSize, window: Window, events: Mapping[Window, int], settings: Settings
) -> Judged:
    """What is said of the window's number of events beside comparable earlier ones."""
    history = comparable(size, window, events)
    if history is None or volume.NAME in settings.disabled:
        return {}
    return _judged(decide([volume.volume(events[window], history)], level_of(settings.budget, 1)))


def _judged(results: Iterable[Result]) -> Judged:
    return {
        spread_key(result.detector, result.feature, result.segment): (
            abs(result.statistics.get(stuck.MOVED, result.effect)),
            result.alerts,
        )
        for result in results
        if result.outcome is not Outcome.INSUFFICIENT
    }


def _bounded(profile: WindowProfile, seen: WindowProfile) -> WindowProfile:
    """The window with its numbers counted that lie outside of what was seen."""
    bounded = replace(
        profile,
        features=_outside(profile.features, seen.features),
        predictions=_outside(profile.predictions, seen.predictions),
    )
    then = seen.parts
    parts = profile.parts.items()
    return bounded.with_parts({part: _bounded(p, then[part]) for part, p in parts if part in then})


def _outside(features: Features, seen: Features) -> Features:
    found = dict(features)
    for name, feature in features.items():
        before = seen[name].numeric if name in seen else None
        if feature.numeric and before:
            found[name] = replace(feature, numeric=_counted(feature.numeric, before))
    return found


def _counted(after: Numeric, before: Numeric) -> Numeric:
    """The numbers outside, as far as the histogram tells them; at least one where the extremes say so."""
    low, high = bisect_left(after.edges, before.minimum), bisect_left(after.edges, before.maximum)
    return replace(
        after,
        below=max(sum(after.bins[:low]), int(after.minimum < before.minimum)),
        above=max(sum(after.bins[high + 1 :]), int(after.maximum > before.maximum)),
    )
