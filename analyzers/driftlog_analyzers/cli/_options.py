"""Options that several commands share."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Concatenate, TypeVar

import typer

from driftlog_analyzers._elasticsearch._names import shown
from driftlog_analyzers.cli._cluster import cluster, repeated
from driftlog_analyzers.cli._place import Place, configuration, spool_folder
from driftlog_analyzers.errors import ConfigError

T = TypeVar("T")


class Store(StrEnum):
    """Where the events are."""

    SPOOL = "spool"
    ELASTICSEARCH = "elasticsearch"


StoreOption = Annotated[
    Store | None,
    typer.Option(
        "--store", envvar="DRIFTLOG_STORE", help="Where the events are, by default in the spool."
    ),
]
SpoolOption = Annotated[
    Path | None,
    typer.Option("--spool", envvar="DRIFTLOG_SPOOL", help="Folder of the spool.", metavar="DIR"),
]
SpoolsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--spool",
        envvar="DRIFTLOG_SPOOL",
        help="Folder of a spool; may be given more than once.",
        metavar="DIR",
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="ELASTICSEARCH_URL",
        help="Elasticsearch, such as https://localhost:9200.",
        metavar="URL",
    ),
]
ApiKeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="ELASTICSEARCH_API_KEY",
        help="Encoded API key; better in the variable, where other users cannot see it.",
        metavar="KEY",
    ),
]
CertificatesOption = Annotated[
    str | None,
    typer.Option(
        "--ca-certs",
        envvar="ELASTICSEARCH_CA_CERTS",
        help="File of the certificates to trust.",
        metavar="FILE",
    ),
]
NamespaceOption = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        envvar="DRIFTLOG_NAMESPACE",
        help="Last part of all names in Elasticsearch, by default 'default'.",
        metavar="NAME",
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="Folder for baselines and alerts, by default 'analysis' in the spool, or Elasticsearch.",
        metavar="DIR",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="DRIFTLOG_CONFIG", help="A driftlog.toml.", metavar="FILE"),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="The model's name, where the store holds several.")
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

_STORES_OWN = {
    Store.SPOOL: ("spool",),
    Store.ELASTICSEARCH: ("url", "api_key", "ca_certs", "namespace"),
}


def place(
    *,
    context: typer.Context,
    store: StoreOption = None,
    spool: SpoolOption = None,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    ca_certs: CertificatesOption = None,
    namespace: NamespaceOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
) -> Place:
    """Where to work: by the options first, then the variables, then the configuration.

    Raises:
        typer.BadParameter: no spool or no URL is named anywhere, or one that the store has not.
        ConfigError: the configuration has problems.
    """
    settings = configuration(config)
    kind = store or Store(settings.store)
    _refuse_foreign(context, kind)
    file = settings.state if state is None else state / "state.sqlite"
    ways: dict[str, object] = {"state": state, "config": config}
    if kind is Store.ELASTICSEARCH:
        elastic = cluster(url, api_key, ca_certs, namespace, settings)
        there = {"url": _repeatable(context, url), "ca-certs": ca_certs, "namespace": namespace}
        return Place(
            events=elastic,
            state=file or elastic,
            config=settings,
            options=repeated({"store": store} | there | ways),
            shipping=repeated(there | {"config": config}),
            file=config,
        )
    folder = spool_folder(spool, settings)
    named = {"store": store, "spool": spool} | ways
    beside = folder / "analysis" / "state.sqlite"
    return Place(folder, file or beside, settings, repeated(named), file=config)


def at_place(command: Callable[Concatenate[Place, ...], None]) -> Callable[..., None]:
    """Give a command the options of `place` in the stead of its first parameter."""
    return taking(place, command)


def taking(
    make: Callable[..., T], command: Callable[Concatenate[T, ...], None]
) -> Callable[..., None]:
    """Give a command the options of what makes its first argument in the stead of that."""
    options = inspect.signature(make).parameters

    @functools.wraps(command)
    def run(**given: Any) -> None:
        where = make(**{name: given.pop(name) for name in options})
        command(where, **given)

    _, *own = inspect.signature(command).parameters.values()
    taken = [*own, *options.values()]
    run.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in taken}  # typer reads them, too
    return run


@contextmanager
def needs_prometheus() -> Iterator[None]:
    """Say what to install where the import within fails.

    Raises:
        ConfigError: prometheus-client is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            "metrics need prometheus-client, which is not installed; run: pip install prometheus-client"
        ) from error


def alone(command: Callable[..., None]) -> Callable[..., None]:
    """Give a group's own command to run where none of the group's commands is named."""

    @functools.wraps(command)
    def run(**given: Any) -> None:
        if given["context"].invoked_subcommand is None:
            command(**given)

    run.__signature__ = inspect.signature(command)  # type: ignore[attr-defined]
    return run


def _refuse_foreign(context: typer.Context, store: Store) -> None:
    """Options on the command line must be of the store; variables may be there for other commands."""
    (other,) = set(Store) - {store}
    for name in _STORES_OWN[other]:
        if _source(context, name) == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(
                f"the store is {store}, which has no {option}; leave it out, or add --store {other}",
                param_hint=option,
            )


def _repeatable(context: typer.Context, url: str | None) -> str | None:
    """The URL without its password; where the variable holds one, that is left to the variable."""
    if url is None or (shown(url) != url and _source(context, "url") == "ENVIRONMENT"):
        return None
    return shown(url)


def _source(context: typer.Context, name: str) -> str | None:
    source = context.get_parameter_source(name)
    return source.name if source else None
