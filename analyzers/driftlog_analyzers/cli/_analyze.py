"""``driftlog analyze``: every window of the log against the baseline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._alerts import alert_table, alert_values, worst_first
from driftlog_analyzers.cli._console import moment, show, show_json
from driftlog_analyzers.cli._options import (
    ConfigOption,
    JsonOption,
    ModelOption,
    Place,
    SpoolOption,
    StateOption,
    pick_model,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftlog_analyzers._baseline import Baseline
    from driftlog_analyzers._episode import Episode
    from driftlog_analyzers._finding import Evaluation

_OPEN_ALERTS = 3


def analyze(
    *,
    spool: SpoolOption = None,
    model: ModelOption = None,
    window: Annotated[
        str | None, typer.Option("--window", help="1h, 15m, 1d, or a number of events; 1h.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="Windows from this time on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows up to this time.")] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A baseline file.", metavar="PATH")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="The model version whose baseline counts.")
    ] = None,
    fail_on_alert: Annotated[
        bool, typer.Option("--fail-on-alert", help="Exit with 3 if alerts are open.")
    ] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the log's windows with the baseline."""
    from driftlog_analyzers._spool_store import SpoolStore  # noqa: PLC0415 - when needed
    from driftlog_analyzers._state import StateFile  # noqa: PLC0415 - as above
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - as above

    where = place(spool, state, config)
    span = (moment(start, "--from") if start else None, moment(end, "--to") if end else None)
    with SpoolStore(where.spool) as store:
        name = pick_model(store, model)
        size = _run.window_size(window, where.config.monitor(name))
        reference = _run.find(where, name, baseline, version)
        with StateFile(where.state) as file:
            evaluations = _run.run(store, reference, file, size, where, span=span)
            episodes = file.episodes(name, size=size, closed=False)
        _run.tell_damage(store)
    alerts = worst_first([episode for episode in episodes if episode.raised])
    _tell(reference, evaluations, alerts, where, as_json=as_json)
    _run.require_enough(evaluations, where.config.detection.min_events)
    if fail_on_alert and alerts:
        raise typer.Exit(_OPEN_ALERTS)


def _tell(
    baseline: "Baseline",
    evaluations: "Sequence[Evaluation]",
    alerts: "Sequence[Episode]",
    where: Place,
    *,
    as_json: bool,
) -> None:
    from driftlog_analyzers.cli import _findings  # noqa: PLC0415 - when needed

    if as_json:
        show_json(
            {
                "model": baseline.model,
                "baseline": baseline.name,
                "windows": [_findings.window_values(e) for e in evaluations],
                "alerts": [alert_values(episode) for episode in alerts],
            }
        )
        return
    show(*_findings.blocks(evaluations))
    show(*_findings.notices(evaluations))
    show(*_findings.short_windows(evaluations, where.config.detection.min_events))
    show("", f"{_findings.summarize(evaluations)} Baseline: {baseline.name}.", "")
    if not alerts:
        show("No open alerts.")
        return
    show(f"{len(alerts):,} open alerts:", alert_table(alerts), "")
    show(f"Evidence: driftlog alerts show ID --spool {where.spool}")
