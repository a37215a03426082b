"""A clean copy of a segment with damaged lines; what is damaged is counted and set aside."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from driftlog._files import is_live
from driftlog._segment import BadRange, Line, recover, set_aside

from driftlog_analyzers._profile import Counts

_ACTIONS = frozenset({"prediction", "label", "segment"})


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


def clean_copy(path: Path, aside: Path, copy: Path) -> Damage:
    """Copy the good lines of a segment and set the others aside; an unfinished last line of a live segment is neither.

    Raises:
        OSError: the segment cannot be read or the copy not be written.
    """
    bad: list[BadRange] = []
    with path.open("rb") as source, copy.open("wb") as target:
        for part in _parts(recover(source, live=is_live(path))):
            if isinstance(part, Line):
                target.write(part.data + b"\n")
            else:
                bad.append(part)
    reasons: Counts = Counter(str(part.reason) for part in bad)
    try:
        set_aside(path, bad, aside)
    except OSError:
        return Damage(copy, reasons, "")
    return Damage(copy, reasons, str(aside))


def _parts(parts: Iterator[Line | BadRange]) -> Iterator[Line | BadRange]:
    """Call lines foreign that are JSON but no event document."""
    for part in parts:
        if isinstance(part, Line) and not _is_event(part.data):
            yield BadRange(part.offset, len(part.data), "foreign")
        else:
            yield part


def _is_event(line: bytes) -> bool:
    match orjson.loads(line):
        case {
            "@timestamp": str(),
            "event": {"id": str(), "action": str(action)},
            "driftlog": {"model": {"name": str()}},
        }:
            return action in _ACTIONS
    return False
