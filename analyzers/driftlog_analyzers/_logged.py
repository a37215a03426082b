"""One feature's value of one event, as the log has it, beside the same as computed offline. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "string", "list", "text", "null", "nonfinite", "other"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value by its kind.

    Attributes:
        kind: what it is; a feature that an event lacks has no cell.
        number: of a number; of a text, its distinct tokens.
        string: of a string; of another type, its name.
        items: of a list, sorted and each once, as an index keeps them.
    """

    kind: Kind
    number: float = 0.0
    string: str = ""
    items: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether it is no value at all."""
        return self.kind in {"null", "nonfinite"}


NULL = Cell("null")
NONFINITE = Cell("nonfinite")


@dataclass(frozen=True, slots=True)
class Logged:
    """Some features of one event of the log.

    Attributes:
        id: the event's id.
        cells: by feature; those that it lacks are left out.
    """

    id: str
    cells: Mapping[str, Cell]


def listed(items: list[str]) -> Cell:
    """The cell of a list."""
    return Cell("list", items=tuple(sorted(set(items))))
