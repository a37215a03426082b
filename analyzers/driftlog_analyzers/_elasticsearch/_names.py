"""Names of the data streams, indices and templates, all of them ending in a namespace; and how a URL is shown."""

import re
from urllib.parse import urlsplit

from driftlog_analyzers.errors import ConfigError

STATE_KINDS = ("profiles", "findings", "alerts", "actions", "baselines", "leases", "notifications")
_FORBIDDEN = '-\\/*?"<>| ,#:'
_LONGEST = 100


def events_pattern(namespace: str) -> str:
    """The data streams with the events of every model."""
    return f"logs-driftlog.*-{namespace}"


def heartbeat_stream(namespace: str) -> str:
    """The data stream with the shippers' heartbeats."""
    return f"metrics-driftlog.shipper-{namespace}"


def analyzer_stream(namespace: str) -> str:
    """The data stream with the analyzers' heartbeats."""
    return f"metrics-driftlog.analyzers-{namespace}"


def fields_index(namespace: str) -> str:
    """The index without documents that has every field of the data streams."""
    return f"driftlog-fields-{namespace}"


def state_index(kind: str, namespace: str) -> str:
    """The index with what the analyzers remember of one kind, of `STATE_KINDS`."""
    return f"driftlog-{kind}-{namespace}"


def shown(url: str) -> str:
    """The URL without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def check_namespace(name: str) -> None:
    """Check that a namespace can be the last part of a data stream's name.

    Raises:
        ConfigError: it cannot.
    """
    size = len(name.encode(errors="replace"))
    if not 0 < size <= _LONGEST or name != name.lower() or set(name) & set(_FORBIDDEN):
        raise ConfigError(
            f"namespace {name!r} cannot end a data stream's name; use 1 to {_LONGEST} bytes of lower case"
            f" without any of {_FORBIDDEN}"
        )


def check_retention(text: str) -> None:
    """Check that a retention is a time as Elasticsearch writes it.

    Raises:
        ConfigError: it is not.
    """
    if not re.fullmatch(r"[1-9]\d{0,8}[dhms]", text):
        raise ConfigError(f"retention {text!r} is not understood; write a time such as 90d or 36h")
