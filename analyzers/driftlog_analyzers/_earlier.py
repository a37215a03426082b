"""The quiet windows before a window, where those are what it is compared with."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from driftlog_analyzers._calibration import TRAILING
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state import State
from driftlog_analyzers._window import TimeSize, Window, WindowSize

_REACH = 4 * TRAILING
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Earlier:
    """Profiles of the latest windows without findings, from the state where they are not at hand.

    Args:
        state: where profiles are kept.
        model: the model's name.
        size: of the windows.
        fingerprint: of the profiles that can be merged.
        learned: the stretch that is known to be good: its windows count as quiet, whatever was found there.
    """

    def __init__(
        self, state: State, model: str, size: WindowSize, fingerprint: str, learned: Window
    ) -> None:
        self._state, self._model, self._size, self._fingerprint = state, model, size, fingerprint
        self._learned = learned
        self._latest: Window | None = None
        self._profiles: deque[WindowProfile] = deque(maxlen=TRAILING)

    def before(self, window: Window, known: Mapping[Window, Evaluation]) -> Sequence[WindowProfile]:
        """The profiles of quiet windows before this one, the latest last.

        Args:
            window: the window.
            known: what earlier runs said; windows with findings are left out.
        """
        if self._latest is None or _after(self._latest) != (window.start, window.start_id):
            self._read(window, known)
        return tuple(self._profiles)

    def add(self, window: Window, profile: WindowProfile, *, quiet: bool) -> None:
        """Go on to the next window."""
        self._latest = window
        if profile.events and (quiet or self._known_good(window)):
            self._profiles.append(profile)

    def _read(self, window: Window, known: Mapping[Window, Evaluation]) -> None:
        start = None
        if isinstance(self._size, TimeSize):
            start = window.start - min(_REACH * self._size.duration, window.start - _EARLIEST)
        kept = self._state.profiles(
            self._model, self._size, start, window.start, fingerprint=self._fingerprint
        )
        self._profiles.clear()
        for other, _, profile in kept:
            evaluation = known.get(other)
            quiet = evaluation is not None and not evaluation.findings
            if other < window and profile.events and (quiet or self._known_good(other)):
                self._profiles.append(profile)

    def _known_good(self, window: Window) -> bool:
        return self._learned.start <= window.start and window.end <= self._learned.end


def _after(window: Window) -> tuple[object, str]:
    return window.end, window.end_id
