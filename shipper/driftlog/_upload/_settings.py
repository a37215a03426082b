"""What an uploader is told."""

import shlex
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from driftlog.errors import SettingsError

__all__ = ["Upload", "check_url"]

MIB = 1 << 20
_FORBIDDEN = '-\\/*?"<>| ,#:'


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where the events of a spool go, and how.

    Args:
        url: Of Elasticsearch, such as ``https://localhost:9200``.
        api_key: Encoded API key with the shipper's privileges of docs/elasticsearch.md; None for none.
        ca_certs: File of the certificates to trust; the client's own, where None.
        timeout: Seconds after which a request's outcome is unknown and it is sent again.
        namespace: Last part of the data streams' names.
        compress: Whether requests are compressed (gzip, level 1).
        batch_events: Events in a request, at the most.
        batch_bytes: Bytes in a request before compression, at the most but for a longer event.
        keep: Seconds for which a closed segment stays after its last event was acknowledged;
            None keeps it for ever.
        poll: Seconds between two looks at a spool in which there was nothing to do.
        heartbeat: Seconds between two heartbeat documents; None for none.

    Raises:
        SettingsError: An argument makes no sense.
    """

    url: str = field(repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    timeout: float = 30.0
    namespace: str = "default"
    compress: bool = True
    batch_events: int = 10_000
    batch_bytes: int = MIB
    keep: float | None = 3600.0
    poll: float = 0.5
    heartbeat: float | None = 60.0

    def __post_init__(self) -> None:
        check_url(self.url)
        for name in ("timeout", "batch_events", "batch_bytes", "poll"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"Upload: {name} must be above 0, not {getattr(self, name)!r}.")
        for name, value in (("keep", self.keep), ("heartbeat", self.heartbeat)):
            if value is not None and not value >= 0:
                raise SettingsError(f"Upload: {name} is in seconds or None, not {value!r}.")
        _check_namespace(self.namespace)

    @property
    def setup(self) -> str:
        """The command that prepares Elasticsearch for these streams; no key or password is in it."""
        scheme, _, rest = self.url.partition("://")
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
        return f"driftlog setup --url {shlex.quote(url)} --namespace {shlex.quote(self.namespace)}"


def check_url(url: str) -> None:
    """Check that a URL names a server.

    Raises:
        SettingsError: It does not; the sentence holds no password.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        shown = "the one given (not shown: it may hold a password)" if "@" in url else repr(url)
        raise SettingsError(
            f"Elasticsearch's URL is such as https://localhost:9200, which {shown} is not."
        )


def _check_namespace(name: str) -> None:
    size = len(name.encode(errors="replace"))
    if not 0 < size <= 100 or name != name.lower() or set(name) & set(_FORBIDDEN):  # noqa: PLR2004 - Elasticsearch's limit, in bytes
        raise SettingsError(
            f"Upload: namespace must be 1 to 100 bytes of lower case without any of "
            f"{_FORBIDDEN!r}, not {name!r}."
        )
