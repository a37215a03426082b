"""Lines of the log that are no events, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from driftlog_analyzers._profile import Counts
from driftlog_analyzers._window import Window


@dataclass(frozen=True, slots=True)
class Damaged:
    """The damaged lines of one window.

    Attributes:
        reasons: how many, by reason.
        aside: the folder they were copied to; empty where they were left where they are.
    """

    reasons: Counts = field(default_factory=dict)
    aside: str = ""

    @property
    def lines(self) -> int:
        """How many there are."""
        return sum(self.reasons.values())


@runtime_checkable
class DamageStore(Protocol):
    """A store that reads lines, and so meets some that are no events."""

    def damaged(self, model: str, windows: Sequence[Window]) -> Sequence[Damaged]:
        """The damaged lines of each window, in segments that hold events of the model.

        A line without a readable time belongs to the window of the prediction beside it.

        Raises:
            StoreError: the store could not answer completely.
        """
