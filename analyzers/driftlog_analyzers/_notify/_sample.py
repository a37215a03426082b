"""Invented incidents: templates are checked with them, and ``driftlog notify test`` sends one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._incident import Cause, CauseKind, Incident
from driftlog_analyzers._notify._digest import Digest, digest
from driftlog_analyzers._notify._intent import Intent, Kind, Place, identity
from driftlog_analyzers._notify._routes import Route
from driftlog_analyzers._window import Window

_START = datetime(2026, 3, 2, 14, tzinfo=UTC)
_PLACE = Place("sample", "1h")


def samples(route: Route) -> tuple[Digest, ...]:
    """One message of everything that can be told, and one that tells least."""
    several = [_intent(route, kind, sample_incident()) for kind in Kind if kind is not Kind.HELD]
    bare = replace(_result(""), changes=())
    plain = sample_incident(bare, cause=Cause(CauseKind.ALONE))
    return digest(route, several), digest(route, [_intent(route, Kind.OPENED, plain)])


def sample_intent(route: Route, now: datetime) -> Intent:
    """Something to send that says that it is a test; every moment has a key of its own."""
    result = replace(_result("sample"), summary="This is a test: nothing has happened")
    intent = _intent(route, Kind.OPENED, sample_incident(result, cause=Cause(CauseKind.ALONE)))
    return replace(intent, id=identity("test", route.name, now.isoformat()), created=now)


def sample_incident(*results: Result, cause: Cause | None = None) -> Incident:
    """An incident with an alert for each result."""
    window = Window(_START, _START + timedelta(hours=1))
    episodes = tuple(_episode(result, window) for result in results or _results())
    return Incident(
        id=identity("sample")[:16],
        model=_PLACE.model,
        cause=cause or Cause(CauseKind.SOURCE, "bureau"),
        status=Status.ACTIVE,
        severity=Severity.CRITICAL,
        opened=window,
        last=window,
        closed=None,
        episodes=episodes,
    )


def _intent(route: Route, kind: Kind, incident: Incident) -> Intent:
    return Intent(
        id=identity("sample", kind),
        route=route.name,
        trigger=route.kind == "trigger",
        place=_PLACE,
        thread=incident.id,
        kind=kind,
        step=0,
        number=0,
        incident=incident,
        created=_START + timedelta(hours=1),
    )


def _results() -> Sequence[Result]:
    return _result("bureau_income"), _result("bureau_age")


def _result(feature: str) -> Result:
    return Result(
        detector="vanished",
        feature=feature,
        outcome=Outcome.FINDING,
        summary=f"{feature} vanished: it is absent from 100 % of 60 events (before: 2 %)",
        severity=Severity.CRITICAL,
        n=60,
        effect=0.98,
        p_value=1e-9,
        changes=(Change("absent", 0.02, 1.0, 40, 60),),
    )


def _episode(result: Result, window: Window) -> Episode:
    return Episode(
        id=identity("sample", result.feature)[:16],
        model=_PLACE.model,
        detector=result.detector,
        feature=result.feature,
        status=Status.ACTIVE,
        severity=result.severity,
        opened=window,
        last=window,
        raised=window,
        closed=None,
        windows=1,
        good=0,
        peak=result.effect,
        first=result,
        latest=result,
    )
