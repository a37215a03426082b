"""Telling people: incidents, with what people did about their alerts, become messages on the configured routes."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._grouping import size_of
from driftlog_analyzers._incident import Incident, incidents
from driftlog_analyzers._notify._deliver import Delivered, deliver
from driftlog_analyzers._notify._home import Fence, NotificationHome, free
from driftlog_analyzers._notify._intent import Hold, Intent
from driftlog_analyzers._notify._intent import Place as Whose
from driftlog_analyzers._notify._intents import MEMORY
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._senders import Sender, senders
from driftlog_analyzers._review import SILENCES, ReviewState, subject_of
from driftlog_analyzers._silence import Silence, silenced
from driftlog_analyzers._state import State
from driftlog_analyzers._window import TimeSize, WindowSize
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.cli._reviewed import Reviewed, reviewed, silences_of

_UNHEARD = (ReviewState.SNOOZED, ReviewState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Telling:
    """Where intents are kept and who receives what they say.

    Attributes:
        where: whose configuration it is.
        home: where intents are kept.
        receivers: of the routes.
    """

    where: Place
    home: NotificationHome
    receivers: Sequence[Sender]

    def intend(
        self,
        state: State,
        model: str,
        size: WindowSize,
        now: datetime,
        fence: Fence = free,
    ) -> tuple[Intent, ...]:
        """Store what is to be told of the incidents that began in windows of this size; nothing is sent.

        Raises:
            StoreError: the state or the intents cannot be read or written, or the fence keeps us from writing.
        """
        episodes = state.episodes(model, since=now - MEMORY)
        actions = state.actions({SILENCES, *map(subject_of, episodes)}) if episodes else ()
        silences = silences_of(self.where, actions)
        alerts = reviewed(episodes, actions, silences, now)
        whose = Whose(model, str(size))
        return notify(
            incidents_of(alerts, size),
            self.home,
            self.where.config.routes,
            place=whose,
            now=now,
            held=held_by(alerts, silences, now),
            fence=fence,
        )

    def deliver(self, now: datetime) -> tuple[Delivered, ...]:
        """Send what waits, one message a route.

        Raises:
            StoreError: the intents cannot be read or written.
        """
        return deliver(self.home, self.receivers, now, options=self.where.options)


@contextmanager
def telling(where: Place) -> Iterator[Telling | None]:
    """What the routes need; None where there are none.

    Raises:
        ConfigError: a secret is missing, a receiver unknown or a template broken.
        StoreError: the intents cannot be read.
    """
    if not where.config.routes:
        yield None
        return
    receivers = senders(where.config.routes, os.environ)
    with where.open_notifications() as home:
        yield Telling(where, home, receivers)


def incidents_of(alerts: Sequence[Reviewed], size: WindowSize) -> list[Incident]:
    """The incidents that began in windows of a size; what people resolved or accepted has ended."""
    wanted = size.duration if isinstance(size, TimeSize) else "count"
    found = incidents(_as_reviewed(alert) for alert in alerts)
    return [incident for incident in found if size_of(incident.opened) == wanted]


def held_by(
    alerts: Sequence[Reviewed], silences: Sequence[Silence], now: datetime
) -> Callable[[Incident], Hold | None]:
    """Says why an incident sends nothing: each of its open alerts is acknowledged or snoozed, or it is silenced."""
    states = {alert.episode.id: alert.state for alert in alerts}
    current = [silence for silence in silences if silence.in_force(now)]

    def held(incident: Incident) -> Hold | None:
        if silenced(incident, silences, now):
            ended = not incident.open and not silenced(incident, current, now)
            return Hold.UNHEARD if ended else Hold.SILENCED
        found = {states[episode.id] for episode in incident.episodes if episode.open}
        if not found or not found <= set(_UNHEARD):
            return None
        return Hold.SNOOZED if ReviewState.SNOOZED in found else Hold.ACKNOWLEDGED

    return held


def _as_reviewed(alert: Reviewed) -> Episode:
    if alert.state in {ReviewState.RESOLVED, ReviewState.ACCEPTED} and alert.episode.open:
        return replace(alert.episode, status=Status.INACTIVE, closed=alert.episode.last)
    return alert.episode
