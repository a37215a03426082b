"""An incident: alerts that began together and share a cause, as one thing to tell, to review and to close."""

from dataclasses import dataclass

from driftlog_analyzers._cause import Cause, CauseKind
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._window import Window

__all__ = ["Cause", "CauseKind", "Incident"]


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts that began together and share a cause.

    Attributes:
        id: 16 hex digits, a hash of model, window size, opening window and cause; the same in every run.
        model: the model's name.
        cause: what they share.
        status: of the worst-off alert: active before recovering before pending before inactive.
        severity: the worst of its alerts.
        opened: the first bad window.
        last: the latest bad window of any.
        closed: the window that closed the last of them; None while one is open.
        episodes: its alerts, ranked: the gravest and largest effect first.
    """

    id: str
    model: str
    cause: Cause
    status: Status
    severity: Severity
    opened: Window
    last: Window
    closed: Window | None
    episodes: tuple[Episode, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it is about, in rank order, each once."""
        return tuple(dict.fromkeys(episode.feature for episode in self.episodes))

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status is not Status.INACTIVE
