"""Where a new baseline goes, and what becomes of the one that is there."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from driftlog_analyzers.cli._console import note, show, show_json
from driftlog_analyzers.cli._place import Place
from driftlog_analyzers.errors import ConfigError, InputError

if TYPE_CHECKING:
    from driftlog_analyzers._baseline import Baseline

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Where a baseline is to be saved.

    Attributes:
        where: the place whose home of baselines it is.
        output: a file instead of that home.
        force: replace one that people have edited.
        if_absent: keep one that is there.
        closed: it is made with ``--closed``.
        as_json: say what was kept as JSON.
    """

    where: Place
    output: Path | None
    force: bool
    if_absent: bool
    closed: bool
    as_json: bool

    def require(self) -> None:
        """Check before the work that the baseline can be kept.

        Raises:
            InputError: the folder is read-only.
            StoreError: Elasticsearch is not there, or not set up.
        """
        if self.output:
            return
        if not self.where.writable:
            raise InputError(
                f"baselines in {self.where.baselines} cannot be written (read-only); name another place "
                "with --output PATH, or with --state DIR, and then for analyze too"
            )
        with self.where.open_baselines():
            pass

    def spare(self, model: str, version: str, wanted: "Baseline | None" = None) -> None:
        """Look before the work at the baseline that is there: what people edited is not lost without their word.

        Args:
            model: whose baseline is to be saved.
            version: of the model.
            wanted: the baseline, where it is known already; one that says the same is no loss.

        Raises:
            InputError: people have edited it.
            ConfigError: it cannot be read, so nobody knows.
            typer.Exit: it is to be kept.
        """
        if self.force:
            return
        from driftlog_analyzers._baseline import edited_rules  # noqa: PLC0415 - when needed

        try:
            there = self._there(model, version)
        except ConfigError as error:
            raise ConfigError(f"{error}; --force replaces it") from error
        if there is None:
            return
        if self.if_absent:
            self._tell_kept(there)
            raise typer.Exit
        same = wanted is not None and (there.constraints, there.outputs) == (
            wanted.constraints,
            wanted.outputs,
        )
        if (edited := edited_rules(there, closed=self.closed)) and not same:
            more = f" and {len(edited) - _SHOWN} more" if len(edited) > _SHOWN else ""
            raise InputError(
                f"the baseline {there.name} in {self._place} was edited since it was made, or made with --closed"
                f" ({', '.join(edited[:_SHOWN])}{more}); keep it, or replace it with --force"
            )

    def save(self, baseline: "Baseline") -> str:
        """Save it, with the calibrations of the one that is there where these still hold; where, in words."""
        from driftlog_analyzers._baseline_file import save_baseline  # noqa: PLC0415 - when needed

        baseline = self._calibrated(baseline)
        if self.output:
            save_baseline(baseline, self.output)
            return str(self.output)
        with self.where.open_baselines() as home:
            return home.save(baseline)

    def _calibrated(self, baseline: "Baseline") -> "Baseline":
        """With the calibrations that hold; people are told of those that do not."""
        from driftlog_analyzers._carried import carried  # noqa: PLC0415 - when needed

        with suppress(ConfigError):
            if there := self._there(baseline.model, baseline.version):
                baseline, lost = carried(there, baseline)
                if lost:
                    note(self._told_lost(baseline, [calibration.size for calibration in lost]))
        return baseline

    def _told_lost(self, baseline: "Baseline", sizes: Sequence[str]) -> str:
        at = f" --baseline {shlex.quote(str(self.output))}" if self.output else ""
        model = f"calibrate --model {shlex.quote(baseline.model)}{at}"
        again = "; ".join(self.where.command(f"{model} --window {size}") for size in sizes)
        return (
            f"The calibration of baseline {baseline.name} for windows of {', '.join(sizes)} was of another reference"
            f" and is dropped; learn it anew with: {again}"
        )

    def how_edited(self) -> str:
        """How people edit what was saved."""
        if self.output or isinstance(self.where.state, Path):
            return "; edit its constraints there."
        return (
            ". To edit its constraints, write a file with --output PATH, and analyze with"
            " --baseline PATH, or keep the file here with --load PATH."
        )

    @property
    def _place(self) -> str:
        return str(self.output or self.where.baselines)

    def _there(self, model: str, version: str) -> "Baseline | None":
        if self.output:
            from driftlog_analyzers._baseline_file import load_baseline  # noqa: PLC0415 - pydantic is slow

            return load_baseline(self.output) if self.output.is_file() else None
        with self.where.open_baselines() as home:
            return home.get(model, version)

    def _tell_kept(self, there: "Baseline") -> None:
        if self.as_json:
            show_json(values(there, self._place, saved=False))
        else:
            show(f"Baseline {there.name} in {self._place} is kept as it is.")


def values(baseline: "Baseline", path: str, *, saved: bool) -> dict[str, object]:
    """What ``--json`` prints of a baseline; *saved* is false where the one that was there is kept."""
    return {
        "model": baseline.model,
        "version": baseline.version,
        "source": baseline.source,
        "events": baseline.profile.events,
        "path": path,
        "saved": saved,
        "features": baseline.constraints,
    }
