"""Where a command works: on a spool and the files beside it, or in Elasticsearch."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from driftlog_analyzers._elasticsearch._names import check_namespace, shown, state_index
from driftlog_analyzers.errors import InputError, StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from driftlog_analyzers._config import Config
    from driftlog_analyzers._state import BaselineHome, State
    from driftlog_analyzers._store import EventStore

_TIMEOUT = 120.0
_NEEDED = ("profiles", "findings", "alerts", "baselines")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One namespace of an Elasticsearch, and how to get there.

    Attributes:
        url: where it is; it may hold a password.
        namespace: last part of all names.
        api_key: the encoded key; None for none.
        ca_certs: file of the certificates to trust; None for the client's own.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    url: str = field(repr=False)
    namespace: str = "default"
    api_key: str | None = field(default=None, repr=False)
    ca_certs: str | None = None

    def __post_init__(self) -> None:
        check_namespace(self.namespace)

    def __str__(self) -> str:
        return f"Elasticsearch at {shown(self.url)}, namespace {self.namespace}"

    @contextmanager
    def connected(self) -> Iterator["Elasticsearch"]:
        """A client of a server that is there, is Elasticsearch, is new enough, and takes the key.

        Raises:
            StoreError: it is not so, or a later request fails.
            ShipperError: the client is not installed, or cannot be used so.
        """
        from driftlog._upload._connect import connect  # noqa: PLC0415 - when needed

        with connect(
            self.url, api_key=self.api_key, ca_certs=self.ca_certs, timeout=_TIMEOUT
        ) as client:
            from driftlog_analyzers._elasticsearch import _errors, _setup  # noqa: PLC0415 - need the client

            with _errors.explained(self.url):
                _setup.server_version(client, self.url)
                yield client


@dataclass(frozen=True, slots=True)
class Place:
    """Where the events are and where what is found of them is kept.

    Attributes:
        events: the spool's folder, or Elasticsearch.
        state: the state file, beside which the baselines are, or Elasticsearch.
        config: the configuration; the defaults where no file is named.
        options: the options that lead another command to the same place; no secret is among them.
        shipping: those that lead the uploader there.
    """

    events: Path | Cluster
    state: Path | Cluster
    config: "Config"
    options: str = ""
    shipping: str = ""

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
    def open_store(self) -> Iterator["EventStore"]:
        """The events.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.events, Cluster):
            with self.events.connected() as client:
                from driftlog_analyzers._elasticsearch._store import ElasticsearchStore  # noqa: PLC0415 - needs the client

                if isinstance(self.state, Cluster):
                    _require_setup(client, self.state)
                yield ElasticsearchStore(client, self.events.namespace)
        else:
            from driftlog_analyzers._spool_store import SpoolStore  # noqa: PLC0415 - when needed

            with SpoolStore(self.events) as store:
                yield store

    @contextmanager
    def open_state(self) -> Iterator["State"]:
        """Profiles, evaluations and alerts.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.state, Cluster):
            with self.state.connected() as client:
                from driftlog_analyzers._elasticsearch._state import ElasticsearchState  # noqa: PLC0415 - needs the client

                _require_setup(client, self.state)
                yield ElasticsearchState(client, self.state.namespace)
        else:
            from driftlog_analyzers._state_file import StateFile  # noqa: PLC0415 - when needed

            with StateFile(self.state) as state:
                yield state

    @contextmanager
    def open_baselines(self) -> Iterator["BaselineHome"]:
        """The baselines.

        Raises:
            StoreError: they cannot be read.
        """
        if isinstance(self.state, Cluster):
            with self.state.connected() as client:
                from driftlog_analyzers._elasticsearch import _baselines  # noqa: PLC0415 - needs the client

                _require_setup(client, self.state)
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


def repeated(options: Mapping[str, object | None]) -> str:
    """The options that were given, as they are written after a command."""
    return "".join(f" --{key} {shlex.quote(str(at))}" for key, at in options.items() if at)


def configuration(path: Path | None) -> "Config":
    """What the file says; the defaults where none is named.

    Raises:
        ConfigError: it has problems.
    """
    from driftlog_analyzers._config import Config, load_config  # noqa: PLC0415 - pydantic is slow

    return load_config(path) if path else Config()


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


def cluster(
    url: str | None,
    api_key: str | None,
    ca_certs: str | None,
    namespace: str | None,
    config: "Config",
) -> Cluster:
    """The Elasticsearch that is named by the options or the variables, else by the configuration.

    Raises:
        typer.BadParameter: none is.
        ConfigError: the file with the key, or the namespace, cannot be used.
    """
    named = config.elasticsearch
    address = named.url if url is None else url
    if address is None:
        raise typer.BadParameter(
            "name Elasticsearch with --url URL or ELASTICSEARCH_URL,"
            " or with url under [elasticsearch] in --config FILE",
            param_hint="--url",
        )
    file = str(named.ca_certs) if named.ca_certs else None
    return Cluster(
        url=address,
        namespace=named.namespace if namespace is None else namespace,
        api_key=(named.read_api_key() if api_key is None else api_key) or None,
        ca_certs=ca_certs or file,
    )


def _folder(state: Path) -> Path:
    return state.parent / "baselines"


def _how_filled(where: Place) -> str:
    if isinstance(where.events, Cluster):
        return f"ship a spool: driftlog ship --spool DIR{where.shipping}"
    return (
        "log some with driftlog.PredictionLogger, or replay a file: "
        f"driftlog log FILE --spool {where.events} --model NAME"
    )


def _require_setup(client: "Elasticsearch", cluster: Cluster) -> None:
    """Check that the indices of the state are there: a document must never make one by itself.

    Raises:
        StoreError: one is missing.
    """
    from elasticsearch import NotFoundError  # noqa: PLC0415 - slow to load

    names = [state_index(kind, cluster.namespace) for kind in _NEEDED]
    try:
        client.indices.get_settings(index=names, name="index.uuid")
    except NotFoundError as error:
        options = repeated({"url": shown(cluster.url), "namespace": cluster.namespace})
        raise StoreError(
            f"{cluster}, is not set up for driftlog (an index is missing); run: driftlog setup{options}"
        ) from error
