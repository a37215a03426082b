"""``driftlog analyze``: every window of the log against the baseline."""

from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._alerts import alert_table, alert_values, worst_first
from driftlog_analyzers.cli._console import counted, moment, show, show_json
from driftlog_analyzers.cli._options import (
    BaselineOption,
    JsonOption,
    ModelOption,
    VersionOption,
    WindowOption,
    at_place,
)
from driftlog_analyzers.cli._place import Place, pick_model, tell_foreign
from driftlog_analyzers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftlog_analyzers._baseline import Baseline
    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._finding import Evaluation
    from driftlog_analyzers._state import State
    from driftlog_analyzers._store import EventStore
    from driftlog_analyzers._window import WindowSize

_OPEN_ALERTS = 3


@at_place
def analyze(
    where: Place,
    *,
    model: ModelOption = None,
    window: WindowOption = None,
    start: Annotated[str | None, typer.Option("--from", help="Windows from this time on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows up to this time.")] = None,
    baseline: BaselineOption = None,
    version: VersionOption = None,
    fail_on_alert: Annotated[
        bool, typer.Option("--fail-on-alert", help="Exit with 3 if alerts are open.")
    ] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the routes of the configuration.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the log's windows with the baseline."""
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - when needed

    span = (moment(start, "--from") if start else None, moment(end, "--to") if end else None)
    with where.open_store() as store:
        name = pick_model(store, where, model)
        size = _run.window_size(window, where.config.monitor(name))
        tell_foreign(where, name)
        reference = _run.find(where, name, baseline, version)
        with where.open_state() as state:
            evaluations = _run.run(store, reference, state, size, where, span=span)
            alerts = _open_alerts(state, name, size)
            hint = _hint(store, reference, evaluations, where, size)
            if notify:
                _notify(where, state, name, size)
        _run.tell_damage(store)
    _tell(reference, evaluations, alerts, where, size, hint=hint, as_json=as_json)
    _run.require_enough(evaluations, where.config.detection.min_events)
    if fail_on_alert and alerts:
        raise typer.Exit(_OPEN_ALERTS)


def _open_alerts(state: "State", model: str, size: "WindowSize") -> "Sequence[Episode]":
    """Those of windows of this size that neither ended nor were resolved or accepted."""
    from driftlog_analyzers.cli._reviewed import still_open  # noqa: PLC0415 - when needed

    episodes = state.episodes(model, size=size, closed=False)
    return worst_first(still_open(state, [e for e in episodes if e.raised]))


def _notify(where: Place, state: "State", model: str, size: "WindowSize") -> None:
    from driftlog_analyzers.cli._telling import telling  # noqa: PLC0415 - when needed

    now = datetime.now(UTC)
    with telling(where) as told:
        if told is None:
            raise ConfigError(
                "there is nobody to tell: the configuration has no routes; add [[routes]], or leave --notify out"
            )
        told.intend(state, model, size, now)
        told.deliver(now)


def _hint(
    store: "EventStore",
    baseline: "Baseline",
    evaluations: "Sequence[Evaluation]",
    where: Place,
    size: "WindowSize",
) -> str:
    """That findings are many because the reference's windows are no random draws; empty where that is not so."""
    from driftlog_analyzers._exchangeable import alike  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - as above

    if baseline.calibration(size) or not any(e.findings for e in evaluations):
        return ""
    found = alike(store, baseline, size, _run.settings(where, baseline.model))
    if found is None or found.usual:
        return ""
    return (
        f"Of {counted(found.windows, 'window')} of the reference itself {found.found} have findings beside it: they "
        "differ among themselves by more than chance explains, and so will later ones. "
        "Have it learned how far is usual: "
        + where.command(f"calibrate --model {quote(baseline.model)} --window {quote(str(size))}")
    )


def _tell(
    baseline: "Baseline",
    evaluations: "Sequence[Evaluation]",
    alerts: "Sequence[Episode]",
    where: Place,
    size: "WindowSize",
    *,
    hint: str,
    as_json: bool,
) -> None:
    from driftlog_analyzers.cli import _findings  # noqa: PLC0415 - when needed

    sizes = {alert.id: str(size) for alert in alerts}
    if as_json:
        show_json(
            {
                "model": baseline.model,
                "baseline": baseline.name,
                "windows": [_findings.window_values(e) for e in evaluations],
                "alerts": [alert_values(episode, sizes) for episode in alerts],
                "hint": hint,
            }
        )
        return
    show(*_findings.blocks(evaluations))
    show(*_findings.notices(evaluations))
    show(*_findings.short_windows(evaluations, where.config.detection.min_events))
    show("", f"{_findings.summarize(evaluations)} Baseline: {baseline.name}.", "")
    show(*([hint, ""] if hint else []))
    if not alerts:
        show("No open alerts.")
        return
    show(f"{counted(len(alerts), 'open alert')}:", alert_table(alerts, sizes), "")
    show(f"Evidence: {where.command('alerts show ID')}")
