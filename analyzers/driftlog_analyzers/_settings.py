"""How strict the detectors are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The detectors' thresholds. A finding needs significance, a minimum effect and a minimum number of events.

    Attributes:
        budget: tolerated false alerts per 1,000 feature-windows without a fault.
        min_events: windows with fewer events are answered with ``insufficient_data``.
        disabled: names of detectors that are left out.
        ignored: names of features that are left out.
    """

    budget: float = 1.0
    min_events: int = 20
    disabled: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
