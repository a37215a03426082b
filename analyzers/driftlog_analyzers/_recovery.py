"""A clean copy of a segment with damaged lines; what is damaged is counted and set aside."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from driftlog._files import is_live
from driftlog._segment import BadRange, Line, recover, set_aside
from driftlog_analyzers._profile import Counts
from driftlog_analyzers._segments import ACTIONS
from driftlog_analyzers._spool_columns import ELEMENT, NAMED


@dataclass(frozen=True, slots=True)
class Damage:
    """What was wrong with one segment.

    Attributes:
        copy: a file with the good lines only.
        reasons: damaged stretches by reason.
        aside: the folder they were copied to, or empty where it cannot be written.
    """

    copy: Path
    reasons: Counts
    aside: str

    @property
    def lines(self) -> int:
        """How many damaged stretches there are."""
        return sum(self.reasons.values())

    def with_fault(self, reason: str) -> "Damage":
        """The same, of a compressed segment that broke off: that is one damaged stretch at least."""
        reasons = {**self.reasons, reason: max(1, self.reasons.get(reason, 0))}
        return Damage(self.copy, reasons, self.aside if self.lines else "")


def clean_copy(path: Path, aside: Path, copy: Path) -> Damage:
    """Copy the good lines of a segment and set the others aside.

    An unfinished last line of a live segment is neither. The good lines are written anew, so that
    whoever reads the copy finds what was checked here: each name once, times in UTC.

    Raises:
        OSError: the segment cannot be read or the copy not be written.
    """
    bad: list[BadRange] = []
    with path.open("rb") as source, copy.open("wb") as target:
        for part in recover(source, live=is_live(path)):
            if isinstance(part, BadRange):
                bad.append(part)
            elif (line := _event(part)) is None:
                bad.append(BadRange(part.offset, len(part.data), "foreign"))
            else:
                target.write(line)
    reasons: Counts = Counter(str(part.reason) for part in bad)
    try:
        set_aside(path, bad, aside)
    except OSError:
        return Damage(copy, reasons, "")
    return Damage(copy, reasons, str(aside))


def _event(line: Line) -> bytes | None:
    """The line written anew; None if it is no event document."""
    document: dict[str, Any] = orjson.loads(line.data)
    match document:
        case {
            "@timestamp": str(timestamp),
            "event": {"id": str(), "action": str(action), **facts},
            "driftlog": {"model": {"name": str()}} as parts,
        } if action in ACTIONS and _is_number(facts.get("duration")):
            at = _utc(timestamp)
            if at and _typed(parts) and _typed(parts.get("prediction") or {}):
                return orjson.dumps(document | {"@timestamp": at.isoformat()}) + b"\n"
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
