"""``driftlog setup``: the templates and indices that driftlog needs in Elasticsearch."""

from typing import TYPE_CHECKING, Annotated

import typer

from driftlog_analyzers.cli._cluster import cluster
from driftlog_analyzers.cli._console import show, show_json
from driftlog_analyzers.cli._options import (
    ApiKeyOption,
    CertificatesOption,
    ConfigOption,
    JsonOption,
    NamespaceOption,
    UrlOption,
)
from driftlog_analyzers.cli._place import configuration

if TYPE_CHECKING:
    from driftlog_analyzers._elasticsearch._setup import Installed


def setup(
    *,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    ca_certs: CertificatesOption = None,
    namespace: NamespaceOption = None,
    retention: Annotated[
        str | None,
        typer.Option(
            "--retention",
            envvar="DRIFTLOG_RETENTION",
            help="How long events are kept at least; by default as long as now, at first 90d.",
            metavar="TIME",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every body as JSON; connect to nothing.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Install index templates and state indices in Elasticsearch.

    Run it under an administrator's key, again after each upgrade, and as often as you like.
    """
    settings = configuration(config)
    named = settings.elasticsearch
    retention = named.retention if retention is None else retention
    if dry_run:
        _print_bodies(named.namespace if namespace is None else namespace, retention)
        return
    target = cluster(url, api_key, ca_certs, namespace, settings)
    from driftlog._upload._connect import connect  # noqa: PLC0415 - when needed

    with connect(target.url, api_key=target.api_key, ca_certs=target.ca_certs) as client:
        from driftlog_analyzers._elasticsearch._setup import install  # noqa: PLC0415 - needs the client

        installed = install(client, target.url, namespace=target.namespace, retention=retention)
    _tell(installed, as_json=as_json)


def _print_bodies(namespace: str, retention: str | None) -> None:
    from driftlog_analyzers._elasticsearch._bodies import RETENTION, requests  # noqa: PLC0415 - when needed
    from driftlog_analyzers._elasticsearch._templates import Features  # noqa: PLC0415 - as above

    wanted = requests(namespace, RETENTION if retention is None else retention, Features())
    show_json({f"PUT /{request.path}": request.body for request in wanted})


def _tell(installed: "Installed", *, as_json: bool) -> None:
    if as_json:
        show_json(installed)
        return
    version = f" {installed.version}" if installed.version else ""
    show(f"Elasticsearch{version} at {installed.url} has, for namespace {installed.namespace}:")
    show(*(f"  {path}" for path in installed.paths))
    show(f"Events are kept {installed.retention} at least.", *installed.notes)
