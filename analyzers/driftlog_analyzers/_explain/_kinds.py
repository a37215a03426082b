"""What may have happened where values are of another kind: the same ones in another form."""

import math
import re
from collections.abc import Callable

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._explain._spelling import NULLS, parsed
from driftlog_analyzers._profile import Counts, FeatureProfile, Numeric
from driftlog_analyzers.detectors import Case

MAIN = 0.95
_COMMA = re.compile(r"[+-]?\d{1,3}(\.?\d{3})*,\d+")
_TRUTH = {"true", "false"}
_WORDS = {"numeric": "number", "categorical": "string", "list": "list", "text": "text"}


def retyped(case: Case) -> str:
    """How values of another kind relate to the usual ones; else only what they are now, if it is one kind."""
    expected = _WORDS.get(main_kind(case.baseline), "")
    other = {kind: count for kind, count in case.after.kinds.items() if kind != expected}
    if not expected or not other:
        return ""
    kind = max(other, key=lambda name: other[name])
    if other[kind] < MAIN * sum(other.values()):
        return ""
    return _same(expected, kind, case.baseline, case.after) or f"now a {kind}"


def _same(expected: str, kind: str, before: FeatureProfile, after: FeatureProfile) -> str:
    match expected, kind:
        case "number", "string":
            return _numbers_as_strings(before, after)
        case "string", "number":
            return _strings_as_numbers(before, after)
        case (("string" | "number"), "list"):
            return _wrapped(before, after)
    return ""


def _numbers_as_strings(before: FeatureProfile, after: FeatureProfile) -> str:
    """The strings of a feature of numbers; lists hold strings, too, so there must be none."""
    new = _others(before, after)
    if after.lists or not new:
        return ""
    truth = before.numeric is not None and zero_or_one(before.numeric)
    rules: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("numbers as strings", lambda value: parsed(value) is not None),
        ("numbers as strings with a decimal comma", lambda v: bool(_COMMA.fullmatch(v))),
        ("empty string", lambda value: not value.strip()),
        ("null-like string", lambda value: value.casefold() in NULLS),
        ("0/1 as booleans", lambda value: truth and value.casefold() in _TRUTH),
    )
    return next((words for words, test in rules if _mostly(new, test)), "")


def _strings_as_numbers(before: FeatureProfile, after: FeatureProfile) -> str:
    known = before.categorical.counts if before.categorical else {}
    if not known:
        return ""
    if {value.casefold() for value in known} <= _TRUTH:
        truth = after.numeric is not None and zero_or_one(after.numeric)
        return "booleans as 0/1" if truth else ""
    return "strings as numbers" if _mostly(known, lambda value: parsed(value) is not None) else ""


def _wrapped(before: FeatureProfile, after: FeatureProfile) -> str:
    """Lists of one item each, where the items are what the scalars were."""
    if after.categorical is None or after.lists + after.strings != after.categorical.n:
        return ""
    known = before.categorical.counts if before.categorical else {}
    numeric = before.numeric is not None

    def fits(item: str) -> bool:
        return item in known or (numeric and parsed(item) is not None)

    return "scalar in a list" if _mostly(after.categorical.counts, fits) else ""


def _others(before: FeatureProfile, after: FeatureProfile) -> Counts:
    known = before.categorical.counts if before.categorical else {}
    counts = after.categorical.counts if after.categorical else {}
    return {value: count for value, count in counts.items() if value not in known}


def _mostly(counts: Counts, test: Callable[[str], bool]) -> bool:
    """Whether the values that pass make up 95 % of the listed ones."""
    fitting = sum(count for value, count in counts.items() if test(value))
    return fitting > 0 and fitting >= MAIN * sum(counts.values())


def zero_or_one(numbers: Numeric) -> bool:
    """Whether all numbers are 0 or 1: in that range Σx² is Σx for no others."""
    if numbers.minimum < 0 or numbers.maximum > 1:
        return False
    expected = numbers.n * numbers.mean * (1.0 - numbers.mean)
    return math.isclose(numbers.m2, expected, rel_tol=1e-9, abs_tol=1e-9)
