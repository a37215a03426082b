"""Feedback loops: traffic whose input is what the model itself said before to the same entity. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._window import Window

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """Which input could follow which output.

    Attributes:
        output: an output, such as the recommended item.
        input: the input that may repeat it, such as the item last seen.
        entity: the feature that names whom both are about.
        within: how long ago the output may be.
    """

    output: str
    input: str
    entity: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Followed:
    """How much of some traffic follows the model.

    Attributes:
        n: predictions with the entity and the input.
        hits: of them, those whose input is the latest earlier output for the entity, by time, within the span.
    """

    n: int = 0
    hits: int = 0

    def merge(self, other: "Followed") -> "Followed":
        """Add the counts."""
        return Followed(self.n + other.n, self.hits + other.hits)


def reach(windows: Sequence[Window], within: timedelta) -> Window:
    """The stretch from the earliest output that counts to the end of the last window."""
    first = min(window.start for window in windows)
    last = max(windows, key=lambda window: (window.end, window.end_id))
    return Window(first - min(within, first - _EARLIEST), last.end, end_id=last.end_id)
