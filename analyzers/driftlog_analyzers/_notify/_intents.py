"""From incidents and what was told of them so far to what is to be told now. Pure.

What was told is read from the stored intents, so that any number of processes, however often killed, come to the same
ids. A thread is an incident as its receivers know it: an incident whose id changed, because late events moved its first
window or regrouped its alerts, goes on in the thread of the one that was told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from driftlog_analyzers._episode import Status
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Incident
from driftlog_analyzers._notify._intent import ENDS, Hold, Intent, Kind, Place, State, identity
from driftlog_analyzers._notify._routes import Route, wants

MEMORY = timedelta(days=90)
"""For how long after its end an incident is still known as one that was told."""
_MISSED = timedelta(days=1)
_RANKS = tuple(Severity)
_STANDING = (Status.ACTIVE, Status.RECOVERING, Status.PENDING, Status.INACTIVE)

Held = Callable[[Incident], Hold | None]
_Step = tuple[Kind, int, Incident]
_Key = tuple[str, str, str]


def intents(
    incidents: Sequence[Incident],
    told: Sequence[Intent],
    routes: Iterable[Route],
    place: Place,
    *,
    now: datetime,
    held: Held,
) -> tuple[Intent, ...]:
    """What is to be told now.

    Args:
        incidents: all of the place that are open or ended within `MEMORY`.
        told: what was told of the place, held ones included, in the order in which it was created.
        routes: where to tell it.
        place: model and size of windows.
        now: UTC.
        held: why an incident sends nothing now, if so.
    """
    return tuple(
        _intent(route, place, thread, step, len(past), now)
        for route in routes
        for thread, past, present in _threads(incidents, told, route.name)
        if (step := _step(route, past, present, now, held))
    )


def _intent(  # noqa: PLR0917 - the parts of an intent
    route: Route, place: Place, thread: str, step: _Step, number: int, now: datetime
) -> Intent:
    kind, which, incident = step
    return Intent(
        id=identity(route.name, thread, kind, which),
        route=route.name,
        trigger=route.kind == "trigger",
        place=place,
        thread=thread,
        kind=kind,
        step=which,
        number=number,
        incident=incident,
        created=now,
        state=State.HELD if kind is Kind.HELD else State.PENDING,
        due=now,
    )


def _threads(
    incidents: Sequence[Incident], told: Iterable[Intent], route: str
) -> Iterator[tuple[str, Sequence[Intent], Sequence[Incident]]]:
    """Each thread with what was told in it and the incidents that it is about now, the worst off first."""
    past: dict[str, list[Intent]] = {}
    for intent in told:
        if intent.route == route:
            past.setdefault(intent.thread, []).append(intent)
    ids = {incident.id for incident in incidents}
    present: dict[str, list[Incident]] = {}
    for incident in sorted(incidents, key=_standing):
        present.setdefault(_thread(incident, past, ids), []).append(incident)
    for thread in dict.fromkeys((*past, *present)):
        joined = thread not in present and any(
            _meet(incident, past[thread][-1].incident) for incident in incidents
        )
        if not joined:  # otherwise it goes on in the thread of an incident that took its alerts in
            yield thread, past.get(thread, ()), present.get(thread, ())


def _standing(incident: Incident) -> tuple[int, int, str]:
    return _STANDING.index(incident.status), -_RANKS.index(incident.severity), incident.id


def _thread(incident: Incident, past: Mapping[str, Sequence[Intent]], ids: set[str]) -> str:
    """The thread in which an incident goes on; a new one has its own id."""
    for thread, told in past.items():
        if any(intent.incident.id == incident.id for intent in told):
            return thread
    for thread, told in past.items():
        if any(_succeeds(incident, intent.incident, ids) for intent in reversed(told)):
            return thread
    return incident.id


def _succeeds(incident: Incident, before: Incident, ids: set[str]) -> bool:
    """Whether late events made one incident of what was told as another."""
    if not _meet(incident, before):
        return False
    return before.id not in ids or _keys(incident) <= _keys(before)


def _meet(incident: Incident, before: Incident) -> bool:
    """Whether they have an alert in common, and time."""
    apart = incident.opened.start > before.last.end or before.opened.start > incident.last.end
    return not apart and bool(_keys(incident) & _keys(before))


def _keys(incident: Incident) -> set[_Key]:
    return {(e.detector, e.feature, e.segment) for e in incident.episodes}


def _step(
    route: Route,
    past: Sequence[Intent],
    present: Sequence[Incident],
    now: datetime,
    held: Held,
) -> _Step | None:
    """What is to be told of one thread; None if nothing."""
    last = next((intent for intent in reversed(past) if intent.kind is not Kind.HELD), None)
    if not present:
        return _gone(route, past, last)
    incident = present[0]
    standing = last is not None and last.kind not in ENDS
    # What was told is told as over, too, though late events have made it too slight for the route since.
    wanted = wants(route, incident) or (standing and not incident.open)
    if not wanted or not any(e.raised for e in incident.episodes):
        return None
    hold = held(incident)
    if hold is Hold.UNHEARD and standing:
        hold = None
    if route.kind == "trigger":
        return None if last or hold or not _active(incident) else (Kind.OPENED, 0, incident)
    if hold:
        return _quiet(hold, past, last, incident)
    if not incident.open:
        return _over(route, past, last, incident, now)
    return _open(route, past, last, incident, now)


def _gone(route: Route, past: Sequence[Intent], last: Intent | None) -> _Step | None:
    """Late events undid what was told."""
    if last is None or last.kind in ENDS or route.kind == "trigger" or not route.resolved:
        return None
    return Kind.WITHDRAWN, _count(past, *ENDS), last.incident


def _quiet(
    hold: Hold, past: Sequence[Intent], last: Intent | None, incident: Incident
) -> _Step | None:
    """Remember that a snooze or a silence has begun, where its end is to be told."""
    if hold is Hold.ACKNOWLEDGED or last is None or last.kind in ENDS or not incident.open:
        return None
    return None if past[-1].kind is Kind.HELD else (Kind.HELD, _count(past, Kind.HELD), incident)


def _over(
    route: Route, past: Sequence[Intent], last: Intent | None, incident: Incident, now: datetime
) -> _Step | None:
    """It ended; of one that came and went between two runs this is all that is told, for a day."""
    if not route.resolved or (last and last.kind in ENDS):
        return None
    if last is None and (incident.closed is None or now - incident.closed.end > _MISSED):
        return None
    return Kind.RESOLVED, _count(past, *ENDS), incident


def _open(
    route: Route, past: Sequence[Intent], last: Intent | None, incident: Incident, now: datetime
) -> _Step | None:
    """It is new, or goes on; one that was told as over is new again if it has had a bad window since."""
    if last is not None and last.kind not in ENDS:
        return _going_on(route, past, last, incident, now)
    if not _active(incident) or (last and incident.last.end <= last.incident.last.end):
        return None
    return Kind.OPENED, _count(past, Kind.OPENED), incident


def _going_on(
    route: Route, past: Sequence[Intent], last: Intent, incident: Incident, now: datetime
) -> _Step | None:
    rank = _RANKS.index(incident.severity)
    highest = max(_RANKS.index(intent.incident.severity) for intent in past)
    if past[-1].kind is Kind.HELD:
        return Kind.STILL, _count(past, Kind.HELD), incident
    if route.grew and rank > highest:
        return Kind.GREW, rank, incident
    if route.remind and incident.status is Status.ACTIVE and now - last.created >= route.remind:
        return Kind.REMINDER, _count(past, Kind.REMINDER), incident
    return None


def _active(incident: Incident) -> bool:
    return incident.status in {Status.ACTIVE, Status.RECOVERING}


def _count(past: Iterable[Intent], *kinds: Kind) -> int:
    return sum(intent.kind in kinds for intent in past)
