"""``driftlog notify``: try the routes, see what became of notifications, send one again."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import note, show, show_json, table
from driftlog_analyzers.cli._options import ConfigOption, JsonOption, at_place
from driftlog_analyzers.cli._place import Place, configuration
from driftlog_analyzers.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftlog_analyzers._notify._intent import Intent
    from driftlog_analyzers._notify._outbox import Outcome
    from driftlog_analyzers._notify._routes import Route
    from driftlog_analyzers._notify._senders import Sender

_SHORT_ID = 8
_FAILED = 1


def notify_test(
    *,
    route: Annotated[
        str | None, typer.Option("--route", help="Only this route.", metavar="NAME")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message on every route, or on one, and say what became of it.

    A trigger is called only if its route is named.
    """
    from driftlog_analyzers._notify._outbox import Answer  # noqa: PLC0415 - when needed
    from driftlog_analyzers._notify._senders import senders  # noqa: PLC0415 - as above

    wanted = _wanted(configuration(config).routes, route)
    outcomes = {sender.route.name: _try(sender) for sender in senders(wanted, os.environ)}
    if as_json:
        show_json({"routes": outcomes})
    else:
        for name, outcome in outcomes.items():
            sent = "sent" if outcome.answer is Answer.SENT else "not sent"
            show(": ".join(filter(None, (name, sent, outcome.detail))))
    if any(outcome.answer is not Answer.SENT for outcome in outcomes.values()):
        raise typer.Exit(_FAILED)


def _wanted(routes: "Sequence[Route]", name: str | None) -> "list[Route]":
    """The routes to be tried.

    Raises:
        ConfigError: there are none.
        InputError: there is none of that name.
    """
    if not routes:
        raise ConfigError("there are no routes; add [[routes]] to a file and name it with --config")
    if name is not None:
        found = [route for route in routes if route.name == name]
        if not found:
            from driftlog_analyzers._toml import nearest  # noqa: PLC0415 - when needed

            names = [route.name for route in routes]
            raise InputError(f"there is no route {name!r}; {nearest(name, names)}")
        return found
    for route in routes:
        if route.kind == "trigger":
            note(f"{route.name} is a trigger and is not called; --route {route.name} calls it.")
    return [route for route in routes if route.kind != "trigger"]


def _try(sender: "Sender") -> "Outcome":
    from datetime import UTC, datetime  # noqa: PLC0415 - when needed

    from driftlog_analyzers._notify._deliver import attempt  # noqa: PLC0415 - as above
    from driftlog_analyzers._notify._sample import sample_intent  # noqa: PLC0415 - as above

    return attempt(sender, [sample_intent(sender.route, datetime.now(UTC))])


@at_place
def notify_list(
    where: Place,
    *,
    status: Annotated[
        str | None,
        typer.Option(
            "--status", help="pending, sending, retrying, sent, undelivered, unknown or held."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List notifications and what became of them, the newest first."""
    from driftlog_analyzers._notify._intent import State  # noqa: PLC0415 - when needed

    if status and status not in set(State):
        raise typer.BadParameter(f"{status!r} is none of {', '.join(State)}", param_hint="--status")
    states = [State(status)] if status else [one for one in State if one is not State.HELD]
    where.require_state()
    with where.open_notifications() as home:
        found, counts = home.listed(states, limit), home.counts()
    if as_json:
        by_state = {one.value: count for one, count in counts.items()}
        show_json({"counts": by_state, "notifications": [_values(intent) for intent in found]})
        return
    if not found:
        show("No notifications.")
        return
    show(_table(found), "", ", ".join(f"{counts[one]:,} {one}" for one in State if one in counts))


@at_place
def notify_retry(
    where: Place,
    *,
    notification: Annotated[
        str, typer.Argument(help="The notification's id or its beginning.", metavar="ID")
    ],
) -> None:
    """Have a notification sent again that was given up, or whose fate is not known.

    The next run sends it, under the same idempotency key; a trigger is then called a second time if its call had
    arrived.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - when needed

    from driftlog_analyzers._notify._intent import FAILED, State  # noqa: PLC0415 - as above
    from driftlog_analyzers._notify._outbox import retried  # noqa: PLC0415 - as above

    where.require_state()
    with where.open_notifications() as home:
        intent = home.find(notification)
        if intent.state not in {*FAILED, State.RETRYING}:
            raise InputError(
                f"notification {intent.id} is {intent.state}; only what is undelivered, unknown or"
                " to be tried again can be sent again"
            )
        if not home.replace([retried(intent, datetime.now(UTC))]):
            raise InputError(f"notification {intent.id} was changed meanwhile; look at it again")
    show(f"{intent.id} waits for the next run, on route {intent.route}.")


def _table(found: "Sequence[Intent]") -> object:
    from driftlog_analyzers._notify._digest import headline  # noqa: PLC0415 - when needed

    rows = [
        (
            intent.id[:_SHORT_ID],
            intent.state,
            intent.route,
            intent.kind,
            intent.incident.severity,
            f"{intent.created:%Y-%m-%d %H:%M}",
            intent.attempts,
            headline(intent.incident),
            intent.error,
        )
        for intent in found
    ]
    names = ("id", "state", "route", "what", "severity", "created (UTC)", "attempts ", "about")
    return table((*names, "trouble"), rows)


def _values(intent: "Intent") -> dict[str, object]:
    names = ("id", "state", "route", "trigger", "kind", "step", "thread", "created")
    more = ("attempts", "again", "due", "ended", "error", "batch")
    values: dict[str, object] = {name: getattr(intent, name) for name in names + more}
    about = {"incident": intent.incident.id, "severity": intent.incident.severity}
    return values | about | {"model": intent.place.model, "window": intent.place.size}
