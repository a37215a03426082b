"""Labels joined to predictions by event id, in chunks: the cost follows the labels, and memory a chunk.

Labels are read in the order of time, `PAGE` at a time. Of each page, one search looks up the predictions that have
these ids and lie in the windows, and one the last label of each id found. A label that is not the last one for its id
is passed over: the last one comes, or came, with a page of its own.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from driftlog_analyzers._elasticsearch._queries import (
    BY_ID,
    BY_TIME,
    BY_TIME_LAST,
    Query,
    between,
    either,
    every,
    moment,
)
from driftlog_analyzers._elasticsearch._search import PAGE, View
from driftlog_analyzers._elasticsearch._tally import Value, tally
from driftlog_analyzers._quality import Compared, Quality
from driftlog_analyzers._window import Window

LABEL_ID = "driftlog.label.id"
_VALUE = ("driftlog.label.num.value", "driftlog.label.cat.value")
_OUTPUT = ("driftlog.prediction.num", "driftlog.prediction.cat")
_LAST = [BY_TIME_LAST, {"event.id": "desc"}]

_Pairs = dict[int, list[tuple[Value, Value]]]


@dataclass(frozen=True, slots=True)
class _Label:
    """One label: its place in the order of time and own id, and what it says."""

    place: tuple[int, str]
    value: Value


_Labels = dict[str, _Label]


@dataclass(frozen=True, slots=True)
class Join:
    """What is joined.

    Attributes:
        predictions: those that may lie in the windows; second copies may be among them.
        labels: what `labels_query` gives.
        compared: the outputs that labels are compared with.
        windows: apart from each other, in any order.
    """

    predictions: Query
    labels: Query
    compared: Compared
    windows: Sequence[Window]

    @property
    def outputs(self) -> tuple[str, str]:
        """The fields of the compared outputs; empty, where there is none."""
        names = (self.compared.numeric, self.compared.categorical)
        numeric, categorical = (
            "" if name is None else f"{section}.{name}"
            for section, name in zip(_OUTPUT, names, strict=True)
        )
        return numeric, categorical


def qualities(view: View, join: Join) -> list[Quality]:
    """What the labels say of each window's labelled predictions; those without label are not counted.

    Raises:
        StoreError: the store could not answer completely.
    """
    found = [Quality()] * len(join.windows)
    for fresh in _pages(view, join.labels):
        for n, pairs in _joined(view, join, fresh).items():
            found[n] = found[n].merge(tally(pairs))
    return found


def with_predictions(quality: Quality, predictions: int) -> Quality:
    """The same with the number of predictions, labelled or not."""
    return replace(quality, predictions=predictions)


def labels_query(model: str, since: datetime | None) -> Query:
    """The labels of a model, from a time on."""
    valued = either([{"exists": {"field": field}} for field in _VALUE])
    there = [{"exists": {"field": field}} for field in ("event.id", LABEL_ID)]
    terms = {"driftlog.model.name": model, "event.action": "label"}
    named = [{"term": {field: value}} for field, value in terms.items()]
    return every([*named, *there, valued, between(since, None)])


def _pages(view: View, labels: Query) -> Iterator[_Labels]:
    """The labels by the id they name, in the order of time; second copies, which stand side by side, come once."""
    before: _Labels = {}
    for page in view.pages(labels, [BY_TIME, BY_ID], [LABEL_ID, *_VALUE]):
        found = {_first(hit, LABEL_ID): _label(hit) for hit in page}
        yield {name: label for name, label in found.items() if before.get(name) != label}
        end = _label(page[-1]).place
        before = {name: label for name, label in (before | found).items() if label.place == end}


def _joined(view: View, join: Join, fresh: _Labels) -> _Pairs:
    """The predictions of these labels, by window, each with its label."""
    outputs = list(_predictions(view, join, sorted(fresh)))
    places = _last_places(view, join.labels, sorted({name for _, name, _ in outputs}))
    pairs: _Pairs = {}
    for window, name, output in outputs:
        if places[name] == fresh[name].place:
            pairs.setdefault(window, []).append((output, fresh[name].value))
    return pairs


def _predictions(view: View, join: Join, ids: Sequence[str]) -> Iterator[tuple[int, str, Value]]:
    """Of the predictions with these ids: position of the window, id, compared outputs; of copies, one."""
    query = every([join.predictions, {"terms": {"event.id": [*ids]}}])
    windows, fields = join.windows, [path for path in join.outputs if path]
    order = sorted(range(len(windows)), key=windows.__getitem__)
    starts = [(windows[n].start, windows[n].start_id) for n in order]
    seen: set[str] = set()
    for page in view.pages(query, [BY_TIME, BY_ID], fields):
        for hit in page:
            at = (moment(hit["sort"][0]), hit["sort"][1])
            place = bisect_right(starts, at) - 1
            if place < 0 or hit["_id"] in seen:
                continue
            seen.add(hit["_id"])
            window = windows[order[place]]
            if at < (window.end, window.end_id):
                yield order[place], at[1], _value(hit, join.outputs)


def _last_places(view: View, labels: Query, ids: Sequence[str]) -> Mapping[str, tuple[int, str]]:
    """Where the last label of each id stands; no more ids than a page holds."""
    if not ids:
        return {}
    query = every([labels, {"terms": {LABEL_ID: [*ids]}}])
    found = view.hits(query, _LAST, size=PAGE, fields=[LABEL_ID], collapse=LABEL_ID)
    return {_first(hit, LABEL_ID): (hit["sort"][0], hit["sort"][1]) for hit in found}


def _label(hit: Mapping[str, Any]) -> _Label:
    return _Label((hit["sort"][0], hit["sort"][1]), _value(hit, _VALUE))


def _value(hit: Mapping[str, Any], paths: Sequence[str]) -> Value:
    number, string = (_first(hit, path) for path in paths)
    return Value(number, string)


def _first(hit: Mapping[str, Any], path: str) -> Any:
    return next(iter(hit.get("fields", {}).get(path, ())), None)
