"""``driftlog silences``: of which alerts nobody is told, and when."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import moment, note, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, at_place
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.cli._review import ByOption, ahead, login
from driftlog_analyzers.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftlog_analyzers._review import Action, ActionKind
    from driftlog_analyzers._silence import Silence
    from driftlog_analyzers._state import State

PatternOption = Annotated[str, typer.Option(help="A pattern with * and ?.", metavar="PATTERN")]


@at_place
def silences_add(
    where: Place,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why.", metavar="TEXT")],
    model: PatternOption = "*",
    feature: PatternOption = "*",
    detector: PatternOption = "*",
    start: Annotated[
        str | None, typer.Option("--from", help="From this time on.", metavar="TIME")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", help="Until a time, or for a while such as 4h.", metavar="TIME"),
    ] = None,
    weekly: Annotated[
        str | None,
        typer.Option("--weekly", help="Only then, such as 'sun 02:00-04:00'.", metavar="SCHEDULE"),
    ] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Of the schedule, such as Europe/Berlin.")
    ] = "UTC",
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell nobody of some alerts for a time, or every week."""
    from driftlog_analyzers._review import ActionKind  # noqa: PLC0415 - when needed
    from driftlog_analyzers._silence import Silence, checked, parse_weekly  # noqa: PLC0415 - as above
    from driftlog_analyzers.cli._reviewed import silences_of  # noqa: PLC0415 - as above

    who = by or login()
    silence = checked(
        Silence(
            reason,
            who,
            model,
            feature,
            detector,
            moment(start, "--from") if start else None,
            ahead(end, "--to") if end else None,
            parse_weekly(weekly, timezone) if weekly else None,
        )
    )
    with where.open_state() as state, state.transaction():
        actions = state.actions()
        there = silences_of(where, actions)
        if silence not in there:
            _keep(state, actions, ActionKind.SILENCE, silence, who)
    if as_json:
        show_json(_values(silence, where, datetime.now(UTC)))
        return
    was = " was there already" if silence in there else ""
    show(f"{silence.id}  {silence}{was}")
    tell_overlapping((*there, *(() if was else (silence,))), only=silence)


@at_place
def silences_list(where: Place, *, as_json: JsonOption = False) -> None:
    """List the silences, those of the configuration first."""
    from driftlog_analyzers.cli._reviewed import silences_of  # noqa: PLC0415 - when needed

    now = datetime.now(UTC)
    silences = silences_of(where, _actions(where))
    if as_json:
        show_json({"silences": [_values(silence, where, now) for silence in silences]})
    elif not silences:
        show("No silences.")
    else:
        rows = [
            (s.id, _standing(s, now), s.model, s.feature, s.detector, *_times(s), s.by, s.reason)
            for s in silences
        ]
        names = ("id", "now", "model", "feature", "detector", "from", "to", "weekly", "by", "why")
        show(table(names, rows))
        tell_overlapping(silences)


@at_place
def silences_remove(
    where: Place,
    *,
    name: Annotated[str, typer.Argument(help="The silence's id.", metavar="ID")],
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a silence that was added by command."""
    from driftlog_analyzers._review import ActionKind, standing  # noqa: PLC0415 - when needed

    with where.open_state() as state, state.transaction():
        actions = state.actions()
        found = [s for s in standing(actions) if s.id.startswith(name)]
        if len(found) != 1 or not name:
            _refuse(name, where, found)
        _keep(state, actions, ActionKind.UNSILENCE, found[0], by or login())
    if as_json:
        show_json(_values(found[0], where, datetime.now(UTC)))
        return
    show(f"{found[0].id}  removed: {found[0]}")


def _actions(where: Place) -> "Sequence[Action]":
    """What people did; nothing where there is no state yet, which looking makes none."""
    if isinstance(where.state, Path) and not where.state.is_file():
        return ()
    with where.open_state() as state:
        return state.actions()


def tell_overlapping(silences: "Sequence[Silence]", only: "Silence | None" = None) -> None:
    """Say on stderr which silences are in force at one moment for the same alerts: both count, and one is of no use."""
    from driftlog_analyzers._silence import overlapping  # noqa: PLC0415 - when needed

    for one, other in overlapping(silences, datetime.now(UTC)):
        if only in {None, one, other}:
            note(f"Silences overlap, and an alert is silent as long as either is: {one}; {other}.")


def _refuse(name: str, where: Place, found: "Sequence[Silence]") -> None:
    listed = where.command("silences list")
    if found:
        raise InputError(
            f"{len(found)} silences have an id that begins with {name!r}; write more of it"
        )
    configured = [rule.value() for rule in where.config.silences]
    if name and any(silence.id.startswith(name) for silence in configured):
        raise InputError(f"the silence {name} is of the configuration; take it out of the file")
    raise InputError(f"no silence has an id that begins with {name!r}; they are in: {listed}")


def _keep(
    state: "State",
    actions: "Sequence[Action]",
    kind: "ActionKind",
    silence: "Silence",
    who: str,
) -> None:
    from driftlog_analyzers._review import SILENCES, Action  # noqa: PLC0415 - when needed

    number = 1 + max((a.number for a in actions if a.subject == SILENCES), default=0)
    now = datetime.now(UTC)
    action = Action(kind, who, now, silence.reason, SILENCES, number, silence=silence)
    state.save_actions([action])


def _values(silence: "Silence", where: Place, now: datetime) -> dict[str, object]:
    names = ("id", "model", "feature", "detector", "start", "end", "reason", "by")
    values = {name: getattr(silence, name) for name in names}
    configured = any(rule.value() == silence for rule in where.config.silences)
    weekly = str(silence.weekly) if silence.weekly else None
    return values | {"weekly": weekly, "now": _standing(silence, now), "configured": configured}


def _standing(silence: "Silence", now: datetime) -> str:
    if silence.over(now):
        return "over"
    return "in force" if silence.in_force(now) else "to come"


def _times(silence: "Silence") -> tuple[str, str, str]:
    ends = (silence.start, silence.end)
    start, end = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in ends)
    return start, end, str(silence.weekly or "")
