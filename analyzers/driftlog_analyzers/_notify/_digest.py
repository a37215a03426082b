"""What a message says, as values for templates, and what a trigger is told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Change, Severity
from driftlog_analyzers._incident import CauseKind, Incident
from driftlog_analyzers._notify._intent import ENDS, Intent, Kind
from driftlog_analyzers._notify._outbox import key
from driftlog_analyzers._notify._routes import Route
from driftlog_analyzers._report._format import clip, number, percent
from driftlog_analyzers._window import Window

MOST_INCIDENTS, MOST_ALERTS, MOST_CHANGES = 20, 10, 3
_NAME, _SENTENCE = 80, 500
_RANKS = tuple(Severity)
_WORDS: Mapping[Kind, str] = {
    Kind.OPENED: "new",
    Kind.GREW: "worse",
    Kind.REMINDER: "still open",
    Kind.STILL: "still open after a pause",
    Kind.RESOLVED: "over",
    Kind.WITHDRAWN: "withdrawn, late events changed its windows",
}
_CAUSES: Mapping[CauseKind, str] = {
    CauseKind.VERSION: "began together with version {}",
    CauseKind.HOST: "began together on host {}",
    CauseKind.SOURCE: "began together in features of {}",
    CauseKind.INPUTS: "the prediction follows its inputs",
    CauseKind.ONSET: "began together",
    CauseKind.ALONE: "",
}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert of an incident, in words.

    Attributes:
        feature: its name, or ``all events``; with its segment.
        detector: the detector's name.
        severity: in a word.
        summary: one sentence.
        changes: what moved most, each as ``value: before → after``.
    """

    feature: str
    detector: str
    severity: str
    summary: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncidentPart:
    """One incident of a message.

    Attributes:
        id: of the incident.
        kind: what is told of it: opened, grew, reminder, still, resolved or withdrawn.
        word: the same for people.
        headline: what it is about, in a few words.
        model: the model's name.
        window: the size of the windows, such as ``1h``.
        severity: in a word.
        cause: what its alerts share, in a few words; may be empty.
        since: start of its first bad window, UTC.
        last: end of its latest bad window, UTC.
        over: end of the window that closed it; None while it is open.
        alerts: the gravest first, `MOST_ALERTS` at most.
        more: how many more alerts there are.
        features: how many features it is about.
        command: what shows its evidence.
        dashboard: a link; may be empty.
    """

    id: str
    kind: str
    word: str
    headline: str
    model: str
    window: str
    severity: str
    cause: str
    since: datetime
    last: datetime
    over: datetime | None
    alerts: tuple[AlertLine, ...]
    more: int
    features: int
    command: str
    dashboard: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One message.

    Attributes:
        key: its idempotency key.
        route: the route's name.
        incidents: the gravest first, `MOST_INCIDENTS` at most.
        more: how many more there are.
        severity: the worst.
        standing: whether any of them is open.
        again: whether it may have arrived before.
        intents: what it tells.
    """

    key: str
    route: str
    incidents: tuple[IncidentPart, ...]
    more: int
    severity: str
    standing: bool
    again: bool
    intents: tuple[Intent, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it is about."""
        return tuple(dict.fromkeys(one.model for one in self.incidents))

    def document(self) -> dict[str, Any]:
        """The one incident of a trigger, whole, as JSON knows values."""
        (intent,) = self.intents
        return {
            "key": self.key,
            "route": self.route,
            "kind": intent.kind.value,
            "window": intent.place.size,
            "incident": _incident_values(intent.incident),
        }


def digest(route: Route, intents: Sequence[Intent], options: str = "") -> Digest:
    """One message that tells some intents.

    Args:
        route: where.
        intents: at least one.
        options: what leads the commands to the place where the alerts are.
    """
    ordered = sorted(intents, key=_order)
    shown = ordered[:MOST_INCIDENTS]
    return Digest(
        key=key(ordered),
        route=route.name,
        incidents=tuple(_part(route, intent, options) for intent in shown),
        more=len(ordered) - len(shown),
        severity=max((i.incident.severity for i in ordered), key=_RANKS.index).value,
        standing=any(intent.kind not in ENDS for intent in ordered),
        again=any(intent.again for intent in ordered),
        intents=tuple(ordered),
    )


def _order(intent: Intent) -> tuple[bool, int, datetime, str]:
    incident = intent.incident
    rank = -_RANKS.index(incident.severity)
    return intent.kind in ENDS, rank, incident.opened.start, intent.id


def _part(route: Route, intent: Intent, options: str) -> IncidentPart:
    incident = intent.incident
    alerts = _raised(incident)
    first = alerts[0].id if alerts else incident.id
    link = (route.dashboard or "").replace("{model}", incident.model)
    return IncidentPart(
        id=incident.id,
        kind=intent.kind.value,
        word=_WORDS[intent.kind],
        headline=headline(incident),
        model=clip(incident.model, _NAME),
        window=intent.place.size,
        severity=incident.severity.value,
        cause=_CAUSES[incident.cause.kind].format(clip(incident.cause.value, _NAME)),
        since=incident.opened.start,
        last=incident.last.end,
        over=incident.closed.end if incident.closed else None,
        alerts=tuple(_line(alert) for alert in alerts[:MOST_ALERTS]),
        more=max(len(alerts) - MOST_ALERTS, 0),
        features=len({alert.feature for alert in alerts}),
        command=f"driftlog alerts show {first}{options}",
        dashboard=link,
    )


def headline(incident: Incident) -> str:
    """What an incident is about: ``churn: vanished: income and 39 more``."""
    alerts = _raised(incident)
    names = list(dict.fromkeys(_about(alert) for alert in alerts)) or ["no alert"]
    detectors = list(dict.fromkeys(alert.detector for alert in alerts))
    what = detectors[0] if len(detectors) == 1 else f"{len(detectors)} kinds of findings"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{clip(incident.model, _NAME)}: {what}: {names[0]}{more}"


def _raised(incident: Incident) -> tuple[Episode, ...]:
    """Its alerts without those that are pending."""
    return tuple(alert for alert in incident.episodes if alert.raised)


def _about(alert: Episode) -> str:
    name = clip(alert.feature, _NAME) or "all events"
    return f"{name} in {clip(alert.segment, _NAME)}" if alert.segment else name


def _line(alert: Episode) -> AlertLine:
    return AlertLine(
        feature=_about(alert),
        detector=alert.detector,
        severity=alert.severity.value,
        summary=clip(alert.summary, _SENTENCE),
        changes=tuple(map(_change, alert.latest.changes[:MOST_CHANGES])),
    )


def _change(change: Change) -> str:
    share = 0 <= change.before <= 1 and 0 <= change.after <= 1
    say = percent if share else number
    return f"{clip(change.value, _NAME)}: {say(change.before)} → {say(change.after)}"


def _incident_values(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "model": incident.model,
        "cause": {"kind": incident.cause.kind.value, "value": incident.cause.value},
        "status": incident.status.value,
        "severity": incident.severity.value,
        "opened": _window(incident.opened),
        "last": _window(incident.last),
        "features": list(incident.features),
        "findings": [_finding(alert) for alert in _raised(incident)],
    }


def _finding(alert: Episode) -> dict[str, Any]:
    latest = alert.latest
    return {
        "alert": alert.id,
        "detector": alert.detector,
        "feature": alert.feature,
        "segment": alert.segment,
        "severity": alert.severity.value,
        "summary": latest.summary,
        "explanation": latest.explanation,
        "n": latest.n,
        "effect": latest.effect,
        "p_value": latest.p_value,
        "changes": [
            {name: getattr(change, name) for name in ("value", "before", "after")}
            for change in latest.changes
        ],
    }


def _window(window: Window) -> dict[str, str]:
    return {"start": window.start.isoformat(), "end": window.end.isoformat()}
