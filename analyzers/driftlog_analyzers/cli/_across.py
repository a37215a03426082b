"""``driftlog across``: do windows differ among themselves."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import moment, show, show_json, table
from driftlog_analyzers.cli._options import JsonOption, ModelOption, WindowOption, at_place
from driftlog_analyzers.cli._place import Place, pick_model
from driftlog_analyzers.errors import InputError, StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._across import Across
    from driftlog_analyzers._profile import Numeric


class Test(StrEnum):
    """The tests, as `AcrossTest` names them; scipy is slow to load."""

    KRUSKAL = "kruskal"
    ANOVA = "anova"
    T = "t"


@at_place
def across(
    where: Place,
    *,
    test: Annotated[
        Test, typer.Option("--test", help="Ranks, variances, or Welch's t of two windows.")
    ] = Test.KRUSKAL,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="A numeric feature; repeat. Default: all.")
    ] = None,
    model: ModelOption = None,
    window: WindowOption = None,
    start: Annotated[str | None, typer.Option("--from", help="Windows from this time on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows up to this time.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Test whether analyzed windows differ among themselves.

    Not beside the baseline: for that, see analyze.
    """
    from driftlog_analyzers.cli import _run  # noqa: PLC0415 - when needed

    where.require_state()
    span = (moment(start, "--from") if start else None, moment(end, "--to") if end else None)
    with where.open_store() as store:
        name = pick_model(store, where, model)
    size = _run.window_size(window, where.config.monitor(name))
    numbers: dict[str, list[Numeric]] = {}
    with where.open_state() as state:
        for _, _, profile in state.profiles(name, size, *span):
            for key, found in profile.features.items():
                if found.numeric and found.numeric.bins:
                    numbers.setdefault(key, []).append(found.numeric)
    if not numbers:
        raise StoreError(
            f"no windows of {size} of model {name!r} with numbers were analyzed there; run: "
            f"{where.command(f'analyze --model {name} --window {str(size).split()[0]}')}"
        )
    _tell(_tested(test, numbers, feature), as_json=as_json)


def _tested(
    test: Test, numbers: "dict[str, list[Numeric]]", wanted: list[str] | None
) -> "dict[str, Across]":
    from driftlog_analyzers._across import AcrossTest  # noqa: PLC0415 - scipy is slow
    from driftlog_analyzers._across import across as tested  # noqa: PLC0415 - as above

    if unknown := [name for name in wanted or () if name not in numbers]:
        raise InputError(
            f"no window has numbers of {unknown[0]!r}; numeric features: {', '.join(sorted(numbers))}"
        )
    found = {name: _alike(numbers[name]) for name in wanted or sorted(numbers)}
    return {name: tested(AcrossTest(test), windows) for name, windows in found.items()}


def _alike(windows: "list[Numeric]") -> "list[Numeric]":
    """Those with the latest windows' edges: an earlier baseline may have had others."""
    return [window for window in windows if window.edges == windows[-1].edges]


def _tell(found: "dict[str, Across]", *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [
        (
            name,
            f"{a.windows:,}",
            f"{a.n:,}",
            f"{a.statistic:.4g}",
            f"{a.p_value:.3g}",
            f"{a.effect:.3g}",
        )
        for name, a in found.items()
    ]
    show(table(("feature", "windows ", "numbers ", "statistic ", "p ", "effect "), rows))
