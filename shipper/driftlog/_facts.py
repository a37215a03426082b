"""What an event says beside its features: when, how long, which trace, how it ended."""

from collections.abc import Mapping
from typing import Any

import orjson
from structlog.contextvars import get_contextvars

from driftlog._document import NotEncodable, encode
from driftlog._features import Parts, Splitter
from driftlog._guard import attempt
from driftlog._strings import clean
from driftlog._tally import Tally
from driftlog._times import Clock, nanoseconds, parse

__all__ = ["Facts", "quote"]

_OUTCOMES = {"success": b"success", "failure": b"failure", "unknown": b"unknown"}
_ECS = {"trace.id": "trace", "span.id": "span", "transaction.id": "transaction"}
_ECS |= {"trace_id": "trace", "span_id": "span", "transaction_id": "transaction"}
MAX_ID = 512


def quote(text: str) -> str:
    """Write a clean string as it stands between the quotes of JSON."""
    return orjson.dumps(text)[1:-1].decode()


class Facts:
    """Reads the arguments of a call and structlog's context variables; what is unfit is counted.

    Args:
        labels: Splits, and redacts, the context variables.
        tally: Where unfit arguments are counted.
    """

    def __init__(self, labels: Splitter, tally: Tally) -> None:
        self._labels = labels
        self._tally = tally
        self._clock = Clock()

    def moment(self, timestamp: Any) -> bytes:
        """Give an event time, RFC 3339 in UTC; now, where it is None or no point in time."""
        if timestamp is None:
            return self._clock.now()
        usual = self._clock.at(timestamp) if type(timestamp) is float else None
        if usual is not None:
            return usual
        moment = attempt(lambda: parse(timestamp), lambda _: None)
        if moment is not None:
            return moment.encode()
        self._tally.change("timestamp not readable")
        return self._clock.now()

    def duration(self, duration: Any) -> int | None:
        """Give a duration in nanoseconds, or None where it is none."""
        whole = attempt(lambda: nanoseconds(duration), lambda _: None)
        if whole is None:
            self._tally.change("duration not readable")
        return whole

    def outcome(self, outcome: Any) -> bytes:
        """Give an outcome that the document knows."""
        known = _OUTCOMES.get(outcome) if isinstance(outcome, str) else None
        if known is None:
            self._tally.change("outcome not known")
            return b"unknown"
        return known

    def given_id(self, event_id: Any) -> str | None:
        """Give an id of the caller's, fit for a line; None where nothing is left of it."""
        fit = _text(event_id)[:MAX_ID]
        if not isinstance(event_id, str) or fit != event_id or not fit.strip():
            self._tally.change("id not fit")
        return fit if fit.strip() else None

    def context(self, trace_id: Any) -> bytes:
        """Encode trace and labels from the context variables and the call, a comma after each."""
        variables = get_contextvars()
        if not variables and trace_id is None:
            return b""
        own = {_ECS[name]: value for name, value in variables.items() if name in _ECS}
        if trace_id is not None:
            own["trace"] = trace_id
        ids = {name: _text(value) for name, value in own.items() if value is not None}
        fields: Parts = {name: {"id": text} for name, text in ids.items() if text.strip()}
        others = {name: value for name, value in variables.items() if name not in _ECS}
        try:
            return self._encoded(fields, others, careful=False)
        except NotEncodable:
            return self._encoded(fields, others, careful=True)

    def _encoded(self, fields: Parts, others: Mapping[str, Any], *, careful: bool) -> bytes:
        labels = _as_strings(self._labels.split(others, careful=careful)) if others else {}
        whole = {**fields, "labels": labels} if labels else fields
        return encode(whole)[1:-1] + b"," if whole else b""


def _text(value: Any) -> str:
    """Write an id as a string; nothing, where even that raises."""
    return attempt(lambda: clean(str.__str__(str(value))), lambda _: "")


def _as_strings(parts: Mapping[str, Any]) -> dict[str, str]:
    """Write context variables as strings: numbers as such, lists by commas, nulls not at all."""
    labels = {name: str(value) for name, value in parts.get("num", {}).items()}
    labels |= parts.get("cat", {})
    return labels | {name: ", ".join(items) for name, items in parts.get("list", {}).items()}
