"""Evaluations and episodes as documents. Pure.

An evaluation is a row per result that is not plainly ok, and one for the window, which alone carries the evaluation
that is read back. ``@timestamp`` is the start of the window; an alert's is that of its latest bad window.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta

from driftlog_analyzers._elasticsearch._kql import discover, during, events_of
from driftlog_analyzers._elasticsearch._state_actions import review_body
from driftlog_analyzers._elasticsearch._state_charts import ALL_EVENTS, WHOLE
from driftlog_analyzers._elasticsearch._state_documents import (
    GRAVITY,
    Document,
    Json,
    Key,
    document,
    exact,
    identity,
    packed,
    unpacked,
    window_body,
)
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers._review import Action, subject_of
from driftlog_analyzers._window import Window

_OPEN_STATES = (Status.PENDING, Status.ACTIVE)


def result_rows(key: Key, evaluation: Evaluation) -> Iterator[Document]:
    """A row per result; of two results with one detector, feature and segment each has its own."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for result in evaluation.results:
        about = (result.detector, result.feature, result.segment)
        name = f"{key.id}-{identity(*about, str(seen[about]))}"
        seen[about] += 1
        body = _body(key, evaluation, "result", _result(result))
        kql = events_of(key.model, result.condition)
        body["event"] |= {"url": discover(kql, evaluation.window), "reason": result.summary}
        yield document(name, body)


def window_row(key: Key, evaluation: Evaluation, *, settled: bool) -> Document:
    """The row of the window as a whole.

    Args:
        key: the window's key.
        evaluation: its evaluation.
        settled: whether the alerts are carried on by it.
    """
    more = {"checked": evaluation.checked, "evaluation": packed(evaluation)}
    return document(key.id, _body(key, evaluation, "window", more), settled=settled)


def stored_evaluation(body: Json) -> Evaluation:
    """The evaluation of a window's row.

    Where a run was cut off before the alerts were carried on, the evaluation names no baseline: the next run takes the
    window as one that was compared with another baseline, evaluates it anew and folds the alerts anew.

    Raises:
        StoreError: the row holds something else.
    """
    evaluation = unpacked(Evaluation, body["evaluation"])
    return evaluation if body["settled"] else replace(evaluation, baseline="")


def alert_document(size: str, episode: Episode, actions: Iterable[Action]) -> Document:
    """An episode as an alert, in the words of Elastic's Universal Alerting beside our own.

    Args:
        size: of its windows, as text.
        episode: the episode.
        actions: what people did about it, and maybe about others.
    """
    latest = episode.latest
    kql = events_of(episode.model, latest.condition)
    spans = {"opened": episode.opened, "last": episode.last}
    spans |= {name: w for name in ("raised", "closed") if (w := getattr(episode, name))}
    ours = {
        "model": {"name": episode.model, "version": episode.versions},
        "window": window_body(episode.last, size),
        **{name: window_body(window, size) for name, window in spans.items()},
        "detector": episode.detector,
        "feature": episode.feature or WHOLE,
        "segment": episode.segment or ALL_EVENTS,
        "open": episode.open,
        "score": GRAVITY[episode.severity],
        "over": episode.over,
        "flapping": episode.flapping,
        "first_severity": episode.first.severity,
        "incident": _incident(episode),
        "review": review_body(episode, actions),
        "windows": episode.windows,
        "good": episode.good,
        "peak": episode.peak,
        "n": latest.n,
        "effect": latest.effect,
        "p_value": latest.p_value,
        "summary": episode.summary,
        "query": f"{kql} and {during(episode.last)}",
        "alert": packed(episode),
    }
    status = "breached" if episode.status in _OPEN_STATES else "recovered"
    body = {
        "@timestamp": exact(episode.last.start),
        "event": {
            "kind": "alert",
            "severity": GRAVITY[episode.severity],
            "reason": episode.summary,
            "start": exact(episode.opened.start),
            "end": exact((episode.closed or episode.last).end),
            "duration": _nanoseconds(episode.opened, episode.closed or episode.last),
            "url": discover(kql, episode.last),
        },
        "rule": {"id": episode.detector, "name": episode.detector},
        "group_hash": subject_of(episode),
        "status": status,
        "severity": episode.severity,
        "episode": {
            "id": episode.id,
            "status": episode.status,
            "status_count": episode.good or episode.windows,
        },
        "driftlog": ours,
    }
    return document(episode.id, body)


def stored_episode(body: Json) -> Episode:
    """The episode of an alert.

    Raises:
        StoreError: the document holds something else.
    """
    return unpacked(Episode, body["alert"])


def _incident(episode: Episode) -> Json | None:
    place = episode.incident
    if place is None:
        return None
    opened = exact(place.opened.start)
    return {"id": place.id, "cause": str(place.cause), "kind": place.cause.kind, "opened": opened}


def _body(key: Key, evaluation: Evaluation, row: str, more: Json) -> Json:
    window = window_body(evaluation.window, key.size)
    ours = {
        "row": row,
        "key": key.id,
        "model": {"name": key.model, "version": evaluation.versions},
        "window": window,
        "revision": evaluation.revision,
        "events": evaluation.events,
        "baseline": evaluation.baseline,
    }
    return {
        "@timestamp": window["start"],
        "event": {"kind": "state"},
        "driftlog": ours | more,
    }


def _result(result: Result) -> Json:
    return {
        "detector": result.detector,
        "feature": result.feature or WHOLE,
        "segment": result.segment or ALL_EVENTS,
        "outcome": result.outcome,
        "severity": result.severity,
        "score": GRAVITY[result.severity] if result.outcome is Outcome.FINDING else 0,
        "alerts": result.alerts,
        "weak": result.weak,
        "summary": result.summary,
        "explanation": result.explanation,
        "n": result.n,
        "effect": result.effect,
        "p_value": result.p_value,
        "values": [change.value for change in result.changes],
        "changes": [asdict(change) for change in result.changes],
        "statistics": {name: x for name, x in result.statistics.items() if name.isidentifier()},
        "condition": result.condition and asdict(result.condition),
        "examples": list(result.events),
    }


def _nanoseconds(first: Window, last: Window) -> int:
    return (last.end - first.start) // timedelta(microseconds=1) * 1000
