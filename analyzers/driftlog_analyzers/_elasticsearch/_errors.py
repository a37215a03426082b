"""What a cluster refuses, in one sentence with the next step; no key and no password is ever in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from driftlog_analyzers._elasticsearch._names import shown
from driftlog_analyzers.errors import StoreError

UNAUTHORIZED, FORBIDDEN = 401, 403
# What a proxy in front of Elasticsearch may answer in its place.
_PROXIES_TOO = frozenset({UNAUTHORIZED, FORBIDDEN, 429, 502, 503, 504})
_LONGEST = 300


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn every error of the client into a `StoreError`."""
    try:
        yield
    except (ApiError, TransportError) as error:
        raise StoreError(sentence(error, shown(url))) from error


def sentence(error: Exception, url: str) -> str:
    """What went wrong at `url`, and what to do."""
    if isinstance(error, UnsupportedProductError | SerializationError):
        return foreign(url)
    if isinstance(error, ApiError):
        return _refusal(error, url)
    if isinstance(error, TlsError):
        return (
            f"no secure connection to {url} ({_brief(error)}); check whether it speaks https or http,"
            " and name the file of its authority's certificate with --ca-certs"
        )
    if isinstance(error, ConnectionTimeout):
        return f"Elasticsearch at {url} did not answer in time; check its load, then try again"
    return f"Elasticsearch at {url} cannot be reached ({_brief(error)}); check the URL and that it is running"


def reason(body: Any) -> str:
    """What Elasticsearch says itself, in one line."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        while isinstance(error.get("caused_by"), dict):
            error = error["caused_by"]
        error = error.get("reason") or error.get("type") or ""
    return " ".join(str(error).split())[:_LONGEST]


def _refusal(error: ApiError, url: str) -> str:
    ours = error.meta.headers.get("x-elastic-product") == "Elasticsearch"
    if not ours and error.status_code not in _PROXIES_TOO:
        return foreign(url)
    said = reason(error.body)
    if error.status_code == UNAUTHORIZED:
        return (
            f"Elasticsearch at {url} does not accept the API key, or wants one and got none;"
            " give the encoded key with ELASTICSEARCH_API_KEY or --api-key"
        )
    if error.status_code == FORBIDDEN:
        granted = re.search(r"granted by the (.*)", said)
        needs = f" (it needs one of the {granted[1]})" if granted else f" ({said})"
        return (
            f"the API key may not do this at {url}{needs};"
            " use a key with the privileges that docs/elasticsearch.md lists"
        )
    if "media_type_header" in str(error.body) or "compatible-with" in said:
        return (
            f"Elasticsearch at {url} is of another major version than the client;"
            " install the client of its version: pip install 'elasticsearch>=8,<9' for Elasticsearch 8"
        )
    return f"Elasticsearch at {url} refused with {error.status_code}: {said}"


def foreign(url: str) -> str:
    """Say that something else than Elasticsearch answers there."""
    return (
        f"what answers at {url} is not Elasticsearch; check the URL and its port (9200 by default)"
    )


def _brief(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error)
    match = re.search(r"\[Errno -?\d+\] ([^)'\"]+)|CERTIFICATE_VERIFY_FAILED\] ([^(]+)", text)
    return (
        next(filter(None, match.groups())).strip() if match else " ".join(text.split())[:_LONGEST]
    )
