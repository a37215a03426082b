"""``driftlog baseline``: what is normal, from training data or from good days of the log."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._chart import short
from driftlog_analyzers.cli._console import counted, moment, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, at_place
from driftlog_analyzers.cli._place import Place, pick_model, tell_foreign
from driftlog_analyzers.cli._target import Target, values

if TYPE_CHECKING:
    from driftlog_analyzers._baseline import Baseline, Constraint
    from driftlog_analyzers._profile import FeatureProfile

Names = list[str]
_SHOWN_VALUES = 5


@at_place
def baseline(
    where: Place,
    *,
    model: Annotated[str | None, typer.Option("--model", help="The model's name.")] = None,
    version: Annotated[str | None, typer.Option("--version", help="The model's version.")] = None,
    file: Annotated[
        Path | None, typer.Option("--input", help="Training data, CSV or Parquet.", metavar="FILE")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Good events of the log, from this time on.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to this time.")] = None,
    text: Annotated[Names | None, typer.Option("--text", help="Column with text; repeat.")] = None,
    categorical: Annotated[
        Names | None, typer.Option("--categorical", help="Column whose numbers are codes; repeat.")
    ] = None,
    prediction: Annotated[
        Names | None, typer.Option("--prediction", help="Column with an output; repeat.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Column with the true values of the predictions."),
    ] = None,
    ignore: Annotated[
        Names | None,
        typer.Option(
            "--ignore", "--drop", "--time", "--id", help="Column that is no feature; repeat."
        ),
    ] = None,
    segments: Annotated[
        Names | None,
        typer.Option(
            "--segment", help="Categorical feature whose values are watched one by one; repeat."
        ),
    ] = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="Allow no values but those of the reference.")
    ] = False,
    load: Annotated[
        Path | None,
        typer.Option("--load", help="A baseline file to keep as it is.", metavar="PATH"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to save it.", metavar="PATH")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace one that people have edited.")
    ] = False,
    if_absent: Annotated[
        bool, typer.Option("--if-absent", help="Keep one that is there, whatever it says.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a baseline from a file or the log.

    From training data with --input, else from events of the log that are known to be good: those
    between --from and --to, or all so far. With --load it is one that was built before, and edited.
    """
    if force and if_absent:
        raise typer.BadParameter("give --force or --if-absent, not both", param_hint="--force")
    named = (model, version, file, start, end, label)
    making = (*named, text, categorical, prediction, ignore, segments)
    if load is not None and (closed or output or any(making)):
        raise typer.BadParameter(
            "a baseline is loaded as it is: leave out what says how to make one and --output",
            param_hint="--load",
        )
    if file is None and label:
        raise typer.BadParameter(
            "labels of the log are found by themselves; give --label with --input",
            param_hint="--label",
        )
    if file is not None and (start or end):
        raise typer.BadParameter("give --input, or --from and --to, not both", param_hint="--input")
    target = Target(where, output, force=force, if_absent=if_absent, closed=closed, as_json=as_json)
    target.require()
    if load is not None:
        built = _loaded(load, target)
    elif file is None:
        built = _from_log(target, model, version, (start, end), segments, closed=closed)
    elif model is None:
        raise typer.BadParameter("name the model that the file trained", param_hint="--model")
    else:
        roles = (text, categorical, prediction, ignore)
        built = _from_file(
            target, file, model, version, roles, segments, label=label, closed=closed
        )
    _save(built, target)


def _loaded(path: Path, target: Target) -> "Baseline":
    from driftlog_analyzers._baseline_file import load_baseline  # noqa: PLC0415 - when needed

    built = load_baseline(path)
    target.spare(built.model, built.version, built)
    return built


def _from_log(
    target: Target,
    model: str | None,
    version: str | None,
    span: tuple[str | None, str | None],
    segments: Names | None,
    *,
    closed: bool,
) -> "Baseline":
    from driftlog_analyzers._reference import baseline_from_store  # noqa: PLC0415 - when needed

    where = target.where
    start = moment(span[0], "--from") if span[0] else None
    end = moment(span[1], "--to") if span[1] else None
    with where.open_store() as store:
        name = pick_model(store, where, model)
        if version is None:
            extent = store.extent(name)
            versions = extent.versions if extent else {}
            version = max(versions, key=lambda key: versions[key], default="1")
        tell_foreign(where, name)
        target.spare(name, version)
        return baseline_from_store(
            store,
            model=name,
            version=version,
            start=start,
            end=end,
            segments=segments or where.config.monitor(name).segments,
            multivariate=where.config.monitor(name).multivariate,
            closed=closed,
        )


def _from_file(  # noqa: PLR0917 - what the command was given
    target: Target,
    file: Path,
    model: str,
    version: str | None,
    roles: tuple[Names | None, ...],
    segments: Names | None,
    *,
    label: str | None,
    closed: bool,
) -> "Baseline":
    from driftlog_analyzers._reference import baseline_from_file  # noqa: PLC0415 - when needed
    from driftlog_analyzers._table import Roles  # noqa: PLC0415 - as above

    monitor = target.where.config.monitor(model)
    version = version or monitor.version or "1"
    target.spare(model, version)
    text, categorical, prediction, ignore = roles
    return baseline_from_file(
        file,
        model=model,
        version=version,
        roles=Roles(
            text=frozenset(text or monitor.text),
            categorical=frozenset(categorical or monitor.categorical),
            predictions=frozenset(prediction or ()),
            ignored=frozenset(ignore or monitor.ignore),
        ),
        segments=segments or monitor.segments,
        label=label,
        multivariate=monitor.multivariate,
        closed=closed,
    )


def _save(built: "Baseline", target: Target) -> None:
    kept = target.save(built)
    rows = [(name, rule, built.profile.features[name]) for name, rule in built.constraints.items()]
    if target.as_json:
        show_json(values(built, kept, saved=True))
        return
    title = f"Baseline {built.name}, {counted(built.profile.events, 'event')} of {built.source}"
    columns = ("feature", "kind", "required", "absent ", "null ", "range or values")
    cells = [_cells(name, rule, found, built.profile.events) for name, rule, found in rows]
    show(title, table(columns, cells), "", f"Saved as {kept}{target.how_edited()}")


def _cells(
    name: str, rule: "Constraint", found: "FeatureProfile", events: int
) -> tuple[str, str, str, str, str, str]:
    absent, nulls = (events - found.present) / events, found.nulls / events
    required = "yes" if rule.required else "no"
    return name, rule.kind, required, f"{absent:.1%}", f"{nulls:.1%}", _content(found)


def _content(found: "FeatureProfile") -> str:
    if found.numeric and found.numeric.n:
        low, high, mean = found.numeric.minimum, found.numeric.maximum, found.numeric.mean
        return f"{low:.12g} to {high:.12g}, mean {mean:.6g}"
    if found.categorical:
        counts = found.categorical.counts
        common = sorted(counts, key=lambda value: (-counts[value], value))
        more = len(common) + found.categorical.tail_distinct - _SHOWN_VALUES
        return ", ".join(map(short, common[:_SHOWN_VALUES])) + (
            f" and {more:,} more" if more > 0 else ""
        )
    if found.text:
        return f"{found.text.tokens:,} tokens in {found.text.n:,} texts"
    return "no values"
