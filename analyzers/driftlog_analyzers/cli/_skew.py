"""``driftlog skew``: what the service saw beside what training, or a recomputation, has for the same events."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._chart import short
from driftlog_analyzers.cli._console import counted, progress, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, ModelOption, at_place
from driftlog_analyzers.cli._place import Place, pick_model

if TYPE_CHECKING:
    from driftlog_analyzers._skew import Skew, SkewReport

_SKEWED = 3
_TOLERANCE = 1e-6
_SHARE = 0.01
_SAMPLE = 10_000


@at_place
def skew(
    where: Place,
    *,
    file: Annotated[
        Path,
        typer.Option("--input", help="Features computed offline, CSV or Parquet.", metavar="FILE"),
    ],
    key: Annotated[str, typer.Option("--id", help="Its column with the event ids.")],
    model: ModelOption = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Rows to look up, always the same; 0 for all.")
    ] = _SAMPLE,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            min=0.0,
            help="Relative difference of numbers that is none; services often compute in 32 bits.",
        ),
    ] = _TOLERANCE,
    minimum: Annotated[
        float,
        typer.Option(
            "--min-share",
            min=0.0,
            max=1.0,
            help="Share of differing events that a finding exceeds.",
        ),
    ] = _SHARE,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Column that is no feature; repeat.")
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option("--entity", help="Column of the entity, to tell values that lag behind."),
    ] = None,
    fail_on_skew: Annotated[
        bool, typer.Option("--fail-on-skew", help="Exit with 3 if a feature is skewed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare logged features with an offline recomputation.

    Rows and events are joined by event id, and compared value by value. Only the events of the
    sampled ids are read from the store.
    """
    from driftlog_analyzers._offline import open_offline  # noqa: PLC0415 - when needed
    from driftlog_analyzers._skewing import find_skew  # noqa: PLC0415 - as above

    with where.open_store() as store:
        name = pick_model(store, where, model)
        ignored = tuple(ignore or ())
        with (
            open_offline(file, key, ignored=ignored, entity=entity) as offline,
            progress(f"looking up rows of {file.name}") as advance,
        ):
            report = find_skew(
                store,
                name,
                offline,
                sample=sample or None,
                tolerance=tolerance,
                minimum=minimum,
                entity=entity,
                progress=advance,
            )
    if as_json:
        show_json(_document(name, file, report, tolerance, minimum))
    else:
        _show(name, file, report, minimum)
    if fail_on_skew and report.found:
        raise typer.Exit(_SKEWED)


def _document(
    model: str, file: Path, report: "SkewReport", tolerance: float, minimum: float
) -> dict[str, object]:
    return {
        "model": model,
        "input": file,
        "rows": report.rows,
        "sampled": report.sampled,
        "matched": report.matched,
        "not_in_log": report.not_in_log,
        "not_in_file": report.not_in_file,
        "repeated": report.repeated,
        "tolerance": tolerance,
        "min_share": minimum,
        "not_logged_columns": report.foreign,
        "skewed": [one.feature for one in report.found],
        "features": [_values(one) for one in report.skews],
    }


def _values(one: "Skew") -> dict[str, object]:
    from driftlog_analyzers._skew import values_of  # noqa: PLC0415 - when needed

    return {
        "feature": one.feature,
        "compared": one.n,
        "mismatched": one.mismatched,
        "share": one.share,
        "interval": [one.low, one.high],
        "different": one.different,
        "type": one.types,
        "not_logged": one.not_logged,
        "not_offline": one.not_offline,
        "skewed": one.found,
        "explanation": one.explanation or None,
        "examples": values_of(one.examples),
    }


def _show(model: str, file: Path, report: "SkewReport", minimum: float) -> None:
    about = "" if report.sampled == report.rows else "about "
    show(
        f"{counted(report.sampled, 'row')} of {report.rows:,} in {file} looked up: "
        f"{report.matched:,} are events of model {model}, {report.not_in_log:,} are not in the log; "
        f"{about}{report.not_in_file:,} of {counted(report.events, 'event')} are not in the file."
    )
    if report.repeated:
        show(f"{counted(report.repeated, 'id')} of several events each: not compared.")
    if report.foreign:
        show(f"Columns that those events do not have: {', '.join(map(short, report.foreign))}.")
    columns = ("feature", "compared ", "differ ", "95 % interval", "other type ", "only offline ")
    rows = [_cells(one) for one in report.skews]
    show("", table((*columns, "only logged ", "skew", "explanation"), rows), "")
    found = len(report.found)
    words = "is" if found == 1 else "are"
    show(
        f"{found:,} of {counted(len(report.skews), 'feature')} {words} skewed,"
        f" the interval being above {minimum:.3%}."
    )


def _cells(one: "Skew") -> tuple[str, ...]:
    counts = (one.types, one.not_logged, one.not_offline)
    return (
        one.feature,
        f"{one.n:,}",
        f"{one.share:.2%}",
        f"{one.low:.2%} to {one.high:.2%}",
        *(f"{count:,}" for count in counts),
        "yes" if one.found else "no",
        one.explanation,
    )
