"""Where a command works: on a spool and the files beside it, or in Elasticsearch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from driftlog_analyzers.cli._cluster import Cluster
from driftlog_analyzers.cli._console import note
from driftlog_analyzers.errors import InputError, StoreError

if TYPE_CHECKING:
    from driftlog_analyzers._config import Config
    from driftlog_analyzers._notify._home import NotificationHome
    from driftlog_analyzers._state import BaselineHome, State
    from driftlog_analyzers._store import EventStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where the events are and where what is found of them is kept.

    Attributes:
        events: the spool's folder, or Elasticsearch.
        state: the state file, beside which the baselines are, or Elasticsearch.
        config: the configuration; the defaults where no file is named.
        options: the options that lead another command to the same place; no secret is among them.
        shipping: those that lead the uploader there.
        file: of the configuration; None where none is named.
    """

    events: Path | Cluster
    state: Path | Cluster
    config: "Config"
    options: str = ""
    shipping: str = ""
    file: Path | None = None

    @property
    def source(self) -> str:
        """Where the events are, in words."""
        return str(self.events) if isinstance(self.events, Cluster) else f"spool {self.events}"

    @property
    def baselines(self) -> str:
        """Where the baselines are, in words."""
        return str(self.state if isinstance(self.state, Cluster) else _folder(self.state))

    @property
    def remembered(self) -> str:
        """Where profiles, evaluations and alerts are, in words."""
        return str(self.state if isinstance(self.state, Cluster) else self.state.parent)

    @contextmanager
    def open_store(self, *, keeps: bool = False) -> Iterator["EventStore"]:
        """The events; what is learned of a spool's segments is kept beside the state, for the next command.

        Args:
            keeps: make the folder for that where there is none.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.events, Cluster):
            with self.events.connected() as client:
                from driftlog_analyzers._elasticsearch._store import ElasticsearchStore  # noqa: PLC0415 - needs the client

                if isinstance(self.state, Cluster):
                    self.state.require_setup(client)
                yield ElasticsearchStore(client, self.events.namespace)
        else:
            from driftlog_analyzers._spool_store import SpoolStore  # noqa: PLC0415 - when needed

            with SpoolStore(self.events, memory=self._memory(keeps=keeps)) as store:
                yield store

    def _memory(self, *, keeps: bool) -> Path | None:
        """The file of what is learned of segments; None where its folder would be made for that alone."""
        if isinstance(self.state, Path) and (keeps or self.state.parent.is_dir()):
            return self.state.with_name("segments.sqlite")
        return None

    @contextmanager
    def open_state(self) -> Iterator["State"]:
        """Profiles, evaluations and alerts.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.state, Cluster):
            with self.state.connected() as client:
                from driftlog_analyzers._elasticsearch._state import ElasticsearchState  # noqa: PLC0415 - needs the client

                self.state.require_setup(client)
                yield ElasticsearchState(client, self.state.namespace)
        else:
            from driftlog_analyzers._state_file import StateFile  # noqa: PLC0415 - when needed

            with StateFile(self.state) as state:
                yield state

    @contextmanager
    def open_notifications(self) -> Iterator["NotificationHome"]:
        """What is told and was told.

        Raises:
            StoreError: it cannot be read.
        """
        if isinstance(self.state, Cluster):
            with self.state.connected() as client:
                from driftlog_analyzers._elasticsearch import _notifications  # noqa: PLC0415 - needs the client

                self.state.require_setup(client)
                yield _notifications.ElasticsearchNotifications(client, self.state.namespace)
        else:
            from driftlog_analyzers._notify._file_home import NotificationFile  # noqa: PLC0415 - when needed

            with NotificationFile(self.state) as home:
                yield home

    @contextmanager
    def open_baselines(self) -> Iterator["BaselineHome"]:
        """The baselines.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.state, Cluster):
            with self.state.connected() as client:
                from driftlog_analyzers._elasticsearch import _baselines  # noqa: PLC0415 - needs the client

                self.state.require_setup(client)
                yield _baselines.ElasticsearchBaselines(client, self.state.namespace)
        else:
            from driftlog_analyzers._baseline_file import BaselineFolder  # noqa: PLC0415 - pydantic is slow

            yield BaselineFolder(_folder(self.state))

    def command(self, words: str) -> str:
        """A command about the same place, to be copied."""
        return f"driftlog {words}{self.options}"

    @property
    def writable(self) -> bool:
        """Whether baselines and alerts can be kept where they are looked for."""
        if isinstance(self.state, Cluster):
            return True  # only writing tells
        folder = _folder(self.state).absolute()
        while not folder.exists():
            folder = folder.parent
        return os.access(folder, os.W_OK)

    def require_state(self) -> None:
        """Check that there is a state file, where the state is one.

        Raises:
            StoreError: there is none.
        """
        if isinstance(self.state, Path) and not self.state.is_file():
            raise StoreError(
                f"there is no analysis in {self.remembered}; run: {self.command('analyze')}"
            )


def pick_model(store: "EventStore", where: Place, wanted: str | None) -> str:
    """The model that is meant: the one named, or the only one there is.

    Raises:
        StoreError: the store is empty.
        InputError: there is no such model, or several and none is named.
    """
    models = store.models()
    if not models:
        raise StoreError(f"{where.source} holds no events yet; {_how_filled(where)}")
    listed = ", ".join(models)
    if wanted is None:
        if len(models) > 1:
            raise InputError(
                f"{where.source} holds several models; name one with --model: {listed}"
            )
        return models[0]
    if wanted not in models:
        raise InputError(f"{where.source} holds no events of model {wanted!r}, only of: {listed}")
    return wanted


def tell_foreign(where: Place, model: str) -> None:
    """Say on stderr where the model's stream was made without driftlog's templates."""
    if not isinstance(where.events, Cluster):
        return
    with where.events.connected() as client:
        from driftlog._upload._head import stream_name  # noqa: PLC0415 - when needed
        from driftlog_analyzers._elasticsearch._streams import foreign_note, streams  # noqa: PLC0415 - needs the client

        name = stream_name(f"driftlog.{model}", where.events.namespace)
        for stream, ours in streams(client, name).items():
            if not ours:
                note(f"Caution: {foreign_note(stream)}.")


def configuration(path: Path | None) -> "Config":
    """What the file and the environment say; the defaults where they say nothing.

    Raises:
        ConfigError: it has problems.
    """
    from driftlog_analyzers._config import load_config  # noqa: PLC0415 - pydantic is slow

    return load_config(path, os.environ)


def spool_folder(spool: Path | None, config: "Config") -> Path:
    """The spool that is named by the option or the variable, else by the configuration.

    Raises:
        typer.BadParameter: none is.
    """
    folder = spool or config.spool
    if folder is None:
        raise typer.BadParameter(
            "name the spool's folder with --spool DIR, DRIFTLOG_SPOOL or spool in --config FILE",
            param_hint="--spool",
        )
    return folder


def _folder(state: Path) -> Path:
    return state.parent / "baselines"


def _how_filled(where: Place) -> str:
    if isinstance(where.events, Cluster):
        return f"ship a spool: driftlog ship --spool DIR{where.shipping}"
    return (
        "log some with driftlog.PredictionLogger, or replay a file: "
        f"driftlog log FILE --spool {where.events} --model NAME"
    )
