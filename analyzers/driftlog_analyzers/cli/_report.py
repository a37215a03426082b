"""``driftlog report``: one HTML file with health, alerts and evidence."""

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers._window import WindowSize, parse_size
from driftlog_analyzers.cli._console import counted, note, show, show_json
from driftlog_analyzers.cli._options import (
    BaselineOption,
    JsonOption,
    ModelOption,
    VersionOption,
    WindowOption,
    at_place,
)
from driftlog_analyzers.cli._place import Place, pick_model
from driftlog_analyzers.errors import BaselineError, InputError, StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._baseline import Baseline
    from driftlog_analyzers._finding import Evaluation
    from driftlog_analyzers._recovery import Damage
    from driftlog_analyzers._report import ReportData


@at_place
def report(
    where: Place,
    *,
    model: ModelOption = None,
    window: WindowOption = None,
    baseline: BaselineOption = None,
    version: VersionOption = None,
    output: Annotated[Path, typer.Option("--output", help="The HTML file.", metavar="FILE")] = Path(
        "report.html"
    ),
    as_json: JsonOption = False,
) -> None:
    """Write an HTML file of what was found.

    It is self-contained and needs no network.
    """
    from driftlog_analyzers._report import render_report  # noqa: PLC0415 - when needed

    where.require_state()
    data = data_of(where, model, window, (baseline, version))
    page, windows = render_report(data), len(data.evaluations)
    write_page(output, page)
    if data.caution:
        named = {"model": data.model, "window": data.size, "baseline": baseline, "version": version}
        options = [f" --{key} {shlex.quote(str(name))}" for key, name in named.items() if name]
        again = where.command(f"analyze{''.join(options)}")
        note(f"Caution: {data.caution}; bring them up to date with: {again}")
    if as_json:
        show_json({"report": output, "bytes": len(page.encode()), "windows": windows})
    else:
        show(f"{output}: {counted(windows, 'window')}, {len(page.encode()) / 1024:,.0f} KiB.")


def data_of(
    where: Place, model: str | None, window: str | None, wanted: tuple[Path | None, str | None]
) -> "ReportData":
    """What the report is made of; *wanted* is the baseline's file or version.

    Raises:
        StoreError: nothing was analysed with windows of this size.
    """
    from driftlog_analyzers._report import ReportData  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - as above

    with where.open_store() as store, where.open_state() as state:
        name = pick_model(store, where, model)
        size = _size(window or where.config.monitor(name).window, state.sizes(name), name, where)
        evaluations = tuple(state.evaluations(name, size))
        shown = _shown(where, name, wanted, evaluations)
        return ReportData(
            model=name,
            baseline=shown,
            size=size,
            generated=datetime.now(UTC),
            evaluations=evaluations,
            profiles=[(found, profile) for found, _, profile in state.profiles(name, size)],
            episodes=state.episodes(name, size=size),
            budget=where.config.detection.budget,
            accounting=_damaged(_run.damage_of(store)),
            caution=_run.caution(where, shown, evaluations, size),
        )


def _shown(
    where: Place,
    model: str,
    wanted: tuple[Path | None, str | None],
    evaluations: "Sequence[Evaluation]",
) -> "Baseline":
    """The baseline beside which the windows are shown.

    Raises:
        BaselineError: there is none, or it is for another model.
    """
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - when needed

    try:
        return _run.find(where, model, *wanted)
    except BaselineError as error:
        named = wanted[0] or where.config.monitor(model).baseline
        if named or not evaluations or _is_kept(where, model):
            raise
        raise BaselineError(
            f"the windows of model {model!r} were judged by a baseline that is not kept in {where.baselines};"
            " name it with --baseline PATH, as for analyze"
        ) from error


def _is_kept(where: Place, model: str) -> bool:
    try:
        with where.open_baselines() as home:
            home.find(model)
    except BaselineError:
        return False
    return True


def _damaged(segments: "Mapping[Path, Damage]") -> dict[str, int]:
    """Damaged lines by reason, over all segments."""
    total: Counter[str] = Counter()
    for damage in segments.values():
        total.update({f"damaged lines ({reason})": n for reason, n in damage.reasons.items()})
    return dict(total)


def _size(
    wanted: str | WindowSize, analysed: Sequence[str], model: str, where: Place
) -> WindowSize:
    """The size that was asked for, or the only one that was analysed."""
    size = parse_size(wanted) if isinstance(wanted, str) else wanted
    if str(size) in analysed:
        return size
    if isinstance(wanted, str) or len(analysed) != 1:
        there = (
            f"there are windows of {' and of '.join(analysed)}" if analysed else "there are none"
        )
        raise StoreError(
            f"no windows of {size} were analysed for model {model!r}, {there}; name their size with "
            f"--window, or run: {where.command('analyze')} --window '{size}'"
        )
    return parse_size(analysed[0])


def write_page(path: Path, page: str) -> None:
    """Write the HTML file; an earlier one stays until all of the new one is on the disk.

    Raises:
        InputError: it cannot be written.
    """
    path = path.resolve()  # the file that a link leads to is replaced, and not the link
    special = path.exists() and not path.is_file()
    draft = path if special else path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(page)
            file.flush()
            if not special:
                os.fsync(file.fileno())
        if not special:
            draft.replace(path)
    except OSError as error:
        if not special:
            with suppress(OSError):
                draft.unlink()
        raise InputError(f"report {path} cannot be written: {error.strerror}") from error
