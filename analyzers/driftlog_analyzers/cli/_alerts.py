"""``driftlog alerts``: the episodes, and the evidence of each."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._chart import bars
from driftlog_analyzers.cli._console import counted, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, ModelOption, at_place
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._state import State

_SHORT_ID = 8


@at_place
def alerts_list(
    where: Place,
    *,
    model: ModelOption = None,
    status: Annotated[
        str | None, typer.Option("--status", help="pending, active, recovering or inactive.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is pending or has ended.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the open alerts, the gravest first."""
    from driftlog_analyzers._episode import Status  # noqa: PLC0415 - commands load what they need

    if status and status not in set(Status):
        raise typer.BadParameter(
            f"{status!r} is none of {', '.join(Status)}", param_hint="--status"
        )
    where.require_state()
    with where.open_state() as remembered:
        episodes = remembered.episodes(model, Status(status) if status else None)
        sizes = _sizes(remembered, {episode.model for episode in episodes})
        if not episodes:
            _require_analysis(remembered, where)
    if not status and not everything:
        episodes = tuple(episode for episode in episodes if episode.open and episode.raised)
    episodes = worst_first(episodes)
    if as_json:
        show_json({"alerts": [alert_values(episode, sizes) for episode in episodes]})
        return
    if not episodes:
        show("No alerts." if everything or status else "No open alerts.")
        return
    show(alert_table(episodes, sizes), "", f"Evidence: {where.command('alerts show ID')}")


@at_place
def alerts_show(
    where: Place,
    *,
    alert: Annotated[str, typer.Argument(help="The alert's id or its beginning.", metavar="ID")],
    as_json: JsonOption = False,
) -> None:
    """Show what an alert rests on."""
    where.require_state()
    with where.open_state() as remembered:
        episode = remembered.episode(alert)
        sizes = _sizes(remembered, {episode.model})
        size = sizes.get(episode.id, "")
        beside = _beside(remembered, episode, size)
    if as_json:
        evidence = {"first": episode.first, "latest": episode.latest, "beside": beside}
        show_json(alert_values(episode, sizes) | evidence)
        return
    show(*_evidence(episode, size, beside, where))


def _require_analysis(state: "State", where: Place) -> None:
    """Where there are no alerts at all, tell nothing found from nothing done.

    Raises:
        StoreError: no window was ever evaluated.
    """
    if next(iter(state.evaluations()), None) is None:
        raise StoreError(
            f"there is no analysis in {where.remembered}; run: {where.command('analyze')}"
        )


def _sizes(state: "State", models: "set[str]") -> dict[str, str]:
    """The size of the windows that each alert is about, by its id."""
    from driftlog_analyzers._window import parse_size  # noqa: PLC0415 - when needed

    return {
        episode.id: size
        for model in models
        for size in state.sizes(model)
        for episode in state.episodes(model, size=parse_size(size))
    }


def _beside(state: "State", episode: "Episode", size: str) -> str:
    """What the latest window was compared with."""
    from driftlog_analyzers._window import parse_size  # noqa: PLC0415 - when needed

    last = episode.last
    near = state.evaluations(episode.model, parse_size(size), last.start, last.end) if size else ()
    return next((e.baseline.rpartition(" (")[0] for e in near if e.window == last), "")


def worst_first(episodes: "Sequence[Episode]") -> "tuple[Episode, ...]":
    """Open ones first, then by severity, then the newest."""
    from driftlog_analyzers._finding import Severity  # noqa: PLC0415 - as above

    ranks = list(Severity)
    order = sorted(episodes, key=lambda e: (e.opened, e.feature, e.detector), reverse=True)
    return tuple(sorted(order, key=lambda e: (not e.open, -ranks.index(e.severity))))


def alert_table(episodes: "Sequence[Episode]", sizes: "Mapping[str, str]") -> object:
    """A table of alerts for people."""
    names = ("id", "severity", "status", "detector", "feature", "window", "since (UTC)")
    rows = [
        (
            episode.id[:_SHORT_ID],
            episode.severity,
            episode.status,
            episode.detector,
            _about(episode),
            sizes.get(episode.id, ""),
            f"{episode.opened.start:%Y-%m-%d %H:%M}",
            episode.windows,
            episode.summary,
        )
        for episode in episodes
    ]
    return table((*names, "windows ", "what"), rows)


def alert_values(episode: "Episode", sizes: "Mapping[str, str]") -> dict[str, object]:
    """What machines get to see of an alert in a list."""
    names = ("id", "model", "detector", "feature", "segment", "status", "severity", "summary")
    more = ("opened", "last", "raised", "closed", "windows", "good", "peak")
    values: dict[str, object] = {name: getattr(episode, name) for name in names + more}
    return values | {"window": sizes.get(episode.id)}


def _evidence(episode: "Episode", size: str, beside: str, where: Place) -> list[object]:
    latest, window = episode.latest, episode.last
    p_value = _probability(latest.p_value)
    lines: list[object] = [
        f"{episode.severity.upper()}  {latest.summary}",
        "",
        f"alert     {episode.id} ({episode.status}), {episode.model}",
        f"detector  {episode.detector}, feature {_about(episode)}",
        f"since     {episode.opened}, {counted(episode.windows, 'window')} of {size} with findings",
        f"latest    {window}",
        f"beside    {beside}",
        f"evidence  n = {latest.n:,}, effect = {latest.effect:.4g}, {p_value}",
    ]
    if latest.statistics:
        named = ", ".join(f"{name} = {value:.6g}" for name, value in latest.statistics.items())
        lines.append(f"figures   {named}")
    if latest.events:
        lines.append(f"events    {', '.join(latest.events)}")
    if latest.changes:
        lines += ["", _change_table(episode), "", *bars(latest.changes)]
    start, end = (at.replace(tzinfo=None).isoformat() for at in (window.start, window.end))
    words = f"analyze --model {shlex.quote(episode.model)} --window {shlex.quote(size)}"
    command = where.command(f"{words} --from {start} --to {end}")
    return [*lines, "", f"The same again: {command}"]


def _about(episode: "Episode") -> str:
    feature = episode.feature or "(all events)"
    return f"{feature} in {episode.segment}" if episode.segment else feature


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
