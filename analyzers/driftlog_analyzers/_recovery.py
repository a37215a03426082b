"""A clean copy of a segment with damaged lines; what is damaged is counted and set aside."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from driftlog._files import is_live
from driftlog._segment import BadRange, Line, recover, set_aside
from driftlog_analyzers._profile import Counts
from driftlog_analyzers._relation import microseconds
from driftlog_analyzers._segments import ACTIONS, PREDICTION
from driftlog_analyzers._spool_columns import ELEMENT, NAMED

Place = tuple[int, str]
"""Where an event stands in time: microseconds since 1970, and its id."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What was wrong with one segment.

    A damaged stretch has no time of its own: it stands beside the prediction before it in the file, else beside the
    one after it, and in a segment without predictions beside its first line.

    Attributes:
        copy: a file with the good lines only.
        beside: damaged stretches by what they stand beside, and by reason; None where no line is good.
        aside: the folder they were copied to, or empty where it cannot be written.
        models: whose predictions, or first line, the good ones are.
        last: the prediction that the segment ends with.
    """

    copy: Path
    beside: Mapping[tuple[Place | None, str], int]
    aside: str
    models: frozenset[str] = frozenset()
    last: Place | None = None

    @property
    def reasons(self) -> Counts:
        """Damaged stretches by reason."""
        found: Counter[str] = Counter()
        for (_, reason), count in self.beside.items():
            found[reason] += count
        return found

    @property
    def lines(self) -> int:
        """How many damaged stretches there are."""
        return sum(self.beside.values())

    def with_fault(self, reason: str) -> "Damage":
        """The same, of a compressed segment that broke off: that is one damaged stretch at least."""
        if reason in self.reasons:
            return self
        beside = {**self.beside, (self.last, reason): 1}
        return replace(self, beside=beside, aside=self.aside if self.lines else "")


def clean_copy(path: Path, aside: Path, copy: Path) -> Damage:
    """Copy the good lines of a segment and set the others aside.

    An unfinished last line of a live segment is neither. The good lines are written anew, so that
    whoever reads the copy finds what was checked here: each name once, times in UTC.

    Raises:
        OSError: the segment cannot be read or the copy not be written.
    """
    found = _Found()
    with path.open("rb") as source, copy.open("wb") as target:
        for part in recover(source, live=is_live(path)):
            if isinstance(part, BadRange):
                found.damaged(part)
            elif (event := _event(part)) is None:
                found.damaged(BadRange(part.offset, len(part.data), "foreign"))
            else:
                found.good(event)
                target.write(event.data)
    try:
        set_aside(path, found.bad, aside)
    except OSError:
        return found.damage(copy, "")
    return found.damage(copy, str(aside))


@dataclass(frozen=True, slots=True)
class _Event:
    """A good line, written anew."""

    data: bytes
    place: Place
    model: str
    predicts: bool


class _Found:
    """What was found in a segment so far, line by line."""

    def __init__(self) -> None:
        self.bad: list[BadRange] = []
        self._beside: Counter[tuple[Place | None, str]] = Counter()
        self._first: _Event | None = None
        self._begin: _Event | None = None
        self._last: Place | None = None
        self._models: set[str] = set()

    def damaged(self, bad: BadRange) -> None:
        """Note a damaged stretch."""
        self.bad.append(bad)
        self._beside[self._last, str(bad.reason)] += 1

    def good(self, event: _Event) -> None:
        """Note a good line."""
        self._begin = self._begin or event
        if event.predicts:
            self._first = self._first or event
            self._last = event.place
            self._models.add(event.model)

    def damage(self, copy: Path, aside: str) -> Damage:
        """All of it; what stands before the first prediction stands beside that, or else beside the first line."""
        one = self._first or self._begin
        start = one.place if one else None
        beside: Counter[tuple[Place | None, str]] = Counter()
        for (place, reason), count in self._beside.items():
            beside[place or start, reason] += count
        models = frozenset(self._models or ({one.model} if one else ()))
        return Damage(copy, beside, aside, models, self._last or start)


def _event(line: Line) -> _Event | None:
    """The line written anew; None if it is no event document."""
    document: dict[str, Any] = orjson.loads(line.data)
    match document:
        case {
            "@timestamp": str(timestamp),
            "event": {"id": str(name), "action": str(action), **facts},
            "driftlog": {"model": {"name": str(model)}} as parts,
        } if action in ACTIONS and _is_number(facts.get("duration")):
            at = _utc(timestamp)
            if at and _typed(parts) and _typed(parts.get("prediction") or {}):
                data = orjson.dumps(document | {"@timestamp": at.isoformat()}) + b"\n"
                return _Event(data, (microseconds(at), name), model, action == PREDICTION)
    return None


def _utc(timestamp: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(timestamp)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _typed(parts: Any) -> bool:
    """Whether every section holds what it should, as leniently as DuckDB reads it."""
    return (
        isinstance(parts, dict)
        and all(_is_section(parts.get(name), kind) for name, kind in ELEMENT.items())
        and all(isinstance(parts.get(name), list | None) for name in NAMED)
    )


def _is_section(section: Any, kind: str) -> bool:
    if not isinstance(section, dict):
        return section is None
    if kind == "DOUBLE":
        return all(map(_is_number, section.values()))
    if kind.endswith("[]"):
        return all(isinstance(value, list | None) for value in section.values())
    if kind.startswith("STRUCT"):
        return all(
            value is None or (isinstance(value, dict) and all(map(_is_number, value.values())))
            for value in section.values()
        )
    return True


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return isfinite(float(value))
        except ValueError:
            return False
    return isinstance(value, int | float | None)
