"""``driftlog calibrate``: how the reference's own windows move, so that what is usual does not alert."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import counted, moment, progress, show, show_json, table
from driftlog_analyzers.cli._options import (
    BaselineOption,
    JsonOption,
    ModelOption,
    VersionOption,
    WindowOption,
    at_place,
)
from driftlog_analyzers.cli._place import Place, pick_model

if TYPE_CHECKING:
    from driftlog_analyzers._baseline import Baseline
    from driftlog_analyzers._calibration import Calibration
    from driftlog_analyzers._window import Window

_SHOWN = 12
_NAMED = 5


@at_place
def calibrate(
    where: Place,
    *,
    model: ModelOption = None,
    window: WindowOption = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="A stretch without faults, from this time on."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to this time.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            help="A stretch with a fault, to be left out; repeat.",
            metavar="FROM/TO",
        ),
    ] = None,
    baseline: BaselineOption = None,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from the reference's own windows what is usual.

    They are judged as if they were new; by default all from the reference's first event to its
    last. Says what windows will be compared with and how many alerts to expect.
    """
    from driftlog_analyzers._calibrating import calibrated  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - as above

    span = (moment(start, "--from") if start else None, moment(end, "--to") if end else None)
    with where.open_store() as store:
        name = pick_model(store, where, model)
        size = _run.window_size(window, where.config.monitor(name))
        found = _run.find(where, name, baseline, version)
        with progress(f"profiling windows of {size}") as advance:
            known = calibrated(
                store,
                found,
                size,
                start=span[0],
                end=span[1],
                without=[_stretch(text) for text in without or ()],
                settings=_run.settings(where, name),
                progress=advance,
            )
    kept = keep(known, where, baseline or where.config.monitor(name).baseline)
    calibration = known.calibrations[-1]
    if as_json:
        show_json(_values(known, calibration, kept))
    else:
        show(*_lines(known, calibration, kept))


def _stretch(text: str) -> "Window":
    """Read two times with a slash between them."""
    from driftlog_analyzers._window import Window  # noqa: PLC0415 - when needed

    start, slash, end = text.partition("/")
    if not slash:
        raise typer.BadParameter(
            f"{text!r} is not two times with a slash between, such as 2026-11-22/2026-11-24",
            param_hint="--without",
        )
    return Window(moment(start, "--without"), moment(end, "--without"))


def keep(baseline: "Baseline", where: Place, file: Path | None) -> str:
    """Save a baseline where it came from; where, in words."""
    from driftlog_analyzers._baseline_file import save_baseline  # noqa: PLC0415 - when needed

    if file:
        save_baseline(baseline, file)
        return str(file)
    with where.open_baselines() as home:
        return home.save(baseline)


def _values(baseline: "Baseline", calibration: "Calibration", kept: str) -> dict[str, object]:
    return {
        "model": baseline.model,
        "version": baseline.version,
        "window": calibration.size,
        "from": calibration.first,
        "to": calibration.last,
        "windows": calibration.windows,
        "mode": calibration.mode,
        "alerts_per_1000_without": calibration.rates,
        "alerts": calibration.alerts,
        "alerts_per_month": calibration.per_month,
        "loudest": calibration.loudest,
        "without": calibration.without,
        "spreads": calibration.spreads,
        "path": kept,
    }


def _lines(baseline: "Baseline", calibration: "Calibration", kept: str) -> list[object]:
    from driftlog_analyzers._calibration import WORDS, Mode  # noqa: PLC0415 - when needed

    tried = [
        (WORDS[Mode(mode)], f"{rate:.1f}", "this one" if mode == calibration.mode else "")
        for mode, rate in calibration.rates.items()
    ]
    widest = sorted(calibration.spreads.items(), key=lambda item: item[1].floor, reverse=True)[
        :_SHOWN
    ]
    moved = [
        (
            *map(str.strip, key.split(".", 1)),
            f"{spread.median:.3g}",
            f"{spread.largest:.3g}",
            f"{spread.floor:.3g}",
        )
        for key, spread in widest
    ]
    title = (
        f"Baseline {baseline.name}, {counted(calibration.windows, 'window')} of {calibration.size} "
        f"from {calibration.first:%Y-%m-%d %H:%M} to {calibration.last:%Y-%m-%d %H:%M} UTC"
    )
    expected = (
        f"Windows are compared with {WORDS[calibration.mode]}. Each of these windows judged by what the others "
        f"show: {counted(calibration.alerts, 'alert')}, {calibration.per_month:.1f} in 30 days."
    )
    return [
        title,
        table(("compared with", "alerts per 1,000 feature-windows ", "chosen"), tried),
        "",
        "What moved most among these windows; a finding must exceed the floor:",
        table(("detector", "feature", "median ", "largest ", "floor "), moved),
        "",
        expected,
        *_loudest(calibration),
        f"Saved beside {kept}; analyze judges by it from now on.",
    ]


def _loudest(calibration: "Calibration") -> list[object]:
    """The windows with most alerts, and how they are left out."""
    if not calibration.loudest:
        return []
    rows = [
        (
            f"{loud.window.start:%Y-%m-%dT%H:%M}/{loud.window.end:%Y-%m-%dT%H:%M}",
            ", ".join(loud.alerts[:_NAMED])
            + f" and {len(loud.alerts) - _NAMED} more" * (len(loud.alerts) > _NAMED),
        )
        for loud in calibration.loudest
    ]
    return [
        "",
        "Windows with most of them; a fault among them raises the floors, so leave it out by --without:",
        table(("window", "alerts"), rows),
        "",
    ]
