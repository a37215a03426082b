"""An incident: alerts that began together and share a cause, as one thing to tell, to review and to close."""

from collections.abc import Iterable
from dataclasses import dataclass

from driftlog_analyzers._cause import Cause, CauseKind, Membership
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._window import Window

__all__ = ["Cause", "CauseKind", "Incident", "incidents"]

_SEVERITIES = tuple(Severity)
_WORST_OFF = (Status.ACTIVE, Status.RECOVERING, Status.PENDING, Status.INACTIVE)


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts that began together and share a cause.

    Attributes:
        id: 16 hex digits, a hash of the alert that began it; the same in every run, and as long as it lasts.
        model: the model's name.
        cause: what they share.
        status: of the worst-off alert: active before recovering before pending before inactive.
        severity: the worst of its alerts.
        opened: the window in which it began.
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

    @property
    def raised(self) -> bool:
        """Whether any of its alerts is one, and not only pending."""
        return any(episode.raised for episode in self.episodes)

    @property
    def flapping(self) -> bool:
        """Whether any of its open alerts goes back and forth."""
        return any(episode.flapping for episode in self.episodes if episode.open)


def incidents(episodes: Iterable[Episode]) -> tuple[Incident, ...]:
    """The incidents that some alerts make up, in the order in which they began.

    An alert carries its incident since it began, so any subset of the alerts gives the same ids. What was pending and
    ended without ever becoming an alert is in none.

    Args:
        episodes: of any models and sizes of windows; such as those that are open.
    """
    found: dict[str, list[Episode]] = {}
    places: dict[str, Membership] = {}
    for episode in sorted(episodes, key=lambda e: (e.opened.end, e.id)):
        if episode.incident and (episode.open or episode.raised):
            found.setdefault(episode.incident.id, []).append(episode)
            places[episode.incident.id] = episode.incident
    made = [_incident(places[name], alerts) for name, alerts in found.items()]
    return tuple(sorted(made, key=lambda i: (i.opened.end, i.opened.start_id, i.model, i.id)))


def _incident(place: Membership, alerts: list[Episode]) -> Incident:
    """The incident of these alerts; the cause is that of the one that began last."""
    ranked = sorted(alerts, key=_rank)
    closed = max((e.closed for e in alerts if e.closed), key=lambda w: w.end, default=None)
    return Incident(
        place.id,
        ranked[0].model,
        place.cause,
        min((e.status for e in alerts), key=_WORST_OFF.index),
        max((e.severity for e in alerts), key=_SEVERITIES.index),
        place.opened,
        max((e.last for e in alerts), key=lambda w: (w.end, w.end_id)),
        None if any(e.open for e in alerts) else closed,
        tuple(ranked),
    )


def _rank(episode: Episode) -> tuple[object, ...]:
    """Open before ended, then the gravest and the largest effect."""
    gravity = _SEVERITIES.index(episode.severity)
    return not episode.open, -gravity, -abs(episode.peak), episode.feature, episode.id
