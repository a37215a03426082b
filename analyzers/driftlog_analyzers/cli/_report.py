"""``driftlog report``: one HTML file with health, alerts and evidence."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers._window import WindowSize, parse_size
from driftlog_analyzers.cli._console import show, show_json
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
from driftlog_analyzers.errors import InputError, StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._spool_store import SpoolStore


def report(
    *,
    spool: SpoolOption = None,
    model: ModelOption = None,
    window: Annotated[
        str | None, typer.Option("--window", help="Size of the windows, as in analyze.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A baseline file.", metavar="PATH")
    ] = None,
    output: Annotated[Path, typer.Option("--output", help="The HTML file.", metavar="FILE")] = Path(
        "report.html"
    ),
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an HTML file of what was found.

    It is self-contained and needs no network.
    """
    where = place(spool, state, config)
    where.require_state()
    page, windows = page_of(where, model, window, baseline)
    write_page(output, page)
    if as_json:
        show_json({"report": output, "bytes": len(page.encode()), "windows": windows})
    else:
        show(f"{output}: {windows:,} windows, {len(page.encode()) / 1024:,.0f} KiB.")


def page_of(
    where: Place, model: str | None, window: str | None, baseline: Path | None
) -> tuple[str, int]:
    """The report as HTML, and how many windows it covers.

    Raises:
        StoreError: nothing was analysed with windows of this size.
    """
    from driftlog_analyzers._report import ReportData, render_report  # noqa: PLC0415 - when needed
    from driftlog_analyzers._spool_store import SpoolStore  # noqa: PLC0415 - as above
    from driftlog_analyzers._state import StateFile  # noqa: PLC0415 - as above
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - as above

    with SpoolStore(where.spool) as store, StateFile(where.state) as file:
        name = pick_model(store, model)
        size = _size(window or where.config.monitor(name).window, file.sizes(name), name, where)
        evaluations = tuple(file.evaluations(name, size))
        data = ReportData(
            model=name,
            baseline=_run.find(where, name, baseline, None),
            size=size,
            generated=datetime.now(UTC),
            evaluations=evaluations,
            profiles=[(found, profile) for found, _, profile in file.profiles(name, size)],
            episodes=file.episodes(name, size=size),
            budget=where.config.detection.budget,
            accounting=_damaged(store),
        )
    return render_report(data), len(evaluations)


def _damaged(store: "SpoolStore") -> dict[str, int]:
    """Damaged lines by reason, over all segments."""
    total: Counter[str] = Counter()
    for damage in store.damage.values():
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
            f"--window, or run: driftlog analyze --spool {where.spool} --window '{size}'"
        )
    return parse_size(analysed[0])


def write_page(path: Path, page: str) -> None:
    """Write the HTML file.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"report {path} cannot be written: {error.strerror}") from error
