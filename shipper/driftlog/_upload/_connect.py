"""The one door to Elasticsearch: its client, and the client's own HTTP layer, loaded here and nowhere else.

The uploader makes do with the latter: that spares a service fifty megabytes and a second.
"""

import os
from typing import TYPE_CHECKING, Any

import orjson

from driftlog._upload._settings import check_url
from driftlog.errors import SettingsError, ShipperError

if TYPE_CHECKING:
    from elastic_transport import BaseNode
    from elasticsearch import Elasticsearch

__all__ = ["connect", "open_node"]


def connect(
    url: str,
    *,
    api_key: str | None = None,
    ca_certs: str | None = None,
    timeout: float = 30.0,
    compress: bool = False,
) -> "Elasticsearch":
    """Give a client that tries each request once; nothing is sent yet.

    Args:
        url: Of Elasticsearch; its port, where missing, is 443 or 9200.
        api_key: An encoded API key.
        ca_certs: File of the certificates to trust; the client's own, where None.
        timeout: Of a request, in seconds.
        compress: Whether the client compresses what is not compressed yet.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The client is not installed.
    """
    try:
        from elasticsearch import Elasticsearch  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise _missing(error) from error
    _check(url, api_key, ca_certs)
    secure: dict[str, Any] = {"ca_certs": ca_certs} if ca_certs and url.startswith("https") else {}
    try:
        return Elasticsearch(
            _with_port(url),
            api_key=api_key,
            request_timeout=timeout,
            http_compress=compress,
            max_retries=0,
            retry_on_timeout=False,
            serializers=_serializers(),
            **secure,
        )
    except (ValueError, OSError) as error:
        raise SettingsError(f"There is no connecting to Elasticsearch so: {error}") from error


def open_node(url: str, *, api_key: str | None, ca_certs: str | None, timeout: float) -> "BaseNode":
    """Give what sends single requests, each once, and replies with status, headers and bytes.

    Args:
        url: As for :func:`connect`; so are the others.
        api_key: Goes before a name and password in the URL.
        ca_certs: File of the certificates to trust; the client's own, where None.
        timeout: Of a request, in seconds.

    Raises:
        SettingsError: The URL, the key or the certificates cannot be used.
        ShipperError: The client is not installed.
    """
    try:
        from elastic_transport import Urllib3HttpNode  # noqa: PLC0415 - an extra, and slow to load
        from elastic_transport.client_utils import url_to_node_config  # noqa: PLC0415 - as above
    except ImportError as error:
        raise _missing(error) from error
    _check(url, api_key, ca_certs)
    try:
        config = url_to_node_config(_with_port(url))
        headers = dict(config.headers)
        if api_key:
            headers["authorization"] = f"ApiKey {api_key}"
        secure: dict[str, Any] = (
            {"ca_certs": ca_certs} if ca_certs and config.scheme == "https" else {}
        )
        return Urllib3HttpNode(config.replace(headers=headers, request_timeout=timeout, **secure))
    except (ValueError, OSError) as error:
        raise SettingsError(f"There is no connecting to Elasticsearch so: {error}") from error


def _missing(error: ImportError) -> ShipperError:
    return ShipperError(
        f"Shipping to Elasticsearch needs its client ({error.name} is missing): "
        "pip install 'driftlog[upload]'"
    )


def _check(url: str, api_key: str | None, ca_certs: str | None) -> None:
    check_url(url)
    if api_key is not None and not (api_key.isascii() and api_key.isprintable() and api_key):
        raise SettingsError(
            "The API key is not the encoded form that Elasticsearch gave; copy 'encoded'."
        )
    if ca_certs is not None and not os.access(ca_certs, os.R_OK):
        raise SettingsError(f"The certificates {ca_certs} cannot be read; check path and rights.")


def _with_port(url: str) -> str:
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if ":" in host.rpartition("]")[2]:
        return url
    return f"{scheme}://{authority}:{443 if scheme == 'https' else 9200}{slash}{path}"


def _serializers() -> dict[str, Any]:
    """Read replies with orjson."""
    from elasticsearch.serializer import JsonSerializer  # noqa: PLC0415 - as above

    class Json(JsonSerializer):
        def json_loads(self, data: bytes) -> Any:
            return orjson.loads(data)

    return {Json.mimetype: Json()}
