"""``driftlog alerts ack`` and its like: what people do about alerts, kept with who, when and why."""

import functools
import getpass
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate

import typer

from driftlog_analyzers.cli._console import counted, moment, show, show_json
from driftlog_analyzers.cli._options import BaselineOption, JsonOption, VersionOption, at_place
from driftlog_analyzers.cli._place import Place

if TYPE_CHECKING:
    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._review import Action

ByOption = Annotated[
    str | None, typer.Option("--by", help="Who does; by default who is logged in.", metavar="NAME")
]


@dataclass(frozen=True, slots=True)
class Acting:
    """What all these commands are given.

    Attributes:
        where: where the alerts are.
        ids: of alerts or incidents, or their beginnings.
        reason: why.
        by: who; None for who is logged in.
        as_json: how to tell.
    """

    where: Place
    ids: Sequence[str]
    reason: str
    by: str | None
    as_json: bool


def _given(
    *,
    ids: Annotated[
        list[str],
        typer.Argument(
            help="Ids of alerts or incidents, or their beginnings; an incident is its alerts.",
            metavar="ID...",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why.", metavar="TEXT")] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """The options of `Acting`."""


def _acting(command: Callable[Concatenate[Acting, ...], None]) -> Callable[..., None]:
    """Give a command the options of `Acting`, and those of the place, in the stead of its first parameter."""
    options = inspect.signature(_given).parameters
    _, *own = inspect.signature(command).parameters.values()
    where = inspect.Parameter("where", inspect.Parameter.POSITIONAL_OR_KEYWORD)

    @functools.wraps(command)
    def run(where: Place, **given: Any) -> None:
        common = {name: given.pop(name) for name in options}
        command(Acting(where, **common), **given)

    run.__signature__ = inspect.Signature([where, *own, *options.values()])  # type: ignore[attr-defined]
    return at_place(run)


@_acting
def alerts_ack(acting: Acting) -> None:
    """Acknowledge alerts: somebody knows, and nobody need be reminded."""
    _act(acting, "ack")


@_acting
def alerts_unack(acting: Acting) -> None:
    """Take an acknowledgement back."""
    _act(acting, "unack")


@_acting
def alerts_snooze(
    acting: Acting,
    *,
    until: Annotated[
        str, typer.Option("--until", help="A time, or from now on, such as 4h or 3d.")
    ],
) -> None:
    """Hear nothing of alerts until a time, and once after it if they are still there."""
    _act(acting, "snooze", until=ahead(until, "--until"))


@_acting
def alerts_assign(
    acting: Acting,
    *,
    to: Annotated[
        str, typer.Option("--to", help="Who is to look after them; '' for nobody.", metavar="NAME")
    ],
) -> None:
    """Say who looks after alerts."""
    _act(acting, "assign", assignee=to)


@_acting
def alerts_comment(acting: Acting) -> None:
    """Say something about alerts."""
    if not acting.reason.strip():
        raise typer.BadParameter("say something", param_hint="--reason")
    _act(acting, "comment")


@_acting
def alerts_resolve(
    acting: Acting,
    *,
    verdict: Annotated[
        bool | None, typer.Option("--true/--false", help="Whether the alert was right.")
    ] = None,
) -> None:
    """Close alerts by hand, until a later window is bad: then they are open again."""
    _act(acting, "resolve", verdict=verdict)


@_acting
def alerts_accept(
    acting: Acting, *, baseline: BaselineOption = None, version: VersionOption = None
) -> None:
    """Take for right what alerts show: amend the baseline, and close them.

    New values become known, the range is widened, null is allowed, a vanished feature is required no more.
    """
    _act(
        acting,
        "accept",
        first=lambda episodes: _amend(acting.where, episodes, baseline, version),
    )


def login() -> str:
    """The name of who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def ahead(text: str, option: str) -> datetime:
    """A time to come: a time, or a span such as ``4h`` from now on.

    Raises:
        typer.BadParameter: it is neither, or it has passed.
    """
    from driftlog_analyzers._window import TimeSize, parse_size  # noqa: PLC0415 - when needed
    from driftlog_analyzers.errors import ConfigError  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    try:
        size = parse_size(text)
    except ConfigError:
        end = moment(text, option)
    else:
        if not isinstance(size, TimeSize):
            raise typer.BadParameter(
                f"{text!r} is no time; write one such as 2026-11-22T14:00, 4h or 3d",
                param_hint=option,
            )
        end = now + size.duration
    if end <= now:
        raise typer.BadParameter(
            f"{end:%Y-%m-%d %H:%M} UTC has passed; name a time to come", param_hint=option
        )
    return end


def _act(
    acting: Acting,
    kind: str,
    *,
    first: "Callable[[Sequence[Episode]], str] | None" = None,
    **more: Any,
) -> None:
    """Do the same about some alerts, at once or not at all; what was so already is left.

    Args:
        acting: about which, by whom and why.
        kind: of the action.
        first: is given the alerts about which something is new, before that is kept; what it did, in words.
        more: further fields of the action.
    """
    from driftlog_analyzers._review import ActionKind, about, due  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli._reviewed import asked  # noqa: PLC0415 - as above

    where = acting.where
    where.require_state()
    who, now, done = acting.by or login(), datetime.now(UTC), ""
    with where.open_state() as state, state.transaction():
        episodes = asked(state, acting.ids, where.remembered)
        new: list[tuple[Episode, Action]] = []
        for episode in episodes:
            action = about(episode, ActionKind(kind), by=who, at=now, reason=acting.reason)
            action = replace(action, **more)
            if made := due(episode, action, state.actions([action.subject])):
                new.append((episode, made))
        if first and new:
            done = first([episode for episode, _ in new])
        state.save_actions([action for _, action in new])
    if acting.as_json:
        same = {e.id for e in episodes} - {e.id for e, _ in new}
        show_json({"actions": [action for _, action in new], "unchanged": sorted(same)})
        return
    for episode, action in new:
        show(f"{episode.id[:8]}  {told(action)}  {episode.summary}")
    if unchanged := len(episodes) - len(new):
        show(f"{counted(unchanged, 'alert')} {'was' if unchanged == 1 else 'were'} so already.")
    if done:
        show("", done)


def told(action: "Action") -> str:
    """An action in a few words."""
    words = {
        "ack": "acknowledged",
        "unack": "acknowledgement taken back",
        "snooze": f"snoozed until {action.until:%Y-%m-%d %H:%M} UTC" if action.until else "snoozed",
        "assign": f"assigned to {action.assignee}" if action.assignee else "assigned to nobody",
        "resolve": "resolved",
        "accept": "accepted",
        "comment": "comment",
    }[action.kind]
    verdict = {True: " as a true alarm", False: " as a false alarm", None: ""}[action.verdict]
    return f"{words}{verdict} by {action.by}"


def _amend(
    where: Place, episodes: "Sequence[Episode]", path: Path | None, version: str | None
) -> str:
    """Amend the baseline by what some alerts show; all of them, or an error says which cannot be.

    Raises:
        InputError: the alerts are of several models, or one shows what no constraint accepts.
    """
    from driftlog_analyzers._amend import accepted, differences  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _calibrate, _run  # noqa: PLC0415 - as above
    from driftlog_analyzers.errors import InputError  # noqa: PLC0415 - as above

    models = {episode.model for episode in episodes}
    if len(models) > 1:
        raise InputError(
            f"these alerts are of several models ({', '.join(sorted(models))}); accept them one by one"
        )
    (model,) = models
    before = after = _run.find(where, model, path, version)
    for episode in episodes:
        after = accepted(after, episode.latest)
    kept = _calibrate.keep(after, where, path or where.config.monitor(model).baseline)
    found = differences(before, after)
    changed = ", ".join(f"{one.feature} {one.what}" for one in found)
    return f"{before.name} amended: {changed}. Saved as {kept}. Judge by it with: {where.command('analyze')}"
