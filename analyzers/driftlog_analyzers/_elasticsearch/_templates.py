"""Bodies of the templates for what services ship: events, labels and heartbeats. Pure: a namespace in, JSON out.

Three rules keep every event searchable, whatever a feature is called and holds. We choose a field's type by the place
in the document (``driftlog.num`` is double, ``driftlog.cat`` keyword), never by the first value. A feature's name is
taken as it is, dots included (``subobjects: false``). What has no place in the mapping is kept and not indexed.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from driftlog_analyzers._elasticsearch._names import (
    analyzer_stream,
    events_pattern,
    fields_index,
    heartbeat_stream,
)

Json = dict[str, Any]

PRIORITY = 501  # above the built-in 100 and Fleet's 200; the higher template wins whole
GENERATION = 1  # of the mappings; stands in every body's _meta
FIELD_LIMIT = 5000
# In characters; the shipper cuts strings to as many bytes, so none is passed over.
KEYWORD: Mapping[str, Any] = {"type": "keyword", "ignore_above": 1024}
# Found and aggregated by its column alone: a search tree over every number would double its size.
NUMBER: Mapping[str, Any] = {"type": "double", "index": False}
WHOLE: Mapping[str, Any] = {"type": "long", "index": False}
MOMENT: Mapping[str, Any] = {"type": "date_nanos"}
_COUNT: Mapping[str, Any] = {"type": "long"}
_FIGURE: Mapping[str, Any] = {"type": "double"}
META: Mapping[str, Any] = {"managed_by": "driftlog", "generation": GENERATION}
EVENTS, SHIPPER, ANALYZERS = "driftlog-events", "driftlog-shipper", "driftlog-analyzers"
FIELDS = "driftlog-fields"
CUSTOM = "driftlog-custom"
_NAMES = ("na", "nonfinite", "empty")
_NEW = ("indexed", "duplicate", "quarantined", "dropped", "not_accepted")
_ACCOUNT = (
    *("accepted", "unsent", "unsent_bytes", "oldest_unsent_s", "changed", "requests", "every_s"),
    *("latency_ms", "latency_max_ms", "rss_bytes", "cpu_pct"),
    *_NEW,
)
"""The figures of a heartbeat; each has its field before the first one comes."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a cluster can do.

    Attributes:
        logsdb: keep the events in sorted, densely compressed columns (8.17 and later).
        failure_store: keep events that do not fit the mapping beside the stream (8.19, 9.1 and later).
    """

    logsdb: bool = True
    failure_store: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to install.

    Attributes:
        path: what is put, such as ``_index_template/driftlog-events-default``.
        body: its JSON.
    """

    path: str
    body: Json


def stream_requests(namespace: str, retention: str, features: Features) -> tuple[Request, ...]:
    """The templates of the data streams, in the order in which they must be put.

    Args:
        namespace: last part of the streams' names.
        retention: for how long their data are kept at least, such as ``90d``.
        features: what the cluster can do.
    """
    return (
        Request(f"_component_template/{EVENTS}", events_component(features)),
        Request(f"_component_template/{SHIPPER}", _component(_heartbeat_mapping(), {})),
        Request(f"_component_template/{ANALYZERS}", _component(_analyzers_mapping(), {})),
        Request(
            f"_index_template/{EVENTS}-{namespace}",
            _stream_template(events_pattern(namespace), EVENTS, retention, features),
        ),
        Request(
            f"_index_template/{SHIPPER}-{namespace}",
            _stream_template(heartbeat_stream(namespace), SHIPPER, retention, features),
        ),
        Request(
            f"_index_template/{ANALYZERS}-{namespace}",
            _stream_template(analyzer_stream(namespace), ANALYZERS, retention, features),
        ),
    )


def fields_requests(namespace: str) -> tuple[Request, ...]:
    """An index without documents that has every field of the data streams, beside its template.

    Dashboards over a stream that is not there yet, or whose oldest part lacks a field, find the field here.
    """
    merged = _merged(_events_mapping(), _merged(_heartbeat_mapping(), _analyzers_mapping()))
    body: Json = {
        "index_patterns": [f"{FIELDS}-*"],
        "priority": PRIORITY,
        "template": {"mappings": merged | {"dynamic_templates": []}},
        "_meta": dict(META),
    }
    index = fields_index(namespace)
    return Request(f"_index_template/{FIELDS}", body), Request(index, {})


def _merged(ours: Json, others: Json) -> Json:
    """Two JSON objects as one, theirs where both say something."""
    both = {
        key: _merged(ours[key], others[key])
        for key in ours.keys() & others.keys()
        if isinstance(ours[key], dict) and isinstance(others[key], dict)
    }
    return ours | others | both


def events_component(features: Features) -> Json:
    """Mapping and settings of the events."""
    return _component(_events_mapping(), _events_settings(features))


def _component(mappings: Json, settings: Json) -> Json:
    return {"template": {"settings": settings, "mappings": mappings}, "_meta": dict(META)}


def _stream_template(pattern: str, component: str, retention: str, features: Features) -> Json:
    template: Json = {"lifecycle": {"data_retention": retention}}
    if features.failure_store:
        template["data_stream_options"] = {"failure_store": {"enabled": True}}
    return {
        "index_patterns": [pattern],
        "priority": PRIORITY,
        "data_stream": {},
        "composed_of": [component, CUSTOM],
        "ignore_missing_component_templates": [CUSTOM],
        "template": template,
        "_meta": dict(META),
    }


def _events_settings(features: Features) -> Json:
    index: Json = {
        "mapping": {
            "ignore_malformed": True,
            "total_fields": {"limit": FIELD_LIMIT, "ignore_dynamic_beyond_limit": True},
        }
    }
    if features.logsdb:
        # An analysis reads one model's stretch of time.
        index["mode"] = "logsdb"
        index["sort"] = {"field": ["driftlog.model.name", "@timestamp"], "order": ["asc", "desc"]}
    else:
        index["codec"] = "best_compression"
    return {"index": index}


def _events_mapping() -> Json:
    return mapping(
        {
            **_envelope(),
            "labels": _open(),
            "driftlog": closed(
                {
                    "model": closed(dict.fromkeys(("name", "version", "schema"), KEYWORD)),
                    "segment": closed({"id": KEYWORD, "format": WHOLE, "pid": WHOLE}),
                    "label": closed(
                        {
                            "id": KEYWORD,
                            "num": closed({"value": NUMBER}),
                            "cat": closed({"value": KEYWORD}),
                        }
                    ),
                    "prediction": closed(
                        _features(("num", "cat", "list", "other"))
                        # What a bare output is called, so that the field is there before the first.
                        | {
                            "num": _open() | {"properties": {"score": dict(NUMBER)}},
                            "cat": _open() | {"properties": {"label": dict(KEYWORD)}},
                        }
                    ),
                    "redacted": KEYWORD,
                    "truncated": KEYWORD,
                    **_features(("num", "cat", "list", "text", "tok", "oov", "other")),
                }
            ),
        },
        [
            dynamic("numbers", ["driftlog.num.*", "driftlog.prediction.num.*"], NUMBER),
            # Of a text's three counts, not of the object that holds them.
            dynamic("texts", ["driftlog.text.*"], WHOLE, match_mapping_type="long"),
            dynamic("strings", ["driftlog.*", "labels.*"], KEYWORD, match_mapping_type="string"),
        ],
    )


def _heartbeat_mapping() -> Json:
    reasons = closed({"reason": KEYWORD, "count": _FIGURE})
    shipper = {
        **dict.fromkeys(("spool", "models", "error"), KEYWORD),
        **dict.fromkeys(_ACCOUNT, _FIGURE),
        **dict.fromkeys(("quarantined_by", "dropped_by", "not_accepted_by", "changed_by"), reasons),
        "new": closed(dict.fromkeys(_NEW, _FIGURE)),
    }
    ours = {
        "model": closed({"name": KEYWORD}),
        "shipper": {"dynamic": True, "properties": closed(shipper)["properties"]},
        "loss": closed({"kind": KEYWORD, "reason": KEYWORD, "count": _FIGURE}),
    }
    return mapping(
        {**_envelope(), "driftlog": {"type": "object", "dynamic": True, "properties": ours}},
        [
            dynamic("whole", ["driftlog.*"], {"type": "double"}, match_mapping_type="long"),
            dynamic("numbers", ["driftlog.*"], {"type": "double"}, match_mapping_type="double"),
            dynamic("strings", ["driftlog.*"], KEYWORD, match_mapping_type="string"),
        ],
    )


def _analyzers_mapping() -> Json:
    """A document per run of an analyzer; docs/elasticsearch.md says what the fields are."""
    counts = ("runs", "windows_done", "windows_revised", "windows_missed", "windows_due")
    figures = ("duration_s", "every_s", "lag_s", "ingest_lag_s", "rss_bytes")
    analyzer = {
        **dict.fromkeys(("id", "version", "status", "error", "behind"), KEYWORD),
        **dict.fromkeys((*counts, "models", "elsewhere", "detector_errors", "failed"), _COUNT),
        **dict.fromkeys(figures, _FIGURE),
        **dict.fromkeys(("started", "oldest_due"), MOMENT),
        "failed_by": {"type": "object", "dynamic": True},
    }
    return mapping(
        {**_envelope(), "driftlog": closed({"analyzer": closed(analyzer)})},
        [dynamic("failed", ["driftlog.analyzer.failed_by.*"], _COUNT, match_mapping_type="long")],
    )


def _envelope() -> Json:
    """The common fields of docs/event.md."""
    return {
        "@timestamp": dict(MOMENT),
        "event": closed(
            {
                **dict.fromkeys(("id", "kind", "action", "dataset", "outcome"), KEYWORD),
                "duration": WHOLE,
            }
        ),
        "service": closed(dict.fromkeys(("name", "version", "environment"), KEYWORD)),
        "host": closed({"name": KEYWORD}),
        "tags": dict(KEYWORD),  # the uploader's mark on what it may have sent twice
        **{name: closed({"id": KEYWORD}) for name in ("trace", "span", "transaction")},
    }


def _features(parts: tuple[str, ...]) -> Json:
    return {name: _open() for name in parts} | {name: dict(KEYWORD) for name in _NAMES}


def mapping(properties: Json, templates: list[Json]) -> Json:
    """A mapping that guesses no type: what matches none of the templates is kept and not indexed."""
    return {
        "dynamic": False,
        "date_detection": False,
        "numeric_detection": False,
        "dynamic_templates": templates,
        "properties": properties,
        "_meta": dict(META),
    }


def dynamic(name: str, paths: list[str], field: Mapping[str, Any], **conditions: str) -> Json:
    """A dynamic template: fields at one of the paths get this type."""
    return {name: {"path_match": paths, **conditions, "mapping": dict(field)}}


def _open() -> Json:
    """An object of features: each name is one field, whatever dots are in it."""
    return {"type": "object", "dynamic": True, "subobjects": False}


def closed(properties: Mapping[str, Any]) -> Json:
    """An object of exactly these fields; others are kept and not indexed."""
    return {
        "dynamic": False,
        "properties": deepcopy(dict(properties)),
    }
