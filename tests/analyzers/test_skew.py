import math
import random
from datetime import datetime

import pytest

from driftlog._strings import shorten
from driftlog_analyzers._logged import NONFINITE, NULL, Cell, listed
from driftlog_analyzers._offline import cell
from driftlog_analyzers._skew import Compared, Pair, Verdict, compare, read_cell, skew_of
from driftlog_analyzers._skew_causes import cause


def number(x):
    """A logged or computed number."""
    return Cell("number", float(x))


def string(x):
    """A logged or computed string."""
    return Cell("string", string=x)


@pytest.mark.parametrize(
    ("logged", "offline", "expected"),
    [
        (None, NULL, Verdict.SAME),
        (NULL, NONFINITE, Verdict.SAME),
        (None, number(1), Verdict.NOT_LOGGED),
        (NULL, string(""), Verdict.NOT_LOGGED),
        (number(0), NULL, Verdict.NOT_OFFLINE),
        (number(1), string("1"), Verdict.TYPE),
        (number(1), number(1 + 1e-7), Verdict.SAME),
        (number(1), number(1 + 1e-5), Verdict.DIFFERENT),
        (number(0), number(1e-300), Verdict.DIFFERENT),
        (string("a"), string("a"), Verdict.SAME),
        (string("a"), string("A"), Verdict.DIFFERENT),
        (listed(["b", "a", "a"]), listed(["a", "b"]), Verdict.SAME),
        (listed([]), listed(["a"]), Verdict.DIFFERENT),
        (Cell("text", 3.0), Cell("text", 3.0), Verdict.SAME),
    ],
)
def test_compare(logged, offline, expected):
    """What comes of two values."""
    assert expected == compare(logged, offline, 1e-6)


@pytest.mark.parametrize(
    ("text", "logged", "expected"),
    [
        ("1.5", number(2), number(1.5)),
        ("1.5", None, number(1.5)),
        ("abc", number(2), string("abc")),
        ("nan", number(2), NONFINITE),
        ("007", string("7"), string("007")),
        ("7.0", string("7"), string("7")),
        ("True", string("true"), string("true")),
        ("2026-03-02 00:00:00", string("2026-03-02T00:00:00"), string("2026-03-02T00:00:00")),
        ("2026-03-02", string("x"), string("2026-03-02")),
        ("['a', 'b']", listed(["b", "a"]), listed(["a", "b"])),
        ("[]", listed(["b"]), listed([])),
    ],
)
def test_reading_a_file_without_types(text, logged, expected):
    """A cell is read as what the log has there, in the log's own spelling where that is the same."""
    assert expected == read_cell(text, logged)


@pytest.mark.parametrize(
    ("value", "logged", "expected"),
    [
        (None, None, NULL),
        (None, string(""), string("")),
        (7, string("7"), string("7")),
        (7, number(7), number(7)),
        (True, string("true"), string("true")),
        (math.nan, number(1), NONFINITE),
        (["b", "a"], None, listed(["a", "b"])),
        (datetime(2026, 3, 2), None, string("2026-03-02T00:00:00")),  # noqa: DTZ001 - as in a file
        ("good bad good", Cell("text", 2.0), Cell("text", 2.0)),
        ("x" * 2000, None, string(shorten("x" * 2000))),
    ],
)
def test_reading_typed_values(value, logged, expected):
    """A typed value is classified as the logger does."""
    assert expected == cell(value, logged)


def test_finding_needs_the_whole_interval():
    """One in a hundred of a hundred may be chance; one in fifty of ten thousand is above one percent."""
    few, many = Compared(), Compared()
    for n in range(100):
        few.add(str(n), number(n == 0), number(0), 1e-6)
    for n in range(10_000):
        many.add(str(n), number(n % 50 == 0), number(0), 1e-6)

    assert not skew_of("f", few, 0.01).found
    found = skew_of("f", many, 0.01)
    assert (True, 200, 0.02) == (found.found, found.different, found.share)
    assert found.low > 0.01 > skew_of("f", few, 0.01).low
    assert not skew_of("f", Compared(), 0.01).found


def pairs(logged, offline):
    """Disagreements."""
    return [Pair(str(n), a, b) for n, (a, b) in enumerate(zip(logged, offline, strict=True))]


CHANCE = random.Random(7)
NUMBERS = [CHANCE.uniform(1, 100) for _ in range(50)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: 1000 * x, "the log has 1,000 times the offline value"),
        (lambda x: x / 100, "the log has 1/100 of the offline value"),
        (lambda x: -x, "the log has the sign changed"),
        (lambda x: x + 273.15, "the log is the offline value plus 273.1"),
        (lambda x: 1.8 * x + 32, "the log is 1.8 times the offline value + 32"),
        (math.log, "the log has the logarithm of the offline value"),
        (math.log1p, "the log has the logarithm of 1 plus of the offline value"),
        (lambda x: round(x, 1), "the log is rounded to 1 decimal"),
        (round, "the log is rounded to whole numbers"),
        (math.trunc, "the log is cut to whole numbers"),
        (lambda _: -999, "the log has -999 in all of them"),
        (lambda _: CHANCE.random(), ""),
    ],
)
def test_causes_of_numbers(change, expected):
    """The one change that all numbers went through is named; chance has none."""
    assert expected == cause(pairs(map(number, map(change, NUMBERS)), map(number, NUMBERS)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (str.lower, "the casing differs"),
        (lambda x: f" {x}", "blanks around the value differ"),
        (lambda x: f"{x.lower()} ", "casing and blanks differ"),
        (lambda x: x.encode().decode("latin-1"), "one side was decoded as Latin-1"),
        (lambda x: x[:3], "the log has the value cut short"),
        (
            {"Köln": "k", "Zürich": "z", "Đà Nẵng": "d"}.get,
            "the values are coded otherwise: 'Köln' is 'k' in the log",
        ),
        (lambda _: CHANCE.choice("abcdef"), ""),
    ],
)
def test_causes_of_strings(change, expected):
    """The one change of spelling that all strings went through is named."""
    names = ["Köln", "Zürich", "Đà Nẵng"] * 20

    assert expected == cause(pairs([string(change(name)) for name in names], map(string, names)))


def test_other_causes():
    """A default in place of nothing, an absent feature and another type are named."""
    some = [string(str(n)) for n in range(9)]

    assert "the log has 0 where offline there is no value: a default?" == (
        cause(pairs([number(0)] * 9, [NULL] * 9))
    )
    assert "offline there is 'none' where the log has no value: a default?" == (
        cause(pairs([NULL] * 9, [string("none")] * 9))
    )
    assert "the feature is absent from the log" == cause(pairs([None] * 9, some))
    assert "a number in the log is a string offline" == cause(pairs([number(1)] * 9, some))
    assert "" == cause(pairs([number(1)] * 4, [number(100)] * 4))
    assert "" == cause(pairs([NULL] * 9, some))


def test_one_cause_must_explain_nearly_all():
    """Two causes, half of the values each, are not one."""
    some = [number(100 * x) if n % 2 else number(x + 1) for n, x in enumerate(NUMBERS)]

    assert "" == cause(pairs(some, map(number, NUMBERS)))
