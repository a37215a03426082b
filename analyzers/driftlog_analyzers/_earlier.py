"""The quiet windows before a window, where those are what it is compared with.

A finding about one feature says nothing against the others: a window with findings is left out for these features
alone, and all of it only for what is found of all events or of a slice. So a lasting fault of one feature is compared
with the time before it as long as it lasts, and the reference of all others goes on.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest

from driftlog_analyzers._calibration import FEWEST, TRAILING, Calibration, Reference, merged
from driftlog_analyzers._finding import Evaluation, Result
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state import State
from driftlog_analyzers._window import Window, WindowSize

REACH = 4 * TRAILING
_OUTPUT = "prediction."
_WHOLE = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """A window's profile, and the features that it is no reference for; of all of them, `_WHOLE`."""

    profile: WindowProfile
    found: frozenset[str]


class Earlier:
    """The latest windows, from the state where they are not at hand.

    Args:
        state: where profiles are kept.
        model: the model's name.
        size: of the windows.
        fingerprint: of the profiles that can be merged.
        calibration: its stretch is known to be good but for what was left out: windows there count as quiet.
    """

    def __init__(
        self, state: State, model: str, size: WindowSize, fingerprint: str, calibration: Calibration
    ) -> None:
        self._state, self._model, self._size, self._fingerprint = state, model, size, fingerprint
        self._calibration = calibration
        self._last: Window | None = None
        self._windows: deque[_Known] = deque(maxlen=REACH)
        self._made: dict[Window, frozenset[str]] = {}

    def reference(
        self, window: Window, profile: WindowProfile, known: Mapping[Window, Evaluation]
    ) -> Reference:
        """The windows before this one, where they are enough; else the end of the reference.

        The first windows of the learned stretch itself are compared with those before and themselves.

        Args:
            window: the window.
            profile: of it.
            known: what was said of earlier windows.
        """
        if self._last is None or _after(self._last) != (window.start, window.start_id):
            self._read(window, known)
        usable = [one for one in self._windows if one.profile.events and _WHOLE not in one.found]
        if len(usable) < FEWEST and self._is_good(window):
            return Reference(merged([*(one.profile for one in usable), profile]))
        latest = usable[-TRAILING:]
        apart = sorted({feature for one in latest for feature in one.found})
        return Reference(
            self._merged([one.profile for one in latest]),
            {name: self._merged(_quiet(usable, name)) for name in apart},
        )

    def add(self, window: Window, profile: WindowProfile, results: Iterable[Result]) -> None:
        """Go on to the next window."""
        self._last, self._made[window] = window, self._found(window, results)
        self._windows.append(_Known(profile, self._made[window]))

    def _read(self, window: Window, known: Mapping[Window, Evaluation]) -> None:
        """The last `REACH` windows that were evaluated, those without events included."""
        before = sorted(nlargest(REACH, (other for other in known if other < window)))
        self._windows.clear()
        if not before:
            return
        kept = self._state.profiles(
            self._model,
            self._size,
            before[0].start,
            window.start,
            fingerprint=self._fingerprint,
        )
        profiles = {other: profile for other, _, profile in kept if other in known}
        for other in before:
            found = self._made.get(other, self._found(other, known[other].results))
            self._windows.append(_Known(profiles.get(other, WindowProfile()), found))

    def _found(self, window: Window, results: Iterable[Result]) -> frozenset[str]:
        if self._is_good(window):
            return frozenset()
        return frozenset(_WHOLE if r.segment else r.feature for r in results if r.alerts)

    def _is_good(self, window: Window) -> bool:
        learned = self._calibration
        inside = learned.first <= window.start and window.end <= learned.last
        return inside and not any(
            window.start < other.end and other.start < window.end for other in learned.without
        )

    def _merged(self, profiles: Sequence[WindowProfile]) -> WindowProfile:
        latest = self._calibration.latest
        return merged(profiles) if len(profiles) >= FEWEST or latest is None else latest


def _quiet(windows: Sequence[_Known], feature: str) -> list[WindowProfile]:
    """The latest windows without a finding of the feature, with it alone."""
    quiet = [one.profile for one in windows if feature not in one.found]
    return [_only(profile, feature) for profile in quiet[-TRAILING:]]


def _only(profile: WindowProfile, feature: str) -> WindowProfile:
    output = feature.removeprefix(_OUTPUT)
    return replace(
        profile,
        features={n: f for n, f in profile.features.items() if n == feature},
        predictions={
            n: f for n, f in profile.predictions.items() if n == output and output != feature
        },
        slices={},
    )


def _after(window: Window) -> tuple[object, str]:
    return window.end, window.end_id
