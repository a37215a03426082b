"""Alerts with what people did about them, and whether they are silenced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Incident, incidents
from driftlog_analyzers._review import (
    Action,
    Review,
    ReviewState,
    review,
    standing,
    subject_of,
)
from driftlog_analyzers._silence import Silence, silenced
from driftlog_analyzers._state import State, the_one
from driftlog_analyzers.cli._place import Place

_SEVERITIES = tuple(Severity)
_DONE = frozenset((ReviewState.RESOLVED, ReviewState.ACCEPTED))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One alert.

    Attributes:
        episode: the alert.
        review: what people did about it.
        state: what that comes to now.
        silence: for which nobody is told of it now; None if there is none.
    """

    episode: Episode
    review: Review
    state: ReviewState
    silence: Silence | None

    @property
    def open(self) -> bool:
        """Whether it is an alert that neither ended nor was closed by somebody."""
        return self.episode.open and self.episode.raised is not None and self.state not in _DONE

    @property
    def marks(self) -> str:
        """In a few words, all that is not usual of it."""
        words = [] if self.state is ReviewState.OPEN else [str(self.state)]
        if self.state is ReviewState.SNOOZED and self.review.snoozed and self.review.snoozed.until:
            words = [f"snoozed until {self.review.snoozed.until:%Y-%m-%d %H:%M}"]
        if self.review.assignee:
            words.append(f"for {self.review.assignee}")
        if self.episode.flapping:
            words.append("flapping")
        return ", ".join([*words, *(["silenced"] if self.silence else [])])


@dataclass(frozen=True, slots=True)
class Filters:
    """Which alerts are asked for; None and empty ask for any.

    Attributes:
        feature: pattern.
        detector: pattern.
        severity: at least this one.
        status: of the episode.
        since: still bad in a window that ends after this.
        incident: beginning of the incident's id.
        acknowledged: whether somebody did.
        assignee: who looks after it.
    """

    feature: str | None = None
    detector: str | None = None
    severity: Severity | None = None
    status: str | None = None
    since: datetime | None = None
    incident: str | None = None
    acknowledged: bool | None = None
    assignee: str | None = None

    def match(self, alert: Reviewed) -> bool:
        """Whether the alert is asked for."""
        episode, seen = alert.episode, alert.review
        there = episode.incident.id if episode.incident else ""
        rank = _SEVERITIES.index(self.severity) if self.severity else 0
        return (
            fnmatchcase(episode.feature, self.feature or "*")
            and fnmatchcase(episode.detector, self.detector or "*")
            and _SEVERITIES.index(episode.severity) >= rank
            and self.status in {None, episode.status}
            and (self.since is None or episode.last.end > self.since)
            and there.startswith(self.incident or "")
            and self.acknowledged in {None, seen.acknowledged is not None}
            and self.assignee in {None, seen.assignee}
        )


def reviewed(
    episodes: Iterable[Episode],
    actions: Sequence[Action],
    silences: Sequence[Silence],
    now: datetime,
) -> list[Reviewed]:
    """The alerts with what people did about them, in their order."""
    by_subject: dict[str, list[Action]] = {}
    for action in actions:
        by_subject.setdefault(action.subject, []).append(action)
    found = []
    for episode in episodes:
        seen = review(episode, by_subject.get(subject_of(episode), ()))
        found.append(Reviewed(episode, seen, seen.state(now), silenced(episode, silences, now)))
    return found


def silences_of(where: Place, actions: Iterable[Action]) -> tuple[Silence, ...]:
    """Those of the configuration, then those that were added by command."""
    return (*(rule.value() for rule in where.config.silences), *standing(actions))


def asked(state: State, prefixes: Sequence[str], place: str) -> list[Episode]:
    """The alerts with these ids or beginnings of ids; of an incident's id its open alerts, or all if none is open.

    What somebody resolved or accepted is not open.

    Raises:
        InputError: no alert or incident has such an id, or several do.
    """
    every = state.episodes()
    groups = incidents(every)
    found: dict[str, Episode] = {}
    for prefix in prefixes:
        meant = _meant(every, groups, prefix, place)
        for episode in still_open(state, meant) or meant:
            found[episode.id] = episode
    return list(found.values())


def still_open(state: State, episodes: Sequence[Episode]) -> list[Episode]:
    """Those that neither ended nor were closed by somebody."""
    actions = state.actions({subject_of(episode) for episode in episodes}) if episodes else ()
    return [e for e in episodes if e.open and review(e, actions).closed is None]


def _meant(
    every: Sequence[Episode], groups: Sequence[Incident], prefix: str, place: str
) -> Sequence[Episode]:
    alerts = [episode for episode in every if episode.id.startswith(prefix)]
    of_incident = [group for group in groups if group.id.startswith(prefix)]
    if alerts or len(of_incident) != 1 or not prefix:
        return [the_one(alerts, prefix, place)]
    (group,) = of_incident
    return group.episodes
