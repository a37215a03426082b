"""What is asked of a subject of the benchmark, and which kinds of alert are right for which fault."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from driftlog_analyzers import Roles

SHIFTS = frozenset({"category_shift", "numeric_shift"})
_VANISHED = {
    "key absent": {"vanished"},
    "null": {"na_spike", "vanished"},
}
_EMPTY = {"stuck", "unseen_category", "type_change", "category_shift", "oov_rate", "text_length"}
_SENTINEL = {"stuck", "range", *_EMPTY, "numeric_shift"}
_KINDS: dict[str, set[str]] = {
    "NA rate": {"na_spike"},
    "share shift": {"category_shift"},
    "unseen category": {"unseen_category"},
    "unit change": {"range", "numeric_shift"},
    "stuck": {"stuck"},
    "range violation": {"range"},
    "numeric drift": {"numeric_shift"},
    "swapped columns": {"range", "unseen_category", "type_change", "na_spike", *SHIFTS},
    "casing": {"unseen_category", "category_shift", "oov_rate"},
    "encoding": {"oov_rate"},
    "text pipeline": {"text_length", "stuck", "na_spike", "vanished"},
    "language switch": {"oov_rate"},
    "OOV": {"oov_rate"},
    "type change": {"type_change"},
    "prediction collapse": {"prediction_collapse"},
    "prediction shift": {"prediction_shift"},
    "quiet": set(),
}
_LEVELS = {"int as float, logged as string": {"type_change", "unseen_category"}}


@dataclass(frozen=True, order=True)
class Alert:
    """What a subject says of one window.

    Attributes:
        feature: the feature, outputs by their plain name.
        kind: which kind of fault, in the subject's own word; None where it does not tell.
    """

    feature: str
    kind: str | None = None


class Judge(Protocol):
    """A subject that has seen a reference."""

    def judge(self, window: pd.DataFrame) -> frozenset[Alert]:
        """Alerts on one window."""


class Subject(Protocol):
    """A way to judge windows."""

    name: str

    def fit(self, reference: pd.DataFrame, roles: Roles) -> Judge:
        """Learn from rows known to be good."""


def right_kinds(fault: str, level: str) -> frozenset[str]:
    """Driftlog's detectors that name this fault rightly; a subject without kinds is right by its feature."""
    if level in _LEVELS:
        return frozenset(_LEVELS[level])
    if fault == "vanishes":
        fallback = _EMPTY if level.startswith("empty") else _SENTINEL
        return frozenset(_VANISHED.get(level, fallback))
    return frozenset(_KINDS[fault])


def found(alerts: Iterable[Alert], touched: Sequence[str], kinds: frozenset[str]) -> bool:
    """Whether an alert names a touched feature and, where it names a kind, a right one."""
    return any(a.feature in touched and (a.kind is None or a.kind in kinds) for a in alerts)


def elsewhere(alerts: Iterable[Alert], touched: Sequence[str]) -> int:
    """How many features that no fault touched have an alert."""
    return len({a.feature for a in alerts} - set(touched))
