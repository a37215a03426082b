"""docs/event.md as a check: what one line of a segment may hold, written by hand.

It knows nothing of the code that writes the lines, so that both cannot be wrong in the same way.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

__all__ = ["SpecError", "check_event", "documents", "predictions"]

Check = Callable[[object], str | None]
"""Returns what is wrong with a value, or None."""


class SpecError(AssertionError):
    """A line that docs/event.md does not allow; says everything that is wrong with it."""


def check_event(document: dict, line: bytes) -> None:
    """Check that *line* is *document*, and that docs/event.md allows it.

    Raises:
        SpecError: it is not, or does not.
    """
    problems = [*line_problems(document, line), *document_problems(document)]
    if problems:
        raise SpecError("\n".join([*problems, repr(line)]))


def line_problems(document: dict, line: bytes) -> list[str]:
    """Say what is wrong with the bytes of *line*."""
    problems = []
    if not line.endswith(b"\n") or b"\n" in line[:-1]:
        problems.append("the line is not one line ended by a newline")
    try:
        parsed = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        return [*problems, f"the line is not strict JSON in UTF-8: {error}"]
    return problems if parsed == document else [*problems, "the line is another document"]


def document_problems(document: dict) -> list[str]:
    """Say what is wrong with *document*, whatever bytes it came from."""
    action = _at(document, "event", "action")
    if not isinstance(action, str) or action not in _BODIES:
        return [f"event.action: {action!r} is none of {sorted(_BODIES)}"]
    required, optional = _common(document, action)
    problems = _check_keys("", document, required, optional)
    if action == "prediction":
        problems += _misplaced(_at(document, "driftlog"), "")
        problems += _misplaced(_at(document, "driftlog", "prediction"), "prediction.")
    return problems


def text(value: object) -> str | None:
    """Accept a string that says something."""
    return None if isinstance(value, str) and value.strip() else "is no non-empty string"


def string(value: object) -> str | None:
    """Accept any string."""
    return None if isinstance(value, str) else "is no string"


def finite(value: object) -> str | None:
    """Accept a number that is not a boolean and fits a 64-bit float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is no number"
    try:
        return None if math.isfinite(float(value)) else "is not finite"
    except OverflowError:
        return "does not fit a 64-bit float"


def count(value: object) -> str | None:
    """Accept a whole number from 0, of at most 63 bits."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole and 0 <= value < 2**63 else "is no non-negative integer"


def schema(value: object) -> str | None:
    """Accept twelve hex digits."""
    good = isinstance(value, str) and re.fullmatch(r"[0-9a-f]{12}", value)
    return None if good else "is no 12 hex digits"


def strings(value: object) -> str | None:
    """Accept a list of strings."""
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if good else "is no list of strings"


def names(value: object) -> str | None:
    """Accept a list of distinct names, at least one."""
    problem = strings(value)
    if problem or not isinstance(value, list):
        return problem
    if not value or len(set(value)) != len(value):
        return "is empty or names something twice"
    return None if all(item.strip() for item in value) else "has a blank name"


def timestamp(value: object) -> str | None:
    """Accept UTC, RFC 3339, six digits of seconds and a Z."""
    problem = "is not YYYY-MM-DDTHH:MM:SS.ffffffZ"
    if not isinstance(value, str) or not re.fullmatch(r"[-\d]{10}T[:\d]{8}\.\d{6}Z", value):
        return problem
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return problem
    return None


def one_of(*allowed: object) -> Check:
    """Accept the values *allowed*."""
    return lambda value: (
        None
        if any(type(value) is type(one) and value == one for one in allowed)
        else f"is none of {allowed}"
    )


def mapping(check: Check) -> Check:
    """Accept a non-empty object of non-blank names whose values all pass *check*."""

    def check_mapping(value: object) -> str | None:
        if not isinstance(value, dict) or not value:
            return "is no non-empty object"
        wrong = {name: check(item) for name, item in value.items() if check(item)}
        blank = [name for name in value if not name.strip()]
        return f"has {wrong} and blank names {blank}" if wrong or blank else None

    return check_mapping


def fields(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """Accept an object with exactly these keys."""

    def check_fields(value: object) -> str | None:
        if not isinstance(value, dict):
            return "is no object"
        return "; ".join(_check_keys("", value, required, optional or {})) or None

    return check_fields


_OUTPUTS: dict[str, Check] = {
    "num": mapping(finite),
    "cat": mapping(string),
    "list": mapping(strings),
    "other": mapping(text),
    "na": names,
    "nonfinite": names,
    "empty": names,
}
_BODIES: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "prediction": (
        {},
        {
            **_OUTPUTS,
            "text": mapping(fields({"tokens": count, "distinct": count}, {"oov": count})),
            "tok": mapping(strings),
            "oov": mapping(strings),
            "redacted": names,
            "truncated": names,
            "prediction": fields({}, _OUTPUTS),
        },
    ),
    "label": (
        {
            "label": fields(
                {"id": text}, {"num": fields({"value": finite}), "cat": fields({"value": string})}
            )
        },
        {},
    ),
    "segment": ({"segment": fields({"id": text, "format": one_of(1), "pid": count})}, {}),
}
_PLACES = ("num", "cat", "list", "text", "other", "na", "nonfinite", "redacted")


def _common(document: dict, action: str) -> tuple[dict[str, Check], dict[str, Check]]:
    """Return the required and the optional top-level fields of an event of *action*."""
    dataset = f"driftlog.{_at(document, 'driftlog', 'model', 'name')}"
    event = {"id": text, "kind": one_of("event"), "action": text, "dataset": one_of(dataset)}
    if action == "prediction":
        event["outcome"] = one_of("success", "failure", "unknown")
    body, further = _BODIES[action]
    model = {"name": text, "version": text}
    if action != "segment":
        model["schema"] = schema
    required = {
        "@timestamp": timestamp,
        "event": fields(event, {"duration": count} if action == "prediction" else {}),
        "host": fields({"name": text}),
        "driftlog": fields({"model": fields(model), **body}, further),
    }
    service = {"service": fields({"name": text}, {"version": text, "environment": text})}
    if action == "segment":  # belongs to the file, not to the service
        return required, service
    ids = {name: fields({"id": text}) for name in ("trace", "span", "transaction")}
    return {**required, **service}, {**ids, "labels": mapping(string)}


def _check_keys(
    path: str, value: dict, required: dict[str, Check], optional: dict[str, Check]
) -> list[str]:
    known = {**required, **optional}
    problems = [f"{path}{key} is missing" for key in required if key not in value]
    problems += [f"{path}{key} is not in docs/event.md" for key in value if key not in known]
    checked = {key: known[key](value[key]) for key in value if key in known}
    return problems + [f"{path}{key}: {problem}" for key, problem in checked.items() if problem]


def _misplaced(part: object, path: str) -> list[str]:
    """Say which features of *part* stand in several places, or in a companion's place only."""
    if not isinstance(part, dict):
        return []
    places = Counter(name for place in _PLACES for name in _named(part, place))
    problems = [f"{path}{name} stands in {n} places" for name, n in places.items() if n > 1]
    strangers = _named(part, "truncated") - places.keys()
    problems += [f"{path}{name} was truncated but stands nowhere" for name in strangers]
    return problems + _empty_problems(part, path) + _text_problems(part)


def _empty_problems(part: dict, path: str) -> list[str]:
    """Say which features are called empty without a list that is, or the other way round."""
    lists = part.get("list")
    items = lists.items() if isinstance(lists, dict) else ()
    wrong = {name for name, values in items if values == []} ^ _named(part, "empty")
    return [f"{path}{name}: list and empty disagree" for name in sorted(wrong)]


def _text_problems(part: dict) -> list[str]:
    """Say where the tokens of a text feature and its numbers disagree."""
    texts, known, unknown = (_named(part, place) for place in ("text", "tok", "oov"))
    if texts != known | unknown or known & unknown:
        return [f"text has {sorted(texts)}, tok {sorted(known)}, oov {sorted(unknown)}"]
    numbers = part.get("text")
    return [
        f"text.{name} and its tokens disagree about a vocabulary"
        for name, value in (numbers.items() if isinstance(numbers, dict) else ())
        if isinstance(value, dict) and ("oov" in value) != (name in unknown)
    ]


def _named(part: dict, place: str) -> set[str]:
    """Return the names of the features at *place*, a list or an object."""
    found = part.get(place)
    return (
        {name for name in found if isinstance(name, str)}
        if isinstance(found, list | dict)
        else set()
    )


def _at(document: object, *path: str) -> object:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _refuse(token: str) -> object:
    raise ValueError(f"{token} is not JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError(f"a key stands twice among {[key for key, _ in pairs]}")
    return dict(pairs)


def documents(spool: Path) -> list[tuple[dict, bytes]]:
    """Return every line of *spool* with the document it holds, oldest segment first."""
    lines = [line for path in sorted(spool.rglob("*.ndjson")) for line in _lines(path)]
    return [(json.loads(line), line) for line in lines]


def predictions(spool: Path) -> list[tuple[dict, bytes]]:
    """Return those of `documents` that are predictions."""
    return [one for one in documents(spool) if one[0]["event"]["action"] == "prediction"]


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)
