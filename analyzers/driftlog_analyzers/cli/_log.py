"""``driftlog log``: replay a file's rows as a service would have logged them."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import counted, moment, note, progress, show, show_json
from driftlog_analyzers.cli._options import ConfigOption, JsonOption, SpoolOption
from driftlog_analyzers.cli._place import configuration, spool_folder
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._replay import Beat, Replayed, Rows

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
Names = list[str]


def log(
    *,
    file: Annotated[Path, typer.Argument(help="CSV (.gz too) or Parquet file.", metavar="FILE")],
    model: Annotated[str, typer.Option("--model", help="The model's name.")],
    spool: SpoolOption = None,
    version: Annotated[str, typer.Option("--version", help="The model's version.")] = "1",
    time: Annotated[str | None, typer.Option("--time", help="Column with the event time.")] = None,
    text: Annotated[Names | None, typer.Option("--text", help="Column with text; repeat.")] = None,
    categorical: Annotated[
        Names | None, typer.Option("--categorical", help="Column whose numbers are codes; repeat.")
    ] = None,
    prediction: Annotated[
        Names | None, typer.Option("--prediction", help="Column with an output; repeat.")
    ] = None,
    identity: Annotated[str | None, typer.Option("--id", help="Column with the event id.")] = None,
    drop: Annotated[Names | None, typer.Option("--drop", help="Column left out; repeat.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="Time of the first row, where there is no --time."),
    ] = None,
    every: Annotated[
        str, typer.Option("--every", help="Time between rows, where there is no --time.")
    ] = "1s",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Rows to log.")] = None,
    skip: Annotated[
        int, typer.Option("--skip", min=0, help="First rows, by time, to leave out.")
    ] = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log a file's rows as a service would have.

    The rows go through the real logger, in order of time.
    """
    from driftlog_analyzers._replay import Roles, open_log  # noqa: PLC0415 - as above

    settings = configuration(config)
    folder = spool_folder(spool, settings)
    monitor = settings.monitor(model)
    roles = Roles(
        time=time,
        id=identity,
        predictions=tuple(prediction or ()),
        text=tuple(text or monitor.text),
        categorical=tuple(categorical or monitor.categorical),
        drop=tuple(drop or ()),
    )
    before = _segments(folder)
    with open_log(file, roles, _beat(start, every, time)) as rows:
        if skip >= rows.file.count:
            raise typer.BadParameter(
                f"{file} has {counted(rows.file.count, 'row')}, so none is left to log",
                param_hint="--skip",
            )
        _announce(rows)
        replayed = _replay(rows, folder, model, version, (skip, limit))
    segments = len(_segments(folder) - before)
    _tell(replayed, folder, segments, as_json=as_json)
    _require_whole(replayed, folder, skip, limit)


def _replay(
    rows: "Rows", spool: Path, model: str, version: str, part: tuple[int, int | None]
) -> "Replayed":
    from driftlog import PredictionLogger  # noqa: PLC0415 - when needed
    from driftlog_analyzers._replay import replay  # noqa: PLC0415 - as above

    skip, limit = part
    total = min(limit or rows.file.count, rows.file.count - skip)
    with (
        PredictionLogger(
            model=model,
            version=version,
            spool=spool,
            text=rows.roles.text,
            categorical=rows.roles.categorical,
        ) as logger,
        progress(f"logging {rows.file.path.name}") as advance,
    ):
        return replay(rows.read(limit, skip=skip), logger, total, advance)


def _segments(spool: Path) -> set[Path]:
    return set(spool.glob("*.ndjson*"))


def _beat(start: str | None, every: str, time: str | None) -> "Beat":
    from driftlog_analyzers._replay import Beat  # noqa: PLC0415 - as above

    if time and start:
        raise typer.BadParameter("give --time or --start, not both", param_hint="--start")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", every)
    if not match or not float(match[1]):
        raise typer.BadParameter(
            f"{every!r} is not a time span such as 1s, 5m or 1h", param_hint="--every"
        )
    span = timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    return Beat(span, moment(start, "--start") if start else None)


def _announce(rows: "Rows") -> None:
    if rows.time:
        note(f"Reading {rows.roles.time} as {rows.time.reading}.")
    else:
        note("No time column: event times are made up (--start, --every).")


def _tell(replayed: "Replayed", spool: Path, segments: int, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "rows": replayed.rows,
                "accepted": replayed.accepted,
                "dropped": replayed.dropped,
                "changed": replayed.changed,
                "first": replayed.first,
                "last": replayed.last,
                "segments": segments,
                "spool": spool,
            }
        )
        return
    show(
        f"{replayed.accepted:,} of {replayed.rows:,} rows are in {spool}, "
        f"{counted(segments, 'new segment')}, "
        f"{replayed.first:%Y-%m-%d %H:%M:%S} to {replayed.last:%Y-%m-%d %H:%M:%S} UTC."
    )
    for reason, count in sorted(replayed.dropped.items()):
        show(f"dropped ({reason}): {count:,}")
    for reason, count in sorted(replayed.changed.items()):
        show(f"values changed ({reason}): {count:,}")


def _require_whole(replayed: "Replayed", spool: Path, skip: int, limit: int | None) -> None:
    """Rows that are not in the spool make the command fail.

    Raises:
        StoreError: some were dropped.
    """
    lost = replayed.rows - replayed.accepted
    if not lost:
        return
    why = ", ".join(sorted(replayed.dropped)) or "unknown reason"
    if replayed.accepted == replayed.whole:
        rest = f" --limit {limit - replayed.whole}" if limit else ""
        advice = (
            "make room or correct the cause and log the rest with the same command and "
            f"--skip {skip + replayed.whole}{rest}"
        )
    else:
        advice = (
            f"row {skip + replayed.whole + 1} is the first of them and later ones were written, so "
            "make room or correct the cause and log the file again into another spool"
        )
    raise StoreError(
        f"{lost:,} of {replayed.rows:,} rows were not written to {spool} ({why}); {advice}"
    )
