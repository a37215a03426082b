"""Which events show a finding, in Kibana's query language (KQL), and where Discover shows them. Pure.

What `_queries.condition_query` says to Elasticsearch stands here for people: in a link, and as text to be copied.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from driftlog_analyzers._finding import Condition
from driftlog_analyzers._window import Window

VIEW = "driftlog-events"
"""The id of the data view over the events, as `kibana/` ships it."""
_SECTIONS = {"number": "num", "string": "cat", "list": "list", "text": "text"}
_KINDS = {"numeric": "num", "categorical": "cat", "list": "list", "text": "text"}
_LISTED = 10


def events_of(model: str, condition: Condition | None = None) -> str:
    """The predictions of a model, of a condition those that show it."""
    parts = [_is("driftlog.model.name", model), _is("event.action", "prediction")]
    if condition:
        parts += [part for part in (_of(condition), _of_part(condition)) if part]
    return " and ".join(parts)


def during(window: Window) -> str:
    """The events of a window; of one cut by number, those from its first moment to its last."""
    end = "<=" if window.end_id else "<"
    return f'@timestamp >= "{_moment(window.start)}" and @timestamp {end} "{_moment(window.end)}"'


def discover(kql: str, window: Window, columns: Sequence[str] = ()) -> str:
    """Where Discover shows the events of a window, relative to Kibana's ``/app/``.

    Args:
        kql: what they match.
        window: in which time.
        columns: fields that are shown, beside the model's version.
    """
    span = f"(from:{_text(_milli(window.start))},to:{_text(_milli(window.end))})"
    shown = ",".join(map(_text, ("driftlog.model.version", *columns)))
    state = f"(columns:!({shown}),index:{VIEW},query:(language:kuery,query:{_text(kql)}))"
    return f"discover#/?_g=(time:{span})&_a={state}"


def columns_of(feature: str, kind: str, *, output: bool = False) -> tuple[str, ...]:
    """The fields that hold a feature of this kind; none where its kind is not known."""
    section = _KINDS.get(kind)
    if section is None:
        return ()
    path = f"{_place(output)}{section}.{feature}"
    return (f"{path}.tokens",) if section == "text" else (path,)


def _of(condition: Condition) -> str:  # noqa: PLR0911 - one for each kind
    name, place = condition.feature, _place(condition.output)
    match condition.kind:
        case "absent":
            return f"not ({_carried(name, place)})"
        case "null":
            return _is(f"{place}na", name)
        case "nonfinite":
            return _is(f"{place}nonfinite", name)
        case "values":
            return _any(place, name, ("cat", "list"), condition.values)
        case "unknown_tokens":
            return _any(place, name, ("oov", "tok"), condition.values)
        case "outside":
            bounds = (("<", condition.low), (">", condition.high))
            return _bounds(f"{place}num.{name}", bounds, " or ")
        case "within":
            bounds = ((">", condition.low), ("<=", condition.high))
            return _bounds(f"{place}num.{name}", bounds, " and ")
        case "type":
            return _of_type(place, name, condition.values)
    return ""


def _of_part(condition: Condition) -> str:
    return _is(f"driftlog.cat.{condition.part[0]}", condition.part[1]) if condition.part else ""


def _place(output: bool) -> str:
    return "driftlog.prediction." if output else "driftlog."


def _carried(name: str, place: str) -> str:
    there = [_there(place, section, name) for section in ("num", "cat", "list", "text", "other")]
    named = [_is(f"{place}{mark}", name) for mark in ("na", "nonfinite", "empty")]
    return " or ".join([*there, *named])


def _there(place: str, section: str, name: str) -> str:
    inner = f"{name}.tokens" if section == "text" else name
    return f"{_quoted(f'{place}{section}.{inner}')} : *"


def _any(place: str, name: str, sections: Sequence[str], values: Sequence[str]) -> str:
    listed = " or ".join(map(_quoted, values[:_LISTED]))
    return _either([f"{_quoted(f'{place}{section}.{name}')} : ({listed})" for section in sections])


def _bounds(field: str, bounds: Sequence[tuple[str, float | None]], how: str) -> str:
    parts = [f"{_quoted(field)} {sign} {at!r}" for sign, at in bounds if at is not None]
    return f"({how.join(parts)})" if parts else f"{_quoted(field)} : *"


def _of_type(place: str, name: str, types: Sequence[str]) -> str:
    carried = [_there(place, _SECTIONS[kind], name) for kind in types if kind in _SECTIONS]
    if "list" in types:
        carried.append(_is(f"{place}empty", name))
    others = [_is(f"{place}other.{name}", kind) for kind in types if kind not in _SECTIONS]
    return _either([*carried, *others])


def _either(parts: Sequence[str]) -> str:
    return f"({' or '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _is(field: str, value: str) -> str:
    return f"{_quoted(field)} : {_quoted(value)}"


def _quoted(text: str) -> str:
    if text.replace(".", "").replace("_", "").replace("@", "").isalnum() and text.startswith(
        ("driftlog.", "event.", "@")
    ):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(value: str) -> str:
    """A string in Rison, the notation of Kibana's addresses, encoded for a URL."""
    escaped = value.replace("!", "!!").replace("'", "!'")
    return f"'{quote(escaped, safe='')}'"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _milli(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
