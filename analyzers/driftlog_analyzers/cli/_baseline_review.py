"""``driftlog baseline diff`` and ``accept``: what two baselines say otherwise, and a baseline amended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._console import counted, show, show_json, table
from driftlog_analyzers.cli._options import BaselineOption, JsonOption, VersionOption, at_place
from driftlog_analyzers.cli._place import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftlog_analyzers._amend import Difference


def baseline_diff(
    first: Annotated[Path, typer.Argument(help="A baseline file.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="Another one.", metavar="B")],
    as_json: JsonOption = False,
) -> None:
    """Say what baseline B says otherwise than A.

    The constraints first, then the rates, means and shares of the references that moved.
    """
    from driftlog_analyzers._amend import differences  # noqa: PLC0415 - when needed
    from driftlog_analyzers._baseline_file import load_baseline  # noqa: PLC0415 - as above

    before, after = load_baseline(first), load_baseline(second)
    found = differences(before, after)
    if as_json:
        show_json({"first": first, "second": second, "differences": found})
        return
    show(f"{first} ({before.name}) and {second} ({after.name})", *_lines(found))


@at_place
def baseline_accept(
    where: Place,
    *,
    alert: Annotated[str, typer.Argument(help="The alert's id or its beginning.", metavar="ID")],
    baseline: BaselineOption = None,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Amend the baseline by what an alert shows: from now on that is allowed.

    New values become known, the range is widened, null is allowed, a vanished feature is required
    no more. The file's other lines stay as people wrote them.
    """
    from driftlog_analyzers._amend import accepted, differences  # noqa: PLC0415 - when needed
    from driftlog_analyzers.cli import _calibrate, _run  # noqa: PLC0415 - as above

    where.require_state()
    with where.open_state() as state:
        episode = state.episode(alert)
    before = _run.find(where, episode.model, baseline, version)
    after = accepted(before, episode.latest)
    found = differences(before, after)
    kept = _calibrate.keep(after, where, baseline or where.config.monitor(episode.model).baseline)
    if as_json:
        show_json({"alert": episode.id, "path": kept, "differences": found})
        return
    show(f"{before.name}, by alert {episode.id}: {episode.summary}", *_lines(found))
    show("", f"Saved as {kept}. Judge by it with: {where.command('analyze')}")


def _lines(found: "Sequence[Difference]") -> list[object]:
    if not found:
        return ["The two say the same."]
    rows = [(one.feature, one.what, one.before, one.after) for one in found]
    return [
        table(("feature", "what", "before", "after"), rows),
        "",
        f"{counted(len(found), 'difference')}.",
    ]
