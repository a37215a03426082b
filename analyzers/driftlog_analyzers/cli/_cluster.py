"""Elasticsearch, as options, variables and configuration name it."""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from driftlog_analyzers._elasticsearch._names import check_namespace, shown, state_index
from driftlog_analyzers.errors import StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from driftlog_analyzers._config import Config

_TIMEOUT = 120.0
_NEEDED = ("profiles", "findings", "alerts", "baselines", "notifications")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One namespace of an Elasticsearch, and how to get there.

    Attributes:
        url: where it is; it may hold a password.
        namespace: last part of all names.
        api_key: the encoded key; None for none.
        ca_certs: file of the certificates to trust; None for the client's own.

    Raises:
        SettingsError: the URL cannot be one.
        ConfigError: the namespace cannot be one.
    """

    url: str = field(repr=False)
    namespace: str = "default"
    api_key: str | None = field(default=None, repr=False)
    ca_certs: str | None = None

    def __post_init__(self) -> None:
        from driftlog._upload._settings import check_url  # noqa: PLC0415 - when needed

        check_url(self.url)
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

    def require_setup(self, client: "Elasticsearch") -> None:
        """Check that the indices of the state are there: a document must never make one by itself.

        Raises:
            StoreError: one is missing.
        """
        from elasticsearch import NotFoundError  # noqa: PLC0415 - slow to load

        names = [state_index(kind, self.namespace) for kind in _NEEDED]
        try:
            client.indices.get_settings(index=names, name="index.uuid")
        except NotFoundError as error:
            options = repeated({"url": shown(self.url), "namespace": self.namespace})
            raise StoreError(
                f"{self}, is not set up for driftlog (an index is missing); run: driftlog setup{options}"
            ) from error


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
        SettingsError: the URL cannot be one.
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


def repeated(options: Mapping[str, object | None]) -> str:
    """The options that were given, as they are written after a command."""
    return "".join(f" --{key} {shlex.quote(str(at))}" for key, at in options.items() if at)
