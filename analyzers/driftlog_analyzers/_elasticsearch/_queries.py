"""Which events are meant, as Elasticsearch queries: pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from driftlog_analyzers._elasticsearch._fields import Fields
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._profile import Slice
from driftlog_analyzers._window import Window

Query = dict[str, Any]

# What a `date_nanos` field can hold; a bound beyond it is an error there.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(2262, 4, 11, tzinfo=UTC)
_IDS = 10_000  # an `ids` query takes no more
_NOTHING: Query = {"match_none": {}}
BY_TIME: Query = {"@timestamp": {"order": "asc", "numeric_type": "date_nanos"}}
BY_TIME_LAST: Query = {"@timestamp": {"order": "desc", "numeric_type": "date_nanos"}}
BY_ID: Query = {"event.id": "asc"}
RESENT: Query = {"term": {"tags": "resent"}}


def every(queries: Sequence[Query]) -> Query:
    """The events that all queries match."""
    return {"bool": {"filter": [*queries]}}


def either(queries: Sequence[Query]) -> Query:
    """The events that some query matches."""
    return {"bool": {"should": [*queries], "minimum_should_match": 1}} if queries else _NOTHING


def predictions(model: str) -> Query:
    """The predictions of a model."""
    return every(
        [
            {"term": {"driftlog.model.name": model}},
            {"term": {"event.action": "prediction"}},
            {"exists": {"field": "event.id"}},
        ]
    )


def within(window: Window) -> Query:
    """The events of a window."""
    low, high = _bound(window.start), _bound(window.end)
    if not window.start_id and not window.end_id:
        return _time(gte=low, lt=high)
    after = either(
        [
            _time(gt=low),
            every([_time(gte=low, lte=low), {"range": {"event.id": {"gte": window.start_id}}}]),
        ]
    )
    before = either(
        [
            _time(lt=high),
            every([_time(gte=high, lte=high), {"range": {"event.id": {"lt": window.end_id}}}]),
        ]
    )
    return every([_time(gte=low, lte=high), after, before])


def of_slice(part: Slice) -> Query:
    """The events of a slice."""
    feature, value = part
    return {"term": {f"driftlog.cat.{feature}": value}}


def between(start: datetime | None, end: datetime | None) -> Query:
    """The events from start to before end; None is no bound."""
    bounds = {"gte": start and _bound(start), "lt": end and _bound(end)}
    return _time(**{name: bound for name, bound in bounds.items() if bound})


def moment(nanoseconds: int) -> datetime:
    """A time from nanoseconds since 1970, to the microsecond, UTC."""
    return _FIRST + timedelta(microseconds=nanoseconds // 1000)


def _bound(at: datetime) -> str:
    fit = min(max(at.astimezone(UTC), _FIRST), _LAST)
    return fit.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(**bounds: str) -> Query:
    if not bounds:
        return {"match_all": {}}
    return {"range": {"@timestamp": bounds | {"format": "strict_date_optional_time_nanos"}}}


def condition_query(  # noqa: PLR0911 - one for each kind
    condition: Condition, fields: Fields
) -> Query:
    """The events that show a finding."""
    name = condition.feature
    match condition.kind:
        case "absent":
            return {"bool": {"must_not": _carried(name, fields)}}
        case "null":
            return {"term": {fields.named("na"): name}}
        case "nonfinite":
            return {"term": {fields.named("nonfinite"): name}}
        case "values":
            return _any_of(fields, name, ("cat", "list"), condition.values)
        case "unknown_tokens":
            section = "oov" if name in fields.names("oov") else "tok"
            return _any_of(fields, name, (section,), condition.values)
        case "outside":
            return _outside(fields.path("num", name), condition.low, condition.high)
        case "within":
            return _inside(fields.path("num", name), condition.low, condition.high)
        case "type":
            return _of_type(fields, name, condition.values)
    return {"match_all": {}}


def _any_of(fields: Fields, name: str, sections: Sequence[str], values: Sequence[str]) -> Query:
    return either([{"terms": {fields.path(section, name): [*values]}} for section in sections])


def _carried(name: str, fields: Fields) -> list[Query]:
    """What every event with the feature matches one of."""
    there = [_there(fields, s, name) for s in ("num", "cat", "list", "text", "other")]
    return there + [{"term": {fields.named(mark): name}} for mark in ("na", "nonfinite", "empty")]


def _there(fields: Fields, section: str, name: str) -> Query:
    return {"exists": {"field": fields.path(section, name)}}


def _outside(field: str, low: float | None, high: float | None) -> Query:
    bounds = {"lt": low, "gt": high}
    return either([{"range": {field: {op: at}}} for op, at in bounds.items() if at is not None])


def _inside(field: str, low: float | None, high: float | None) -> Query:
    bounds = {"gt": low, "lte": high}
    found = {op: at for op, at in bounds.items() if at is not None}
    return {"range": {field: found}} if found else {"exists": {"field": field}}


def _of_type(fields: Fields, name: str, types: Sequence[str]) -> Query:
    sections = {"number": "num", "string": "cat", "list": "list", "text": "text"}
    carried = [_there(fields, sections[kind], name) for kind in types if kind in sections]
    if "list" in types:
        carried.append({"term": {fields.named("empty"): name}})
    return either([*carried, {"terms": {fields.path("other", name): [*types]}}])


def without(copies: Mapping[str, Sequence[str]]) -> list[Query]:
    """Queries for second copies, to be excluded: by backing index, the ``_id`` in it."""
    return [
        every([{"term": {"_index": index}}, {"ids": {"values": [*ids[start : start + _IDS]]}}])
        for index, ids in sorted(copies.items())
        for start in range(0, len(ids), _IDS)
    ]
