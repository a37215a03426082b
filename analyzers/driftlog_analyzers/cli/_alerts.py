"""``driftlog alerts list``: the episodes, or the incidents that they make up."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import counted, moment, note, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, ModelOption, at_place
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._incident import Incident
    from driftlog_analyzers._state import State
    from driftlog_analyzers.cli._reviewed import Filters, Reviewed

_SHORT_ID = 8
_NAMED = 5


@at_place
def alerts_list(
    where: Place,
    *,
    model: ModelOption = None,
    status: Annotated[
        str | None, typer.Option("--status", help="pending, active, recovering or inactive.")
    ] = None,
    feature: Annotated[
        str | None, typer.Option("--feature", help="A feature, or a pattern such as 'billing_*'.")
    ] = None,
    detector: Annotated[
        str | None, typer.Option("--detector", help="A detector, or a pattern.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", help="At least low, medium, high or critical.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Bad in a window after this time.", metavar="TIME")
    ] = None,
    incident: Annotated[
        str | None, typer.Option("--incident", help="Of this incident.", metavar="ID")
    ] = None,
    acknowledged: Annotated[
        bool | None,
        typer.Option("--acknowledged/--unacknowledged", help="Only those, or only the others."),
    ] = None,
    assignee: Annotated[
        str | None, typer.Option("--assignee", help="Looked after by them; '' for by nobody.")
    ] = None,
    by_incident: Annotated[
        bool, typer.Option("--incidents", help="A row for each incident.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is pending, has ended or was closed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the open alerts, the gravest first.

    An alert is open until it ends by itself or somebody resolves or accepts it.
    """
    from driftlog_analyzers._episode import Status  # noqa: PLC0415 - commands load what they need
    from driftlog_analyzers._finding import Severity  # noqa: PLC0415 - as above
    from driftlog_analyzers.cli._reviewed import Filters  # noqa: PLC0415 - as above

    least = _one_of(severity, tuple(Severity), "--severity")
    wanted = Filters(
        feature,
        detector,
        Severity(least) if least else None,
        _one_of(status, tuple(Status), "--status"),
        moment(since, "--since") if since else None,
        incident,
        acknowledged,
        assignee,
    )
    where.require_state()
    now = datetime.now(UTC)
    with where.open_state() as state:
        alerts = _wanted(state, where, model, now, wanted)
        sizes = sizes_of(state, {alert.episode.model for alert in alerts})
    if not everything and not status:
        alerts = [alert for alert in alerts if alert.open]
    episodes = worst_first([alert.episode for alert in alerts])
    seen = {alert.episode.id: alert for alert in alerts}
    if by_incident:
        _tell_incidents(episodes, where, as_json=as_json)
    elif as_json:
        show_json({"alerts": [alert_values(e, sizes, seen[e.id]) for e in episodes]})
    elif not episodes:
        show("No alerts." if everything or status else "No open alerts.")
    else:
        shown = alert_table(episodes, sizes, {name: one.marks for name, one in seen.items()})
        show(shown, "", f"Evidence: {where.command('alerts show ID')}")


def _wanted(
    state: "State", where: Place, model: str | None, now: datetime, filters: "Filters"
) -> "list[Reviewed]":
    from driftlog_analyzers.cli._reviewed import reviewed, silences_of  # noqa: PLC0415 - when needed

    episodes = state.episodes(model)
    if not episodes:
        _require_analysis(state, where, model)
    actions = state.actions()
    alerts = reviewed(episodes, actions, silences_of(where, actions), now)
    return [alert for alert in alerts if filters.match(alert)]


def _one_of(value: str | None, known: "Sequence[str]", option: str) -> str | None:
    if value is not None and value not in known:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(known)}", param_hint=option)
    return value


def _require_analysis(state: "State", where: Place, model: str | None) -> None:
    """Where there are no alerts at all, tell nothing found from nothing done.

    Raises:
        StoreError: no window was ever evaluated.
    """
    if next(iter(state.evaluations()), None) is None:
        raise StoreError(
            f"there is no analysis in {where.remembered}; run: {where.command('analyze')}"
        )
    if model and next(iter(state.evaluations(model)), None) is None:
        note(f"No window of model {model!r} was ever evaluated in {where.remembered}.")


def sizes_of(state: "State", models: "set[str]") -> dict[str, str]:
    """The size of the windows that each alert is about, by its id."""
    from driftlog_analyzers._window import parse_size  # noqa: PLC0415 - when needed

    return {
        episode.id: size
        for model in models
        for size in state.sizes(model)
        for episode in state.episodes(model, size=parse_size(size))
    }


def worst_first(episodes: "Sequence[Episode]") -> "tuple[Episode, ...]":
    """Open ones first, then by severity, then the newest."""
    from driftlog_analyzers._finding import Severity  # noqa: PLC0415 - as above

    ranks = list(Severity)
    order = sorted(episodes, key=lambda e: (e.opened, e.feature, e.detector), reverse=True)
    return tuple(sorted(order, key=lambda e: (not e.open, -ranks.index(e.severity))))


def alert_table(
    episodes: "Sequence[Episode]",
    sizes: "Mapping[str, str]",
    marks: "Mapping[str, str] | None" = None,
) -> object:
    """A table of alerts for people.

    Args:
        episodes: the alerts.
        sizes: of their windows, by id.
        marks: what is not usual of them, by id; None where that is not known.
    """
    names = ("id", "severity", "status", "detector", "feature", "window", "since (UTC)")
    marked = any((marks or {}).values())
    rows = [
        (
            episode.id[:_SHORT_ID],
            episode.severity,
            episode.status,
            episode.detector,
            about(episode),
            sizes.get(episode.id, ""),
            f"{episode.opened.start:%Y-%m-%d %H:%M}",
            episode.windows,
            *([(marks or {}).get(episode.id, "")] if marked else []),
            episode.summary,
        )
        for episode in episodes
    ]
    return table((*names, "windows ", *(["review"] if marked else []), "what"), rows)


def alert_values(
    episode: "Episode", sizes: "Mapping[str, str]", seen: "Reviewed | None" = None
) -> dict[str, object]:
    """What machines get to see of an alert in a list."""
    names = ("id", "model", "detector", "feature", "segment", "status", "severity", "summary")
    more = ("opened", "last", "raised", "closed", "windows", "good", "peak", "flapping", "reopened")
    values: dict[str, object] = {name: getattr(episode, name) for name in names + more}
    values |= {"window": sizes.get(episode.id), "course": episode.course}
    if place := episode.incident:
        values["incident"] = {"id": place.id, "cause": place.cause, "opened": place.opened}
    return values | (_review_values(seen) if seen else {})


def about(episode: "Episode") -> str:
    """What an alert is about, in a few words."""
    feature = episode.feature or "(all events)"
    return f"{feature} in {episode.segment}" if episode.segment else feature


def _review_values(seen: "Reviewed") -> dict[str, object]:
    review = seen.review
    return {
        "review": {
            "state": seen.state,
            "acknowledged_by": review.acknowledged and review.acknowledged.by,
            "snoozed_until": review.snoozed and review.snoozed.until,
            "assignee": review.assignee,
            "closed_by": review.closed and review.closed.by,
            "verdict": review.verdict,
            "actions": len(review.actions),
        },
        "silenced": str(seen.silence) if seen.silence else None,
    }


def _tell_incidents(episodes: "Sequence[Episode]", where: Place, *, as_json: bool) -> None:
    from driftlog_analyzers._incident import incidents  # noqa: PLC0415 - when needed

    ranks = {episode.id: rank for rank, episode in enumerate(episodes)}
    found = sorted(incidents(episodes), key=lambda one: ranks[one.episodes[0].id])
    if as_json:
        show_json({"incidents": [incident_values(one) for one in found]})
    elif not found:
        show("No incidents.")
    else:
        show(_incident_table(found), "", f"Evidence: {where.command('alerts show ID')}")


def incident_values(incident: "Incident") -> dict[str, object]:
    """What machines get to see of an incident."""
    names = ("id", "model", "cause", "status", "severity", "opened", "last", "closed", "features")
    values: dict[str, object] = {name: getattr(incident, name) for name in names}
    return values | {
        "flapping": incident.flapping,
        "alerts": [episode.id for episode in incident.episodes],
    }


def _incident_table(incidents: "Sequence[Incident]") -> object:
    names = ("id", "severity", "status", "cause", "since (UTC)", "alerts ", "features")
    rows = [
        (
            one.id[:_SHORT_ID],
            one.severity,
            one.status,
            one.cause,
            f"{one.opened.start:%Y-%m-%d %H:%M}",
            len(one.episodes),
            _some([feature or "(all events)" for feature in one.features]),
        )
        for one in incidents
    ]
    return table(names, rows)


def _some(names: "Sequence[str]") -> str:
    more = f" and {counted(len(names) - _NAMED, 'other')}" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
