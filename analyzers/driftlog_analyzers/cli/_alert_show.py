"""``driftlog alerts show``: what an alert or an incident rests on."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._alerts import (
    about,
    alert_table,
    alert_values,
    incident_values,
    sizes_of,
)
from driftlog_analyzers.cli._chart import bars
from driftlog_analyzers.cli._cluster import Cluster
from driftlog_analyzers.cli._console import counted, note, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, at_place
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.cli._review import told
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._incident import Incident
    from driftlog_analyzers._logged import Cell
    from driftlog_analyzers._state import State
    from driftlog_analyzers.cli._reviewed import Reviewed


@dataclass(frozen=True, slots=True)
class Around:
    """What is shown of an alert beside itself.

    Attributes:
        alert: with what people did about it.
        size: of its windows, as text.
        beside: what its latest window was compared with.
        incident: what it belongs to; None where it is alone.
        samples: a few events that show it, with what they hold of the feature.
        query: counts the events that show it; empty where nothing does.
        link: into Kibana; empty where its address is not configured.
    """

    alert: "Reviewed"
    size: str
    beside: str
    incident: "Incident | None"
    samples: "Sequence[str]"
    query: str
    link: str


@at_place
def alerts_show(
    where: Place,
    *,
    alert: Annotated[
        str,
        typer.Argument(help="Id of an alert or an incident, or its beginning.", metavar="ID"),
    ],
    as_incident: Annotated[
        bool, typer.Option("--incident", help="Show the incident that the alert belongs to.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what an alert rests on, or the alerts of an incident."""
    from driftlog_analyzers._incident import incidents  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli._reviewed import asked, reviewed, silences_of  # noqa: PLC0415 - as above

    where.require_state()
    with where.open_state() as state:
        found = asked(state, [alert], where.remembered)
        sizes = sizes_of(state, {found[0].model})
        actions = state.actions()
        groups = incidents(state.episodes(found[0].model))
        beside = _beside(state, found[0], sizes.get(found[0].id, ""))
    group = next((one for one in groups if found[0] in one.episodes), None)
    around = group.episodes if group else found
    seen = reviewed(around, actions, silences_of(where, actions), datetime.now(UTC))
    alerts = {one.episode.id: one for one in seen}
    if as_incident or not found[0].id.startswith(alert):
        _tell_incident(group, alerts, sizes, where, as_json=as_json)
        return
    samples, query = _from_events(found[0], where)
    shown = Around(
        alerts[found[0].id],
        sizes.get(found[0].id, ""),
        beside,
        group if group and len(group.episodes) > 1 else None,
        samples,
        query,
        _link(found[0], where),
    )
    if as_json:
        show_json(_values(shown, sizes))
    else:
        show(*_lines(shown, where))


def _beside(state: "State", episode: "Episode", size: str) -> str:
    """What the latest window was compared with."""
    from driftlog_analyzers._window import parse_size  # noqa: PLC0415 - when needed

    last = episode.last
    near = state.evaluations(episode.model, parse_size(size), last.start, last.end) if size else ()
    return next((e.baseline.rpartition(" (")[0] for e in near if e.window == last), "")


def _from_events(episode: "Episode", where: Place) -> "tuple[Sequence[str], str]":
    """A few events that show the alert, and the query that counts them; where the events are gone, only their ids."""
    latest = episode.latest
    if latest.condition is None:
        return latest.events, ""
    try:
        with where.open_store() as store:
            query = store.counting(episode.model, episode.last, latest.condition)
            held = {
                one.id: one.cells.get(episode.feature)
                for one in store.values(episode.model, latest.events, [episode.feature])
            }
    except StoreError as error:
        note(f"The events cannot be shown: {error}")
        return latest.events, ""
    return [_sample(name, episode.feature, held) for name in latest.events], query


def _sample(name: str, feature: str, held: "Mapping[str, Cell | None]") -> str:
    if name not in held or feature.startswith("prediction."):
        return name
    return f"{name} ({feature} {_cell(held[name])})"


def _cell(cell: "Cell | None") -> str:
    """What an event holds of a feature, in words."""
    if cell is None:
        return "absent"
    words = {
        "number": f"= {cell.number:.6g}",
        "string": f"= {cell.string}",
        "list": f"= {', '.join(cell.items)}",
        "text": f"has {cell.number:.0f} tokens",
        "other": f"is a {cell.string}",
    }
    return words.get(cell.kind, cell.kind)


def _link(episode: "Episode", where: Place) -> str:
    """Kibana, on the events of the latest bad window."""
    from driftlog._upload._head import stream_name  # noqa: PLC0415 - when needed
    from driftlog_analyzers._kibana import events_link  # noqa: PLC0415 - as above

    kibana = where.config.kibana
    if kibana.url is None:
        return ""
    there = where.events.namespace if isinstance(where.events, Cluster) else None
    namespace = there or where.config.elasticsearch.namespace
    stream = stream_name(f"driftlog.{episode.model}", namespace)
    return events_link(kibana.url, kibana.space, stream, episode.last)


def _values(shown: Around, sizes: "Mapping[str, str]") -> dict[str, object]:
    episode = shown.alert.episode
    return alert_values(episode, sizes, shown.alert) | {
        "first": episode.first,
        "latest": episode.latest,
        "beside": shown.beside,
        "samples": list(shown.samples),
        "query": shown.query,
        "kibana": shown.link or None,
        "actions": list(shown.alert.review.actions),
    }


def _lines(shown: Around, where: Place) -> list[object]:
    episode = shown.alert.episode
    latest, window = episode.latest, episode.last
    marks = ", ".join(filter(None, [str(episode.status), shown.alert.marks]))
    lines: list[object] = [
        f"{episode.severity.upper()}  {latest.summary}",
        "",
        f"alert     {episode.id} ({marks}), {episode.model}",
        f"detector  {episode.detector}, feature {about(episode)}",
        f"since     {episode.opened}, {counted(episode.windows, 'window')} of {shown.size} with findings",
        f"latest    {window}",
        f"beside    {shown.beside}",
        f"evidence  n = {latest.n:,}, effect = {latest.effect:.4g}, {_probability(latest.p_value)}",
    ]
    if latest.statistics:
        named = ", ".join(f"{name} = {value:.6g}" for name, value in latest.statistics.items())
        lines.append(f"figures   {named}")
    if len(episode.course) > 1:
        rises = [
            f"{step.severity} since {step.window.start:%Y-%m-%d %H:%M}" for step in episode.course
        ]
        lines.append(f"severity  {', '.join(rises)}")
    if shown.incident:
        others = counted(len(shown.incident.episodes) - 1, "other alert")
        lines.append(f"incident  {shown.incident.id} ({shown.incident.cause}), with {others}")
    if shown.alert.silence:
        lines.append(f"silenced  {shown.alert.silence}")
    lines += [f"{'events' if n == 0 else '':8}  {sample}" for n, sample in enumerate(shown.samples)]
    lines += _review_lines(shown.alert)
    if latest.changes:
        lines += ["", _change_table(episode), "", *bars(latest.changes)]
    if shown.link:
        lines += ["", f"In Kibana: {shown.link}"]
    if shown.query:
        lines += ["", "Counts the events of the window, and those that show it:", shown.query]
    start, end = (at.replace(tzinfo=None).isoformat() for at in (window.start, window.end))
    words = f"analyze --model {shlex.quote(episode.model)} --window {shlex.quote(shown.size)}"
    command = where.command(f"{words} --from {start} --to {end}")
    return [*lines, "", f"The same again: {command}"]


def _review_lines(alert: "Reviewed") -> list[str]:
    """What people did, oldest first."""
    return [
        f"{'review' if n == 0 else '':8}  {action.at:%Y-%m-%d %H:%M} UTC  {told(action)}"
        + (f": {action.reason}" if action.reason else "")
        for n, action in enumerate(alert.review.actions)
    ]


def _tell_incident(
    group: "Incident | None",
    alerts: "Mapping[str, Reviewed]",
    sizes: "Mapping[str, str]",
    where: Place,
    *,
    as_json: bool,
) -> None:
    if group is None:
        raise StoreError(
            "this alert never became one, and is in no incident; see: alerts list --all"
        )
    ranked = [alerts[episode.id] for episode in group.episodes]
    if as_json:
        values = [alert_values(one.episode, sizes, one) for one in ranked]
        show_json(incident_values(group) | {"alerts": values})
        return
    show(
        f"{group.severity.upper()}  {counted(len(ranked), 'alert')} of {counted(len(group.features), 'feature')},"
        f" {group.cause}",
        "",
        f"incident  {group.id} ({group.status}), {group.model}",
        f"since     {group.opened}",
        f"latest    {group.last}",
        "",
        alert_table(group.episodes, sizes, {one.episode.id: one.marks for one in ranked}),
        "",
        f"Evidence: {where.command('alerts show ID')}",
    )


def _probability(p_value: float | None) -> str:
    if p_value is None:
        return "a rule decides, no test"
    return f"p = {p_value:.3g}" if p_value > 0 else "p < 1e-300"


def _change_table(episode: "Episode") -> object:
    rows = [
        (
            change.value,
            f"{change.before:.4g}",
            f"{change.after:.4g}",
            f"{change.before_count:,}",
            f"{change.after_count:,}",
        )
        for change in episode.latest.changes
    ]
    return table(("value", "before ", "after ", "count before ", "count after "), rows)
