"""Options that several commands share, and where they lead to."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.errors import InputError, StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._config import Config
    from driftlog_analyzers._spool_store import SpoolStore

SpoolOption = Annotated[
    Path | None,
    typer.Option("--spool", envvar="DRIFTLOG_SPOOL", help="Folder of the spool.", metavar="DIR"),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="Folder for baselines and alerts, by default 'analysis' in the spool.",
        metavar="DIR",
    ),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A driftlog.toml.", metavar="FILE")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="The model's name, where the spool holds several.")
]
WindowOption = Annotated[
    str | None, typer.Option("--window", help="1h, 15m, 1d, or a number of events; 1h.")
]
BaselineOption = Annotated[
    Path | None, typer.Option("--baseline", help="A baseline file.", metavar="PATH")
]
VersionOption = Annotated[
    str | None, typer.Option("--version", help="The model version whose baseline counts.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the events are and where what is found of them is kept.

    Attributes:
        spool: folder of the spool.
        state: the state file.
        baselines: folder of the baselines.
        config: the configuration; the defaults where no file is named.
        options: the options that lead another command to the same place.
    """

    spool: Path
    state: Path
    baselines: Path
    config: "Config"
    options: str = ""

    def command(self, words: str) -> str:
        """A command about the same place, to be copied."""
        return f"driftlog {words}{self.options}"

    @property
    def writable(self) -> bool:
        """Whether baselines and alerts can be kept where they are looked for."""
        folder = self.baselines.absolute()
        while not folder.exists():
            folder = folder.parent
        return os.access(folder, os.W_OK)

    def require_state(self) -> None:
        """Check that there was an analysis.

        Raises:
            StoreError: there is no state file.
        """
        if not self.state.is_file():
            raise StoreError(
                f"there is no analysis in {self.state.parent}; run: {self.command('analyze')}"
            )


def place(spool: Path | None, state: Path | None, config: Path | None) -> Place:
    """Where to work: by the options first, then by the configuration, then beside the spool.

    Raises:
        typer.BadParameter: no spool is named anywhere.
        ConfigError: the configuration has problems.
    """
    from driftlog_analyzers._config import Config, load_config  # noqa: PLC0415 - pydantic is slow

    settings = load_config(config) if config else Config()
    folder = spool or settings.spool
    if folder is None:
        raise typer.BadParameter(
            "name the spool's folder with --spool DIR, DRIFTLOG_SPOOL or spool in --config FILE",
            param_hint="--spool",
        )
    beside = (state or folder / "analysis") / "state.sqlite"
    file = settings.state if state is None and settings.state else beside
    named = {"spool": spool, "state": state, "config": config}
    options = "".join(f" --{key} {shlex.quote(str(at))}" for key, at in named.items() if at)
    return Place(folder, file, file.parent / "baselines", settings, options)


def pick_model(store: "SpoolStore", wanted: str | None) -> str:
    """The model that is meant: the one named, or the only one there is.

    Raises:
        StoreError: the spool is empty.
        InputError: there is no such model, or several and none is named.
    """
    models = store.models()
    if not models:
        raise StoreError(
            f"spool {store.path} holds no events yet; log some with driftlog.PredictionLogger, or "
            f"replay a file: driftlog log FILE --spool {store.path} --model NAME"
        )
    listed = ", ".join(models)
    if wanted is None:
        if len(models) > 1:
            raise InputError(
                f"spool {store.path} holds several models; name one with --model: {listed}"
            )
        return models[0]
    if wanted not in models:
        raise InputError(
            f"spool {store.path} holds no events of model {wanted!r}, only of: {listed}"
        )
    return wanted
