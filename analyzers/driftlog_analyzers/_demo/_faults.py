"""Faults put on top of good events, each from its onset on."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from driftlog_analyzers._replay import Row

FaultKind = Literal["vanished", "nulls", "common value", "new words"]

NEW_WORDS = ("zorbit", "quantix", "flexapay", "nubilo", "tazzer", "vermion", "okrilla", "pulsaro")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one feature.

    Attributes:
        kind: what goes wrong.
        feature: with which feature.
        onset: from which event time on, UTC.
        share: the share of the events that it strikes, 0 to 1.
        value: the value that becomes common.
        until: until which event time; None for ever.
    """

    kind: FaultKind
    feature: str
    onset: datetime
    share: float = 1.0
    value: str = ""
    until: datetime | None = None

    def strikes(self, moment: datetime) -> bool:
        """Whether it has begun and not ended."""
        return self.onset <= moment and (self.until is None or moment < self.until)

    @property
    def summary(self) -> str:
        """The fault in words."""
        return {
            "vanished": f"{self.feature} vanishes",
            "nulls": f"{self.feature} is null in {100 * self.share:.0f} % more of the events",
            "common value": f"{self.feature}: the rare value {self.value!r} becomes common",
            "new words": f"{self.feature}: new words arrive",
        }[self.kind]


def inject(rows: Iterable[Row], faults: Sequence[Fault], seed: int) -> Iterator[Row]:
    """Yield the rows with every fault that has begun put on top; the rows are changed in place.

    Args:
        rows: good rows.
        faults: what goes wrong, at most one of a feature.
        seed: decides which events are struck.
    """
    chances = [random.Random(f"{seed} {fault.kind} {fault.feature}") for fault in faults]  # noqa: S311 - a simulation
    for row in rows:
        for fault, chance in zip(faults, chances, strict=True):
            if fault.strikes(row.timestamp) and chance.random() < fault.share:
                _strike(row.features, fault, chance)
        yield row


def _strike(features: dict[str, object], fault: Fault, chance: random.Random) -> None:
    match fault.kind:
        case "vanished":
            features.pop(fault.feature, None)
        case "nulls":
            features[fault.feature] = None
        case "common value":
            features[fault.feature] = fault.value
        case "new words":
            text = features.get(fault.feature)
            words = " ".join(chance.sample(NEW_WORDS, 2))
            features[fault.feature] = f"{text} {words}" if text else words
