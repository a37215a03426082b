"""``driftlog demo``: a service with known faults, and what is found of them."""

import time as clock
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers._elasticsearch._names import shown
from driftlog_analyzers.cli._cluster import cluster, repeated
from driftlog_analyzers.cli._console import progress, show, show_json, table
from driftlog_analyzers.cli._options import (
    ApiKeyOption,
    CertificatesOption,
    ConfigOption,
    JsonOption,
    NamespaceOption,
    Store,
    StoreOption,
    UrlOption,
)
from driftlog_analyzers.cli._place import configuration

if TYPE_CHECKING:
    from driftlog_analyzers._demo._run import Played
    from driftlog_analyzers._demo._score import Catch
    from driftlog_analyzers.cli._cluster import Cluster

Names = list[str]
_SHOWN_ALERTS = 12


def demo(
    *,
    output: Annotated[
        Path, typer.Option("--output", help="Folder for everything the demo makes.", metavar="DIR")
    ] = Path("driftlog-demo"),
    file: Annotated[
        Path | None,
        typer.Option("--input", help="Play it with your own CSV or Parquet file.", metavar="FILE"),
    ] = None,
    time: Annotated[str | None, typer.Option("--time", help="Your column with the time.")] = None,
    text: Annotated[Names | None, typer.Option("--text", help="Your text column; repeat.")] = None,
    categorical: Annotated[
        Names | None, typer.Option("--categorical", help="Your column of codes; repeat.")
    ] = None,
    prediction: Annotated[
        Names | None, typer.Option("--prediction", help="Your column with an output; repeat.")
    ] = None,
    drop: Annotated[Names | None, typer.Option("--drop", help="Your column to leave out.")] = None,
    store: StoreOption = None,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    ca_certs: CertificatesOption = None,
    namespace: NamespaceOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find known faults in a simulated service.

    Two weeks of events are logged, four things go wrong at known times, the log is analyzed, and a
    table says what was found when. With --input and --time it plays your own file. With --store
    elasticsearch the two weeks end now and are analyzed there, so that the dashboards are full.
    """
    from driftlog_analyzers._demo._run import play, prepare  # noqa: PLC0415 - commands load what they need
    from driftlog_analyzers._demo._scenes import own_file, simulated  # noqa: PLC0415 - as above
    from driftlog_analyzers._replay import Roles  # noqa: PLC0415 - as above

    begun = clock.monotonic()
    if store is Store.ELASTICSEARCH:
        if file is not None:
            raise typer.BadParameter("it plays the simulated service alone", param_hint="--store")
        target = cluster(url, api_key, ca_certs, namespace, configuration(config))
        prepare(output)
        played = _play_there(target, output)
    elif file is None:
        if time or text or categorical or prediction or drop:
            raise typer.BadParameter("columns are named of a file; give it", param_hint="--input")
        prepare(output)
        played = play(simulated(output), output, progress)
    elif time is None:
        raise typer.BadParameter("name the file's time column", param_hint="--time")
    else:
        roles = Roles(
            time=time,
            predictions=tuple(prediction or ()),
            text=tuple(text or ()),
            categorical=tuple(categorical or ()),
            drop=tuple(drop or ()),
        )
        prepare(output)
        with own_file(file, roles, output) as scene:
            played = play(scene, output, progress)
    if as_json:
        show_json(_values(played))
    else:
        there = f" --store elasticsearch{_ways(target)}" if store is Store.ELASTICSEARCH else ""
        _tell(played, clock.monotonic() - begun, own=file is not None, there=there)


def _play_there(target: "Cluster", output: Path) -> "Played":
    from driftlog._upload import Upload  # noqa: PLC0415 - an extra

    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    upload = Upload(
        url=target.url,
        api_key=target.api_key,
        ca_certs=target.ca_certs,
        namespace=target.namespace,
    )
    with target.connected() as client:
        from driftlog_analyzers._demo._elastic import play_there  # noqa: PLC0415 - needs the client
        from driftlog_analyzers._demo._live import Play  # noqa: PLC0415 - as above

        return play_there(Play(hour), output, client, upload, progress)


def _ways(target: "Cluster") -> str:
    ways = {"url": shown(target.url), "ca-certs": target.ca_certs, "namespace": target.namespace}
    return repeated(ways)


def _tell(played: "Played", seconds: float, *, own: bool, there: str = "") -> None:
    score = played.score
    columns = ("fault", "began (UTC)", "found (UTC)", "by", "events after onset ")
    show(
        f"{played.events:,} events of model {played.model} in {played.windows:,} windows of "
        f"{played.size}, held against {played.reference:,} events of training data.",
        "",
        table(columns, [_row(catch) for catch in score.catches]),
        "",
        f"Further alerts about these features: {len(score.further)}.",
        f"Alerts about anything else: {len(score.false)} in {score.feature_windows:,} "
        f"feature-windows (tolerated: {played.budget:g} in 1,000).",
    )
    for alert in score.false[:_SHOWN_ALERTS]:
        show(f"  {alert.opened}: {alert.detector}: {alert.first.summary}")
    if len(score.false) > _SHOWN_ALERTS:
        show(f"  and {len(score.false) - _SHOWN_ALERTS:,} more")
    if there:
        show(
            "In its last hours the service also gets slower, fails more often and takes in a new version,"
            " and for two hours Elasticsearch was away."
        )
    if own and score.false:
        show("In your own data such an alert may be true: nobody has said that it is stationary.")
    where = there or f" --spool {played.spool}"
    more = (
        "driftlog dashboards import" if there else f"cat {played.spool}/*.ndjson | head -2 | jq ."
    )
    show(
        "",
        f"Report: {played.report}   (made in {seconds:.0f} s)",
        "Look further:",
        f"  driftlog alerts list{where}",
        f"  driftlog alerts show {_first_id(played)}{where}",
        f"  {more}",
    )


def _row(catch: "Catch") -> tuple[str, str, str, str, str]:
    began = f"{catch.fault.onset:%Y-%m-%d %H:%M}"
    if catch.alert is None or catch.alert.raised is None:
        if catch.open is None:
            return catch.fault.summary, began, "not found", "", ""
        since = f"open since {catch.open.opened.start:%Y-%m-%d %H:%M}"
        return catch.fault.summary, began, since, catch.open.detector, ""
    found = f"{catch.alert.raised.end:%Y-%m-%d %H:%M}"
    return catch.fault.summary, began, found, catch.alert.detector, f"{catch.events:,}"


def _first_id(played: "Played") -> str:
    return next((c.alert.id[:8] for c in played.score.catches if c.alert), "ID")


def _values(played: "Played") -> dict[str, object]:
    score = played.score
    return {
        "model": played.model,
        "events": played.events,
        "reference": played.reference,
        "windows": played.windows,
        "window": str(played.size),
        "faults": [
            {
                "fault": catch.fault.summary,
                "kind": catch.fault.kind,
                "feature": catch.fault.feature,
                "began": catch.fault.onset,
                "found": catch.alert.raised.end if catch.alert and catch.alert.raised else None,
                "detector": catch.alert.detector if catch.alert else None,
                "alert": catch.alert.id if catch.alert else None,
                "events": catch.events,
                "open_before": catch.open.id if catch.open else None,
            }
            for catch in score.catches
        ],
        "further": [alert.id for alert in score.further],
        "other_alerts": [
            {"id": a.id, "detector": a.detector, "feature": a.feature, "summary": a.first.summary}
            for a in score.false
        ],
        "feature_windows": score.feature_windows,
        "spool": played.spool,
        "report": played.report,
    }
