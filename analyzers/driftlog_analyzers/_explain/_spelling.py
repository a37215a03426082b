"""What may have happened to strings and tokens: the unseen ones are known ones in another spelling, or mean nothing."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping

from driftlog_analyzers._explain._numbers import SENTINELS
from driftlog_analyzers._profile import Counts
from driftlog_analyzers._statistics import rate
from driftlog_analyzers.detectors import Case

MATCHED = 0.95
HALF = 0.5
NULLS = frozenset(
    ["null", "none", "nan", "nil", "n/a", "na", "#n/a", "<na>", "nat", "undefined", "unknown"]
)
_TRUTH = frozenset(["true", "false"])
_DIGITS = frozenset(["0", "1"])
_BEGINNINGS = frozenset("0123456789+-. ")
_REPLACED = "\N{REPLACEMENT CHARACTER}"

_Test = Callable[[str], bool]


def respelled(case: Case, effect: float) -> str:
    """What nearly all unseen strings of one feature have in common, if anything.

    Nearly all are 95 % of those beyond the usual novelty, and no less than half of all; where a finding's effect is a
    shift of shares, the unseen ones must be at least half of it.

    Args:
        case: a feature of strings or lists.
        effect: the finding's, a share.
    """
    before, after = case.baseline.categorical, case.after.categorical
    if before is None or after is None or before.tail:
        return ""
    written = case.constraint.values or () if case.constraint else ()
    known = {*before.counts, *written}
    new = {value: count for value, count in after.counts.items() if value not in known}
    listed = sum(new.values())
    if not listed or listed < after.tail or listed < HALF * effect * after.n:
        return ""
    usual = rate(before.once, before.n) * after.n
    return _first(_spellings(known, new), new, needed(listed, usual))


def respelled_tokens(case: Case, vocabulary: Counts) -> str:
    """What nearly all unknown tokens have in common, if anything.

    Args:
        case: a text feature.
        vocabulary: the known tokens; without them nothing can be said.
    """
    before, after = case.baseline.text, case.after.text
    if before is None or after is None or not vocabulary:
        return ""
    new, listed = after.unknown, sum(after.unknown.values())
    if not listed or listed < after.unknown_tail:
        return ""
    usual = rate(before.oov, before.tokens) * after.tokens * rate(listed, after.oov)
    return _first(_token_spellings(vocabulary, new), new, needed(listed, usual))


def needed(listed: int, usual: float) -> float:
    """How many of the unseen must fit."""
    return max(HALF * listed, MATCHED * (listed - usual))


def _first(rules: Iterator[tuple[str, _Test]], new: Counts, least: float) -> str:
    spare = sum(new.values()) - least
    for words, test in rules:
        if fitting := _fitting(test, new, spare):
            most = min(fitting, key=lambda value: (-fitting[value], value))
            return words.format(most=most)
    return ""


def _fitting(test: _Test, new: Counts, spare: float) -> Counts:
    """The values that pass; none once more than so many occurrences do not, which most tests show soon."""
    fitting: dict[str, int] = {}
    for value, count in new.items():
        if test(value):
            fitting[value] = count
        elif (spare := spare - count) < 0:
            return {}
    return fitting


def _spellings(known: Collection[str], new: Counts) -> Iterator[tuple[str, _Test]]:
    """The kinds of spelling in the order of their precision; each is made ready only when the ones before failed."""
    yield "empty string", lambda value: not value
    yield "blank string", lambda value: not value.strip()
    if not any(value.casefold() in NULLS for value in known):
        yield "null-like string {most!r}", lambda value: value.casefold() in NULLS
    yield from _booleans(known)
    yield from _undecoded(known, new)
    folded = {value.casefold() for value in known}
    yield "casing changed", lambda value: value.casefold() in folded
    stripped = {" ".join(value.split()) for value in known}
    yield "white space changed", lambda value: " ".join(value.split()) in stripped
    yield from _foreign(known, new, _whole)
    numbers = {number for value in known if (number := parsed(value)) is not None}
    yield "integers as floats", lambda value: value.endswith(".0") and value[:-2] in known
    yield "floats as integers", lambda value: parsed(value) is not None and f"{value}.0" in known
    yield "numbers written differently", lambda value: parsed(value) in numbers
    if not numbers and all(parsed(value) in SENTINELS for value in new):
        yield "sentinel {most}", lambda _: True


def _token_spellings(
    vocabulary: Collection[str], new: Collection[str]
) -> Iterator[tuple[str, _Test]]:
    yield "empty token", lambda token: not token
    yield "case folding off", lambda token: token.casefold() in vocabulary
    folded = {token.casefold() for token in vocabulary}
    yield "casing changed", lambda token: token.casefold() in folded
    yield from _undecoded(vocabulary, new)
    yield from _foreign(vocabulary, new, _words)


def _booleans(known: Collection[str]) -> Iterator[tuple[str, _Test]]:
    folded = {value.casefold() for value in known}
    if folded and folded <= _TRUTH:
        yield "booleans as 0/1", lambda value: value in _DIGITS
    if folded and folded <= _DIGITS:
        yield "0/1 as booleans", lambda value: value.casefold() in _TRUTH


def _undecoded(known: Collection[str], new: Collection[str]) -> Iterator[tuple[str, _Test]]:
    if any(_REPLACED in value for value in new) and not any(_REPLACED in value for value in known):
        yield "bytes that are not UTF-8 were replaced", lambda value: _REPLACED in value


def _foreign(
    known: Collection[str], new: Collection[str], pieces: Callable[[str], Collection[str]]
) -> Iterator[tuple[str, _Test]]:
    """What becomes of known values with letters outside ASCII; `pieces` are the values that one turns into."""
    letters = [value for value in known if not value.isascii()]
    if not letters:
        return
    if not all(map(str.isascii, new)):
        garbled = {x for value in letters for codec in _CODECS for x in pieces(_read(value, codec))}
        yield "decoded as Latin-1", garbled.__contains__
        forms = {form(value) for value in letters for form in _FORMS}
        yield "another Unicode form", forms.__contains__
    plain = {without_accents(value) for value in letters}
    yield "accents stripped", plain.__contains__


def _read(value: str, letters: Mapping[int, str]) -> str:
    """UTF-8 read in another encoding; bytes that have no letter there are read as Latin-1, as browsers do."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1").translate(letters)


def _form(name: str) -> Callable[[str], str]:
    return lambda value: unicodedata.normalize(name, value)  # type: ignore[arg-type]


_UNASSIGNED = frozenset([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_WINDOWS = {n: bytes([n]).decode("cp1252") for n in range(0x80, 0xA0) if n not in _UNASSIGNED}
_CODECS: tuple[Mapping[int, str], ...] = ({}, _WINDOWS)
_FORMS = (_form("NFC"), _form("NFD"), _form("NFKC"))


def without_accents(value: str) -> str:
    """The value with its letters' accents removed; ß and ø, which have none, stay."""
    parts = unicodedata.normalize("NFD", value)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _whole(value: str) -> tuple[str, ...]:
    return (value,)


def _words(value: str) -> tuple[str, ...]:
    """The tokens that a tokenizer may cut a garbled token into, folded or not."""
    return (value, *re.findall(r"\w+", value), *re.findall(r"\w+", value.lower()))


def parsed(value: str) -> float | None:
    """The finite number that a string holds; None if it holds none."""
    if value[:1] not in _BEGINNINGS:
        return None  # and no exception, which costs most where no value is a number
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") and "_" not in value else None
