"""The one cause that explains nearly all disagreements of a feature, if there is one. Pure."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from driftlog_analyzers._logged import Cell
from driftlog_analyzers._skew import Pair
from driftlog_analyzers._statistics import counted, figure

NEARLY_ALL = 0.95
FEWEST = 5
_DIGITS = range(7)
_CLOSE = 1e-6

_Numbers = Sequence[tuple[float, float]]


def cause(pairs: Sequence[Pair]) -> str:
    """What explains at least 95 % of some disagreements, in words; empty if nothing does, or they are fewer than 5."""
    if len(pairs) < FEWEST:
        return ""
    for rule in (_default, _retyped, _of_numbers, _of_strings):
        if words := rule(pairs):
            return words
    return ""


def lagged(pairs: Sequence[Pair], before: Sequence[Cell | None]) -> str:
    """Whether what is logged is what was computed for the row before.

    Args:
        pairs: the disagreements.
        before: the offline value of the row before each.
    """
    both = [(p.logged, old) for p, old in zip(pairs, before, strict=True) if old is not None]
    if len(both) < FEWEST or len(both) < NEARLY_ALL * len(pairs) / 2:
        return ""
    same = sum(logged is not None and _equal(logged, old) for logged, old in both)
    return "the log has the value of the row before: it lags" if _most(same, both) else ""


def _most(hits: int, of: Sequence[object]) -> bool:
    return hits >= NEARLY_ALL * len(of)


def _equal(one: Cell, other: Cell) -> bool:
    if one.kind == other.kind and one.kind in {"number", "text"}:
        return math.isclose(one.number, other.number, rel_tol=_CLOSE)
    return one == other


def _default(pairs: Sequence[Pair]) -> str:
    """One constant on one side where the other has nothing."""
    logged = [p.logged for p in pairs if p.offline.missing and p.logged]
    offline = [p.offline for p in pairs if p.logged is None or p.logged.missing]
    for cells, words in (
        (logged, "the log has {} where offline there is no value"),
        (offline, "offline there is {} where the log has no value"),
    ):
        if cells and _most(len(cells), pairs):
            (common, count), *_ = Counter(cells).most_common(1)
            if _most(count, cells):
                return words.format(_shown(common)) + ": a default?"
            absent = sum(p.logged is None for p in pairs)
            return "the feature is absent from the log" if _most(absent, pairs) else ""
    return ""


def _retyped(pairs: Sequence[Pair]) -> str:
    kinds = Counter((p.logged.kind, p.offline.kind) for p in pairs if p.logged)
    for (logged, offline), count in kinds.items():
        if (
            _most(count, pairs)
            and logged != offline
            and not {logged, offline} & {"null", "nonfinite"}
        ):
            return f"a {logged} in the log is a {offline} offline"
    return ""


def _of_numbers(pairs: Sequence[Pair]) -> str:
    both = [
        (p.logged.number, p.offline.number)
        for p in pairs
        if p.logged and p.logged.kind == p.offline.kind == "number"
    ]
    if not _most(len(both), pairs):
        return ""
    for rule in (_constant, _rounded, _scaled, _transformed):
        if words := rule(both):
            return words
    return ""


def _holds(pairs: _Numbers, expected: Callable[[float], float]) -> bool:
    hits = 0
    for logged, offline in pairs:
        try:
            hits += math.isclose(logged, expected(offline), rel_tol=_CLOSE, abs_tol=1e-12)
        except (ValueError, OverflowError):
            continue
    return _most(hits, pairs)


def _constant(pairs: _Numbers) -> str:
    for side, words in ((0, "the log"), (1, "the file")):
        (value, count), *_ = Counter(pair[side] for pair in pairs).most_common(1)
        if _most(count, pairs) and len({pair[1 - side] for pair in pairs}) > 1:
            return f"{words} has {figure(value)} in all of them"
    return ""


def _rounded(pairs: _Numbers) -> str:
    swapped = [(offline, logged) for logged, offline in pairs]
    for some, words in ((pairs, "the log"), (swapped, "the file")):
        if _holds_exactly(some, lambda x: float(np.float32(x))):
            return f"{words} has 32-bit floats"
        if _holds(some, math.trunc) and not _holds(some, round):
            return f"{words} is cut to whole numbers"
        for digits in _DIGITS:
            if _holds(some, lambda x, digits=digits: round(x, digits)):  # type: ignore[misc]
                to = counted(digits, "decimal") if digits else "whole numbers"
                return f"{words} is rounded to {to}"
    return ""


def _holds_exactly(pairs: _Numbers, expected: Callable[[float], float]) -> bool:
    with np.errstate(over="ignore"):
        return _most(sum(logged == expected(offline) for logged, offline in pairs), pairs)


def _scaled(pairs: _Numbers) -> str:
    """A factor, an offset, or both, through the two points farthest apart."""
    low, high = min(pairs, key=lambda p: p[1]), max(pairs, key=lambda p: p[1])
    ratios = sorted(logged / offline for logged, offline in pairs if offline)
    if ratios:
        factor = ratios[len(ratios) // 2]
        if factor and _holds(pairs, lambda x: factor * x):
            words = f"{figure(factor)} times" if abs(factor) >= 1 else f"1/{figure(1 / factor)} of"
            return (
                "the log has the sign changed"
                if factor == -1
                else f"the log has {words} the offline value"
            )
    steps = sorted(logged - offline for logged, offline in pairs)
    step = steps[len(steps) // 2]
    if _holds(pairs, lambda x: x + step):
        return f"the log is the offline value {'plus' if step > 0 else 'minus'} {figure(abs(step))}"
    if len({offline for _, offline in pairs}) < FEWEST:
        return ""
    slope = (high[0] - low[0]) / (high[1] - low[1])
    offset = low[0] - slope * low[1]
    if slope and _holds(pairs, lambda x: slope * x + offset):
        return f"the log is {figure(slope)} times the offline value {'+' if offset > 0 else '-'} {figure(abs(offset))}"
    return ""


def _transformed(pairs: _Numbers) -> str:
    functions: dict[str, Callable[[float], float]] = {
        "logarithm": math.log,
        "logarithm of 1 plus": math.log1p,
        "decimal logarithm": math.log10,
        "exponential": math.exp,
        "square root": math.sqrt,
        "square": lambda x: x * x,
        "absolute value": abs,
    }
    for name, function in functions.items():
        if _holds(pairs, function):
            return f"the log has the {name} of the offline value"
    return ""


def _of_strings(pairs: Sequence[Pair]) -> str:
    both = [
        (p.logged.string, p.offline.string)
        for p in pairs
        if p.logged and p.logged.kind == p.offline.kind == "string"
    ]
    if not _most(len(both), pairs):
        return ""
    for words, same in _SPELLINGS:
        if _most(sum(same(logged, offline) for logged, offline in both), both):
            return words
    return _recoded(both)


def _latin(logged: str, offline: str) -> bool:
    for one, other in ((logged, offline), (offline, logged)):
        try:
            if one == other.encode().decode("latin-1") != other:
                return True
        except UnicodeError:
            continue
    return False


_SPELLINGS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("the casing differs", lambda a, b: a.casefold() == b.casefold()),
    ("blanks around the value differ", lambda a, b: a.strip() == b.strip()),
    (
        "casing and blanks differ",
        lambda a, b: a.strip().casefold() == b.strip().casefold(),
    ),
    ("leading zeros differ", lambda a, b: a.lstrip("0") == b.lstrip("0")),
    (
        "characters are composed in another way (Unicode normal form)",
        lambda a, b: unicodedata.normalize("NFKC", a) == unicodedata.normalize("NFKC", b),
    ),
    ("one side was decoded as Latin-1", _latin),
    ("the log has the value cut short", lambda a, b: a != "" and b.startswith(a)),
)


def _recoded(both: Sequence[tuple[str, str]]) -> str:
    """Each offline value stands for one logged value, and there are several."""
    coded: dict[str, Counter[str]] = {}
    for logged, offline in both:
        coded.setdefault(offline, Counter())[logged] += 1
    kept = sum(names.most_common(1)[0][1] for names in coded.values())
    different = {names.most_common(1)[0][0] for names in coded.values()}
    if not _most(kept, both) or len(different) < len(coded) or len(both) < FEWEST * len(coded):
        return ""
    offline, names = max(coded.items(), key=lambda item: item[1].total())
    return (
        f"the values are coded otherwise: {offline!r} is {names.most_common(1)[0][0]!r} in the log"
    )


def _shown(cell: Cell) -> str:
    if cell.kind in {"number", "text"}:
        return figure(cell.number)
    return repr(cell.string) if cell.kind == "string" else repr(list(cell.items))
