"""How strict the detectors are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from driftlog_analyzers._feedback import FeedbackSpec


@dataclass(frozen=True, slots=True)
class Settings:
    """The detectors' thresholds. A finding needs significance, a minimum effect and a minimum number of events.

    Attributes:
        budget: tolerated false alerts per 1,000 feature-windows without a fault.
        min_events: windows with fewer events are answered with ``insufficient_data``.
        disabled: names of detectors that are left out.
        ignored: names of features that are left out.
        version: the only model version that may serve; None where people named none.
        max_age: how old that version may become; None where people named no age.
        thresholds: smallest effect of a finding instead of the detector's own, by ``detector`` or, before that,
            ``detector.feature``; in the unit of the detector's effect, and 0 or more.
        feedback: which input could follow which output; None where that is not looked at.
    """

    budget: float = 1.0
    min_events: int = 20
    disabled: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    version: str | None = None
    max_age: timedelta | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    feedback: FeedbackSpec | None = None

    def threshold(self, detector: str, feature: str) -> float | None:
        """The smallest effect that people set for this detector on this feature; None where they set none."""
        return self.thresholds.get(f"{detector}.{feature}", self.thresholds.get(detector))
