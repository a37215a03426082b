"""Bodies of the templates for what the analyzers remember.

Of profiles, findings, alerts, actions, baselines, leases and notifications each has an index.

These are plain indices, because their documents change: deterministic ids, optimistic concurrency. What people chart
and filter by is typed; the values as a whole stand in objects that are kept and not indexed, and are what is read back.
Every window is ``driftlog.window`` with its start, end, the event ids that bound it, and its size as text (``1h``).
Windows may begin in the year 1, so their times are dates in milliseconds, and beside that texts that are exact.
"""

from collections.abc import Mapping
from typing import Any

from driftlog_analyzers._elasticsearch._names import STATE_KINDS, state_index
from driftlog_analyzers._elasticsearch._templates import (
    KEYWORD,
    META,
    MOMENT,
    PRIORITY,
    Json,
    Request,
    closed,
    dynamic,
    mapping,
)

_DOUBLE: Mapping[str, Any] = {"type": "double"}
_LONG: Mapping[str, Any] = {"type": "long"}
_FLAG: Mapping[str, Any] = {"type": "boolean"}
# Room for a summary that names a few values of 1,024 characters each.
_SENTENCE: Mapping[str, Any] = {
    "type": "text",
    "fields": {"keyword": {"type": "keyword", "ignore_above": 8000}},
}
_KEPT: Mapping[str, Any] = {"type": "object", "enabled": False}
_DATE: Mapping[str, Any] = {"type": "date"}
_EDGE: Mapping[str, Any] = {"type": "date", "fields": {"exact": KEYWORD}}
_COUNTS = (
    "events",
    "present",
    "values",
    "numbers",
    "strings",
    "lists",
    "texts",
    "others",
    "null",
    "nonfinite",
)
_RATES = ("present", "absent", "null", "nonfinite", "oov", "unseen", "below", "above", "failure")
_LIMITS = ("present", "null", "oov", "unseen")
_USUAL = ("mean", "p05", "p50", "p95")
_FIGURES = ("accuracy", "f1", "log_loss", "brier", "ece", "mae", "rmse", "bias")
# A term has 32,766 bytes at most.
_LINK: Mapping[str, Any] = {"type": "keyword", "ignore_above": 8000}
_QUANTILES = ("p01", "p05", "p25", "p50", "p75", "p95", "p99")


def state_requests(namespace: str) -> tuple[Request, ...]:
    """The templates of the state indices, each followed by the index itself."""
    requests = []
    for kind in STATE_KINDS:
        body: Json = {
            "index_patterns": [f"driftlog-{kind}-*"],
            "priority": PRIORITY,
            "template": {"mappings": state_mapping(kind)},
            "_meta": dict(META),
        }
        requests.append(Request(f"_index_template/driftlog-{kind}", body))
    return (*requests, *(Request(state_index(kind, namespace), {}) for kind in STATE_KINDS))


def state_mapping(kind: str) -> Json:
    """The mapping of one of `STATE_KINDS`."""
    properties = {
        "profiles": _profiles,
        "findings": _findings,
        "alerts": _alerts,
        "actions": _actions,
        "baselines": _baselines,
        "leases": _leases,
        "notifications": _notifications,
    }[kind]()
    figures = dynamic("figures", ["driftlog.statistics.*"], _DOUBLE)
    return mapping(
        {"@timestamp": dict(_DATE), **properties}, [figures] if kind == "findings" else []
    )


def _profiles() -> Json:
    """A row per window and feature (``row: feature``), and what charts show of each (`_state_profiles`).

    The window's row alone carries the profile that is read back.
    """
    numeric = dict.fromkeys(("mean", "sd", "min", "max", *_QUANTILES), _DOUBLE)
    return {
        "event": closed({"kind": KEYWORD, "url": _LINK}),
        "driftlog": closed(
            {
                **_where(),
                **dict.fromkeys(
                    ("row", "feature", "role", "kind", "fingerprint", "health"), KEYWORD
                ),
                "count": closed(dict.fromkeys((*_COUNTS, "tokens", "oov", "distinct"), _LONG)),
                "rate": closed(dict.fromkeys(_RATES, _DOUBLE)),
                "numeric": closed({"n": _LONG, **numeric}),
                "histogram": _KEPT,
                "value": closed(
                    {
                        "name": KEYWORD,
                        "rank": _LONG,
                        "count": _LONG,
                        "share": _DOUBLE,
                        "baseline": _DOUBLE,
                        "change": _DOUBLE,
                        "new": _FLAG,
                    }
                ),
                "duration": closed(numeric),
                "text": closed({"n": _LONG, "tokens_per_text": _DOUBLE}),
                "outcome": closed(dict.fromkeys(("success", "failure"), _LONG)),
                "quality": _quality(),
                "baseline": closed(
                    {
                        "rate": closed(dict.fromkeys(_RATES, _DOUBLE)),
                        "numeric": closed(dict.fromkeys(_USUAL, _DOUBLE)),
                        "duration": closed(dict.fromkeys(_USUAL, _DOUBLE)),
                        "text": closed({"tokens_per_text": _DOUBLE}),
                        "quality": _quality(),
                    }
                ),
                "limit": closed({"rate": closed(dict.fromkeys(_LIMITS, _DOUBLE))}),
                "events_per_minute": _DOUBLE,
                "first_event": MOMENT,
                "last_event": MOMENT,
                "score": _DOUBLE,
                "severity": KEYWORD,
                "detectors": KEYWORD,
                "profile": _KEPT,
            }
        ),
    }


def _findings() -> Json:
    """A row per result that is not plainly ok (``result``), and one per window with its evaluation (``window``)."""
    return {
        "event": closed({"kind": KEYWORD, "url": _LINK, "reason": _SENTENCE}),
        "driftlog": closed(
            {
                **_where(),
                **dict.fromkeys(
                    (
                        "row",
                        "baseline",
                        "detector",
                        "feature",
                        "segment",
                        "outcome",
                        "severity",
                        "explanation",
                    ),
                    KEYWORD,
                ),
                "alerts": _FLAG,
                "weak": _FLAG,
                "settled": _FLAG,
                "summary": _SENTENCE,
                "n": _LONG,
                "checked": _LONG,
                "effect": _DOUBLE,
                "score": _DOUBLE,
                "p_value": _DOUBLE,
                "values": KEYWORD,
                "changes": _KEPT,
                "statistics": {"type": "object", "dynamic": True, "subobjects": False},
                "condition": _KEPT,
                "examples": KEYWORD,
                "evaluation": _KEPT,
            }
        ),
    }


def _alerts() -> Json:
    """A document per episode, with the words of Elastic's Universal Alerting beside our own."""
    people = ("state", "acknowledged_by", "snoozed_by", "assignee", "closed_by", "verdict")
    moments = ("acknowledged_at", "snoozed_until", "closed_at")
    return {
        "event": closed(
            {
                "kind": KEYWORD,
                "severity": _LONG,
                "reason": _SENTENCE,
                "start": _DATE,
                "end": _DATE,
                "duration": _LONG,
                "url": _LINK,
            }
        ),
        "rule": closed(dict.fromkeys(("id", "name", "version"), KEYWORD)),
        "group_hash": dict(KEYWORD),
        "status": dict(KEYWORD),  # breached, recovered, no_data
        "severity": dict(KEYWORD),
        "episode": closed({"id": KEYWORD, "status": KEYWORD, "status_count": _LONG}),
        "tags": dict(KEYWORD),
        "driftlog": closed(
            {
                **_where(),
                **dict.fromkeys(("detector", "feature", "segment"), KEYWORD),
                "incident": closed(
                    {**dict.fromkeys(("id", "cause", "kind"), KEYWORD), "opened": _DATE}
                ),
                "flapping": _FLAG,
                "over": _FLAG,
                "first_severity": KEYWORD,
                "review": closed(
                    {
                        **dict.fromkeys(people, KEYWORD),
                        **dict.fromkeys(moments, MOMENT),
                        "reason": _SENTENCE,
                        "comments": _LONG,
                    }
                ),
                **{name: _window() for name in ("opened", "last", "raised", "closed")},
                "open": _FLAG,
                "windows": _LONG,
                "good": _LONG,
                "peak": _DOUBLE,
                "n": _LONG,
                "effect": _DOUBLE,
                "p_value": _DOUBLE,
                "summary": _SENTENCE,
                "score": _DOUBLE,
                "query": _LINK,
                "alert": _KEPT,
            }
        ),
    }


def _actions() -> Json:
    """A document for each thing that people did about an alert or a silence; none is ever changed or removed."""
    names = ("kind", "by", "assignee", "verdict", "subject", "alert", "detector", "feature")
    return {
        "event": closed({"kind": KEYWORD}),
        "driftlog": closed(
            {
                "model": closed({"name": KEYWORD}),
                **dict.fromkeys((*names, "segment", "digest"), KEYWORD),
                "number": _LONG,
                "until": MOMENT,
                "reason": _SENTENCE,
                "action": _KEPT,
            }
        ),
    }


def _baselines() -> Json:
    """A document per baseline."""
    return {
        "driftlog": closed(
            {
                "model": closed({"name": KEYWORD, "version": KEYWORD}),
                **dict.fromkeys(("name", "source", "digest"), KEYWORD),
                "created": MOMENT,
                "events": _LONG,
                "revision": _LONG,
                "baseline": _KEPT,
            }
        )
    }


def _leases() -> Json:
    """A document per piece of work that one replica at a time may do, fenced by its sequence number, and notes."""
    return {
        "driftlog": closed(
            {
                "note": _KEPT,
                "lease": closed(
                    {
                        "name": KEYWORD,
                        "holder": KEYWORD,
                        "acquired": MOMENT,
                        "expires": MOMENT,
                        "count": _LONG,
                    }
                ),
            }
        )
    }


def _notifications() -> Json:
    """A document per thing to tell and route, with what became of it."""
    keywords = ("id", "model", "size", "route", "thread", "incident", "kind", "state", "batch")
    numbers = ("step", "number", "attempts", "again", "revision")
    return {
        "event": closed({"kind": KEYWORD}),
        "driftlog": closed(
            {
                "notification": closed(
                    {
                        **dict.fromkeys((*keywords, "severity"), KEYWORD),
                        **dict.fromkeys(numbers, _LONG),
                        **dict.fromkeys(("created", "due", "ended"), MOMENT),
                        "trigger": _FLAG,
                        "summary": _SENTENCE,
                        "error": _SENTENCE,
                    }
                ),
                "intent": _KEPT,
            }
        ),
    }


def _where() -> Json:
    """The model and the window that a row is about."""
    return {
        "key": dict(KEYWORD),
        "digest": dict(KEYWORD),
        "model": closed({"name": KEYWORD, "version": KEYWORD}),
        "window": _window(),
        "revision": dict(_LONG),
        "events": dict(_LONG),
    }


def _quality() -> Json:
    return closed({"labelled": _LONG, **dict.fromkeys(_FIGURES, _DOUBLE)})


def _window() -> Json:
    ends = {"start": _EDGE, "end": _EDGE, "start_id": KEYWORD, "end_id": KEYWORD}
    return closed({**ends, "size": KEYWORD})
