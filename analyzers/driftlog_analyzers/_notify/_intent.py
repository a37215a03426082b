"""An intent: one thing to tell on one route, stored before it is sent."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from driftlog_analyzers._incident import Incident


class Kind(StrEnum):
    """What is told of an incident; `HELD` tells nobody, it remembers that the incident went quiet."""

    OPENED = "opened"
    GREW = "grew"
    REMINDER = "reminder"
    STILL = "still"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    HELD = "held"


ENDS = frozenset({Kind.RESOLVED, Kind.WITHDRAWN})


class State(StrEnum):
    """What became of an intent."""

    PENDING = "pending"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    HELD = "held"


WAITING = (State.PENDING, State.SENDING, State.RETRYING)
FAILED = (State.UNDELIVERED, State.UNKNOWN)


class Hold(StrEnum):
    """Why an incident sends nothing; a snooze and a silence end by themselves, and that is told.

    `UNHEARD` is what ended while nobody wanted to hear of it: of that, only what was told is told as over.
    """

    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    SILENCED = "silenced"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose windows incidents are of.

    Attributes:
        model: the model's name.
        size: the size of the windows, as text.
    """

    model: str
    size: str


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to tell on one route.

    Attributes:
        id: 32 hex digits, a hash of route, thread, kind and step: the same whoever makes it, and the idempotency key.
        route: its name.
        trigger: whether it is a call that must not be made twice.
        place: model and size of windows.
        thread: id of the incident as it was first told on this route; late events may give it another since.
        kind: what is told.
        step: how many of its kind were told in the thread before; for `GREW` the rank of the severity.
        number: how many of any kind were told in the thread before.
        incident: as it was when this was to be told.
        created: when, UTC.
        state: what became of it.
        batch: of those that are sent in one message, once that was begun.
        attempts: messages begun with it.
        again: those begun while nobody knew what became of the one before: the receiver may have had it already.
        due: the next attempt, or, while sending, when it counts as cut off.
        ended: when it was sent or given up.
        error: what went wrong at last, without secrets.
        revision: grows with every change of the above.
    """

    id: str
    route: str
    trigger: bool
    place: Place
    thread: str
    kind: Kind
    step: int
    number: int
    incident: Incident
    created: datetime
    state: State = State.PENDING
    batch: str = ""
    attempts: int = 0
    again: int = 0
    due: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    revision: int = 0


def identity(*parts: str | int) -> str:
    """32 hex digits for some parts."""
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
