"""Answers Prometheus over HTTP."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from driftlog_analyzers.errors import ConfigError

_PORTS = 65_535


def serve(address: str, collectors: Iterable[Collector]) -> None:
    """Answer Prometheus at an address such as ``:9464`` or ``127.0.0.1:9464``, from a thread of its own.

    Raises:
        ConfigError: the address cannot be one, or is in use.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) <= _PORTS:
        raise ConfigError(
            f"{address!r} is no address for metrics; write one such as :9464 or 127.0.0.1:9464"
        )
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    try:
        start_http_server(int(port), host.strip("[]") or "0.0.0.0", registry)  # noqa: S104 - a scraper is on another host
    except OSError as error:
        raise ConfigError(
            f"metrics cannot be served at {address} ({error.strerror or error}); name another address with --metrics"
        ) from error
