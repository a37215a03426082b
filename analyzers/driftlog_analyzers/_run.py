"""What one run over a store works with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._episode import EpisodeSettings
from driftlog_analyzers._fingerprint import profile_fingerprint, run_label
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._state import State
from driftlog_analyzers._store import EventStore, ProfileSpec
from driftlog_analyzers._window import TimeSize, Window, WindowSize


@dataclass(frozen=True, slots=True)
class Run:
    """What one run works with, and what follows from that.

    Attributes:
        store: where the events are.
        state: where profiles, evaluations and alerts are kept.
        baseline: what windows are compared with.
        size: of the windows.
        settings: of the detectors.
        episodes: when alerts begin and end.
        now: the time; a window that ends later is open.
        spec: how windows are profiled.
        fingerprint: of that.
        calibration: what the baseline learned from windows of the size; None if nothing.
        label: how the label of every evaluation begins.
        parts: the size of smaller windows that are stored already and can be merged; None, events are read.
    """

    store: EventStore
    state: State
    baseline: Baseline
    size: WindowSize
    settings: Settings
    episodes: EpisodeSettings
    now: datetime
    spec: ProfileSpec
    fingerprint: str
    calibration: Calibration | None
    label: str
    parts: TimeSize | None = None

    @classmethod
    def of(
        cls,
        store: EventStore,
        baseline: Baseline,
        state: State,
        size: WindowSize,
        *,
        settings: Settings,
        episodes: EpisodeSettings,
        now: datetime,
        parts: TimeSize | None = None,
    ) -> Self:
        """The run, with what follows from its parts."""
        spec = profile_spec(baseline)
        fingerprint = profile_fingerprint(spec)
        return cls(
            store,
            state,
            baseline,
            size,
            settings,
            episodes,
            now,
            spec=spec,
            fingerprint=fingerprint,
            calibration=baseline.calibration(size),
            label=run_label(baseline, settings, size, fingerprint),
            parts=parts,
        )

    def label_of(self, window: Window) -> str:
        """The baseline's name, in a hash all that decides the results, and whether the window was judged while open."""
        return f"{self.label}{', open' if window.end > self.now else ''})"
