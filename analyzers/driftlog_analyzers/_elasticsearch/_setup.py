"""Installs templates and state indices; everything may be installed again at any time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from driftlog_analyzers._elasticsearch._bodies import RETENTION, requests
from driftlog_analyzers._elasticsearch._errors import FORBIDDEN, explained, foreign, reason
from driftlog_analyzers._elasticsearch._names import (
    STATE_KINDS,
    analyzer_stream,
    events_pattern,
    fields_index,
    heartbeat_stream,
    shown,
    state_index,
)
from driftlog_analyzers._elasticsearch._streams import stream_notes
from driftlog_analyzers._elasticsearch._templates import (
    EVENTS,
    PRIORITY,
    Features,
    Json,
    Request,
    stream_requests,
)
from driftlog_analyzers.errors import StoreError

OLDEST = (8, 14)
_CANDIDATES = (
    Features(),
    Features(failure_store=False),
    Features(logsdb=False, failure_store=False),
)
_JSON = {"accept": "application/json", "content-type": "application/json"}
_ENDLESS = "without end"
_REFUSED, _NO_METHOD = 400, 405


@dataclass(frozen=True, slots=True)
class Installed:
    """What is there now.

    Attributes:
        url: of the cluster, without user and password.
        version: of Elasticsearch; None where the key may not ask.
        namespace: last part of all names.
        retention: for how long events are kept at least.
        features: what the cluster can do.
        paths: what was put, in order.
        notes: what people should know or do besides, a sentence each.
    """

    url: str
    version: str | None
    namespace: str
    retention: str
    features: Features
    paths: tuple[str, ...]
    notes: tuple[str, ...]


def install(
    client: Elasticsearch, url: str, *, namespace: str, retention: str | None = None
) -> Installed:
    """Install everything of one namespace, and check that it takes effect.

    Args:
        client: the connection, with a key that may manage index templates and `driftlog-*`.
        url: where it leads to, for sentences.
        namespace: last part of all names.
        retention: for how long events are kept at least, such as ``90d``; None for what the namespace has, or where it
            has none for `RETENTION`. What is there already is brought to it only where it is named.

    Raises:
        ConfigError: the namespace or the retention makes no sense.
        StoreError: the cluster cannot be reached, is too old, refuses, or prefers another's template.
    """
    requests(
        namespace, RETENTION if retention is None else retention, Features()
    )  # complains before anything is sent
    with explained(url):
        version = server_version(client, url)
        before = _retention(client, namespace)
        kept = _kept(retention, before, namespace)
        features = _features(client, namespace, kept)
        wanted = requests(namespace, kept, features)
        for request in wanted:
            _put(client, request, url)
        for name in _probes(namespace):
            _check_winner(client, name)
        notes = (
            *_feature_notes(features),
            *_retention_notes(before, kept),
            *stream_notes(client, namespace, retention),
        )
    paths = tuple(request.path for request in wanted)
    return Installed(shown(url), version, namespace, kept, features, paths, notes)


def _ask(client: Elasticsearch, method: str, path: str, body: Json | None = None) -> Any:
    return client.perform_request(method, f"/{path}", headers=_JSON, body=body).body


def server_version(client: Elasticsearch, url: str) -> str | None:
    """The server's version; None where nobody may ask, which is no reason to stop.

    Raises:
        StoreError: it is too old, or has none.
    """
    try:
        version: str = client.info()["version"]["number"]
    except ApiError as error:
        ours = error.meta.headers.get("x-elastic-product") == "Elasticsearch"
        if error.status_code == FORBIDDEN or (ours and error.status_code == _NO_METHOD):
            return None
        raise
    except (KeyError, TypeError) as error:
        raise StoreError(foreign(shown(url))) from error
    match = re.match(r"(\d+)\.(\d+)", version)
    if match and (int(match[1]), int(match[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise StoreError(
            f"Elasticsearch at {shown(url)} is {version}; driftlog needs {oldest} or later: upgrade it"
        )
    return version


def _retention(client: Elasticsearch, namespace: str) -> str | None:
    """What the namespace's template says now; None where there is none."""
    name = f"{EVENTS}-{namespace}"
    for one in _ask(client, "GET", "_index_template")["index_templates"]:
        if one["name"] == name:
            lifecycle = one["index_template"].get("template", {}).get("lifecycle", {})
            ends = lifecycle.get("enabled", True) and "data_retention" in lifecycle
            return str(lifecycle["data_retention"]) if ends else _ENDLESS
    return None


def _kept(wanted: str | None, before: str | None, namespace: str) -> str:
    """The retention to install.

    Raises:
        StoreError: nobody names one, and somebody took out of the template what setup had put there.
    """
    if wanted is None and before == _ENDLESS:
        raise StoreError(
            f"the template {EVENTS}-{namespace} was changed to keep events without end, which setup would undo;"
            f" name what it shall be with --retention, such as {RETENTION}"
        )
    return wanted or before or RETENTION


def _retention_notes(before: str | None, now: str) -> list[str]:
    if before in {None, now}:
        return []
    return [f"Until now the retention was {before}; what is older than {now} is deleted."]


def _features(client: Elasticsearch, namespace: str, retention: str) -> Features:
    """The most that the cluster accepts, found by asking it to work templates out without keeping them."""
    for features in _CANDIDATES[:-1]:
        wanted = {r.path: r.body for r in stream_requests(namespace, retention, features)}
        component = wanted[f"_component_template/{EVENTS}"]
        template = wanted[f"_index_template/{EVENTS}-{namespace}"]
        merged = {**component["template"], **template["template"]}
        pattern = f"driftlog-probe-{namespace}-*"
        body = {
            "index_patterns": [pattern],
            "priority": PRIORITY,
            "data_stream": {},
            "template": merged,
        }
        try:
            _ask(client, "POST", "_index_template/_simulate", body)
        except ApiError as error:
            if error.status_code != _REFUSED:
                raise
        else:
            return features
    return _CANDIDATES[-1]


def _put(client: Elasticsearch, request: Request, url: str) -> None:
    try:
        _ask(client, "PUT", request.path, request.body or None)
    except ApiError as error:
        if "resource_already_exists" in str(error.body):
            _update_index(client, request.path)
        elif clash := re.search(
            r"matching patterns from existing templates \[(.+?)\]", reason(error.body)
        ):
            raise StoreError(
                f"template {clash[1]} at {shown(url)} has the priority {PRIORITY} and covers names that"
                f" {request.path.partition('/')[2]} covers; give it another priority or narrower patterns,"
                " then run setup again"
            ) from error
        else:
            raise


def _update_index(client: Elasticsearch, index: str) -> None:
    """Add to an index what its template has got since it was made."""
    made: Mapping[str, Any] = _ask(client, "POST", f"_index_template/_simulate_index/{index}")
    _ask(client, "PUT", f"{index}/_mapping", made["template"]["mappings"])


def _probes(namespace: str) -> tuple[str, ...]:
    events = events_pattern(namespace).replace("*", "probe")
    beats = (heartbeat_stream(namespace), analyzer_stream(namespace))
    state = (state_index(kind, namespace) for kind in STATE_KINDS)
    return (events, *beats, *state, fields_index(namespace))


def _check_winner(client: Elasticsearch, name: str) -> None:
    """Check that a new stream or index of that name would have our mapping.

    Raises:
        StoreError: another template wins.
    """
    made = _ask(client, "POST", f"_index_template/_simulate_index/{name}")
    meta = made["template"].get("mappings", {}).get("_meta", {})
    if meta.get("managed_by") == "driftlog":
        return
    winner = _winner(_ask(client, "GET", "_index_template")["index_templates"], name)
    raise StoreError(
        f"a new {name} would get its mapping from the template {winner}, whose priority is above driftlog's"
        f" {PRIORITY}; give that one a lower priority or a narrower pattern, then run setup again"
    )


def _winner(templates: Sequence[Mapping[str, Any]], name: str) -> str:
    covering = [
        (one["index_template"].get("priority", 0), one["name"])
        for one in templates
        if any(fnmatchcase(name, pattern) for pattern in _patterns(one["index_template"]))
    ]
    return str(max(covering, default=(0, "of another"))[1])


def _patterns(template: Mapping[str, Any]) -> list[str]:
    patterns = template["index_patterns"]
    return [patterns] if isinstance(patterns, str) else list(patterns)


def _feature_notes(features: Features) -> list[str]:
    notes = []
    if not features.logsdb:
        notes.append("This Elasticsearch has no logsdb (8.17 and later): events take more disk.")
    if not features.failure_store:
        notes.append(
            "This Elasticsearch has no failure store (8.19, 9.1 and later): rejected events stay in the quarantine."
        )
    return notes
