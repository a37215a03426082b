"""Notification: what is to be told of a model's incidents is worked out and stored, before anything is sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from driftlog_analyzers._incident import Incident
from driftlog_analyzers._notify._home import Fence, NotificationHome, free
from driftlog_analyzers._notify._intent import Hold, Intent, Place
from driftlog_analyzers._notify._intents import MEMORY, Held, intents
from driftlog_analyzers._notify._routes import Route


def _never(_: Incident) -> Hold | None:
    return None


def notify(
    incidents: Sequence[Incident],
    home: NotificationHome,
    routes: Iterable[Route],
    *,
    place: Place,
    now: datetime,
    held: Held = _never,
    fence: Fence = free,
) -> tuple[Intent, ...]:
    """Store what is to be told of the incidents of one model and size of windows; nothing is sent.

    Calling it again, in another process too, stores nothing new unless something has happened.

    Args:
        incidents: all of the place that are open or ended within `MEMORY`: one that was told and is missing was undone
            by late events.
        home: where intents are kept.
        routes: of the configuration.
        place: model and size of windows.
        now: UTC.
        held: says why an incident sends nothing, where it is acknowledged, snoozed or silenced.
        fence: of the lease that the incidents were read under.

    Returns:
        What was not stored before.

    Raises:
        StoreError: the home cannot be read or written.
    """
    told = home.told(place, [incident.id for incident in incidents], now - MEMORY)
    new = intents(incidents, told, tuple(routes), place, now=now, held=held)
    return home.create(new, fence)
