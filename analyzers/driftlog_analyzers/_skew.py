"""Training-serving skew: logged features beside an offline recomputation of them, event by event. Pure.

A value agrees if it is the same, of numbers within a relative tolerance. A feature is a finding if the whole 95 %
interval (Wilson 1927) of its share of disagreeing events lies above a minimum.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from driftlog_analyzers._intervals import wilson
from driftlog_analyzers._logged import NULL, Cell

TOLERANCE = 1e-6
"""Relative; a 32-bit float, as many services compute with, is off by up to 6e-8 of the value."""
MINIMUM_SHARE = 0.01
KEPT = 2_000
EXAMPLES = 3


class Verdict(StrEnum):
    """What comes of comparing one value."""

    SAME = "same"
    DIFFERENT = "different"
    TYPE = "type"
    NOT_LOGGED = "not logged"
    NOT_OFFLINE = "not offline"


@dataclass(frozen=True, slots=True)
class Pair:
    """One event's disagreement: what is logged, what was computed; None for a feature that the event lacks."""

    id: str
    logged: Cell | None
    offline: Cell


@dataclass(slots=True)
class Compared:
    """One feature, counted up.

    Attributes:
        counts: events by verdict.
        present: events whose log has the feature at all, be it null.
        pairs: the first disagreements, `KEPT` at the most.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    present: int = 0
    pairs: list[Pair] = field(default_factory=list)

    def add(self, name: str, logged: Cell | None, offline: Cell, tolerance: float) -> None:
        """Compare the values of one more event."""
        verdict = compare(logged, offline, tolerance)
        self.counts[verdict] += 1
        self.present += logged is not None
        if verdict is not Verdict.SAME and len(self.pairs) < KEPT:
            self.pairs.append(Pair(name, logged, offline))


@dataclass(frozen=True, slots=True)
class Skew:
    """What is said of one feature.

    Attributes:
        feature: its name.
        n: events compared.
        different: events with another value.
        types: events with a value of another type.
        not_logged: events with a value offline and none in the log.
        not_offline: events with a value in the log and none offline.
        low, high: 95 % interval of the share of all these.
        found: whether it is a finding.
        explanation: what one cause explains nearly all of it; empty if none does.
        examples: a few disagreements.
    """

    feature: str
    n: int
    different: int
    types: int
    not_logged: int
    not_offline: int
    low: float
    high: float
    found: bool
    explanation: str = ""
    examples: tuple[Pair, ...] = ()

    @property
    def mismatched(self) -> int:
        """Events that disagree in whatever way."""
        return self.different + self.types + self.not_logged + self.not_offline

    @property
    def share(self) -> float:
        """Their share, 0 to 1."""
        return self.mismatched / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class SkewReport:
    """What is said of a model.

    Attributes:
        skews: by feature, the most skewed first.
        rows: rows of the file.
        sampled: of them, those whose id was looked up.
        matched: of these, those with an event in the log.
        repeated: of these, those with several events under one id; they are not compared.
        events: predictions in the log.
        foreign: columns of the file that no compared event of the log has as a feature.
    """

    skews: tuple[Skew, ...]
    rows: int
    sampled: int
    matched: int
    repeated: int
    events: int
    foreign: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[Skew, ...]:
        """The findings."""
        return tuple(skew for skew in self.skews if skew.found)

    @property
    def not_in_log(self) -> int:
        """Sampled rows without event."""
        return self.sampled - self.matched

    @property
    def not_in_file(self) -> int:
        """Events without row; estimated from the sample where not all rows were looked up."""
        return max(0, self.events - round(self.rows * self.matched / self.sampled))


def skew_of(feature: str, found: Compared, minimum: float, explanation: str = "") -> Skew:
    """What is said of a feature.

    Args:
        feature: its name.
        found: what was counted.
        minimum: share of disagreeing events that a finding must exceed, 0 to 1.
        explanation: a cause, if there is one.
    """
    n = found.counts.total()
    low, high = wilson(n - found.counts[Verdict.SAME], n)
    return Skew(
        feature,
        n,
        found.counts[Verdict.DIFFERENT],
        found.counts[Verdict.TYPE],
        found.counts[Verdict.NOT_LOGGED],
        found.counts[Verdict.NOT_OFFLINE],
        low,
        high,
        found=bool(n) and low > minimum,
        explanation=explanation,
        examples=tuple(found.pairs[:EXAMPLES]),
    )


def most_skewed(skews: Iterable[Skew]) -> tuple[Skew, ...]:
    """Findings first, then by share."""
    return tuple(sorted(skews, key=lambda skew: (not skew.found, -skew.share, skew.feature)))


def compare(logged: Cell | None, offline: Cell, tolerance: float) -> Verdict:
    """Compare two values; no value, null and NaN are the same, as files do not tell them apart."""
    logged = logged or NULL
    if logged.missing or offline.missing:
        if logged.missing and offline.missing:
            return Verdict.SAME
        return Verdict.NOT_LOGGED if logged.missing else Verdict.NOT_OFFLINE
    if logged.kind != offline.kind:
        return Verdict.TYPE
    if logged.kind in {"number", "text"}:
        close = math.isclose(logged.number, offline.number, rel_tol=tolerance, abs_tol=0.0)
        return Verdict.SAME if close else Verdict.DIFFERENT
    same = (logged.string, logged.items) == (offline.string, offline.items)
    return Verdict.SAME if same else Verdict.DIFFERENT


def read_cell(text: str, logged: Cell | None) -> Cell:
    """What a cell of a CSV file holds, which has no types: it is read as what the log has there.

    Of a string the log's own ways of writing are forgiven: ``True`` is ``true``, ``7.0`` is ``7`` and
    ``2026-03-02 00:00:00`` is ``2026-03-02T00:00:00``.
    """
    number = _number(text)
    match logged:
        case Cell(kind="string", string=string):
            return Cell("string", string=string if _alike(text, string) else text)
        case Cell(kind="list"):
            return Cell("list", items=tuple(sorted(set(_items(text)))))
    if number is None:
        return Cell("string", string=text)
    return Cell("number", number) if math.isfinite(number) else Cell("nonfinite")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _alike(text: str, string: str) -> bool:
    if string in {"true", "false"}:
        return text.lower() == string
    if text.endswith(".0") and text[:-2].lstrip("-").isdigit():
        return text[:-2] == string
    try:
        return datetime.fromisoformat(text) == datetime.fromisoformat(string)
    except (ValueError, TypeError):
        return False


def _items(text: str) -> Sequence[str]:
    """A list as Python or JSON writes one: ``['a', 'b']``."""
    inner = text.strip().removeprefix("[").removesuffix("]")
    return [item.strip().strip("'\"") for item in inner.split(",")] if inner.strip() else []


def values_of(pairs: Sequence[Pair]) -> Mapping[str, object]:
    """A few disagreements as machines read them, by event id."""
    return {p.id: {"logged": _plain(p.logged), "offline": _plain(p.offline)} for p in pairs}


def _plain(cell: Cell | None) -> object:
    if cell is None:
        return None
    named = {"number": cell.number, "text": cell.number, "list": list(cell.items)}
    return named.get(cell.kind, cell.string or None)
