"""Everything that ``driftlog setup`` installs, in order."""

from driftlog_analyzers._elasticsearch._names import check_namespace, check_retention
from driftlog_analyzers._elasticsearch._state_templates import state_requests
from driftlog_analyzers._elasticsearch._templates import (
    Features,
    Request,
    fields_requests,
    stream_requests,
)

RETENTION = "90d"
"""For how long events are kept at least, where nobody ever said."""


def requests(namespace: str, retention: str, features: Features) -> tuple[Request, ...]:
    """What is put, in the order in which it must be put; all of it may be put again and again.

    Args:
        namespace: last part of all names.
        retention: for how long events and heartbeats are kept at least, such as ``90d``.
        features: what the cluster can do.

    Raises:
        ConfigError: the namespace or the retention makes no sense.
    """
    check_namespace(namespace)
    check_retention(retention)
    return (
        *stream_requests(namespace, retention, features),
        *state_requests(namespace),
        *fields_requests(namespace),
    )
