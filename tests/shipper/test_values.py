"""Every kind of value lands where docs/event.md says."""

import enum
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from driftlog import Text, tokenize


class Colour(enum.Enum):
    """Two colours."""

    RED = "red"
    FOUR = 4


class Odd:
    """Cannot be written."""

    def __str__(self):
        raise RuntimeError("secret-detail")


class RaisingEnum(enum.Enum):
    """Has a value that raises."""

    BAD = Odd()


KINDS = [
    (1.5, {"num": {"x": 1.5}}),
    (3, {"num": {"x": 3}}),
    (-0.0, {"num": {"x": -0.0}}),
    (2**70, {"num": {"x": float(2**70)}}),
    (10**400, {"nonfinite": ["x"]}),
    (-(10**400), {"nonfinite": ["x"]}),
    (Decimal("1.25"), {"num": {"x": 1.25}}),
    (Decimal("1e400"), {"nonfinite": ["x"]}),
    (Decimal("sNaN"), {"nonfinite": ["x"]}),
    (np.float32(0.5), {"num": {"x": 0.5}}),
    (np.float64(0.5), {"num": {"x": 0.5}}),
    (np.longdouble(0.5), {"num": {"x": 0.5}}),
    (np.int64(5), {"num": {"x": 5}}),
    (np.uint8(5), {"num": {"x": 5}}),
    (np.bool_(True), {"cat": {"x": "true"}}),
    (np.str_("a"), {"cat": {"x": "a"}}),
    (np.datetime64("2026-01-02T03:04:05"), {"cat": {"x": "2026-01-02T03:04:05"}}),
    (np.datetime64("2026-01-02"), {"cat": {"x": "2026-01-02T00:00:00"}}),
    (np.datetime64("NaT"), {"na": ["x"]}),
    (np.timedelta64("NaT"), {"na": ["x"]}),
    (np.timedelta64(1, "s"), {"other": {"x": "timedelta64"}}),
    (np.array([1, 2]), {"list": {"x": ["1", "2"]}}),
    (np.array(3.5), {"num": {"x": 3.5}}),
    (np.zeros((2, 2)), {"other": {"x": "list"}}),
    (pd.Timestamp("2026-01-02", tz="UTC"), {"cat": {"x": "2026-01-02T00:00:00+00:00"}}),
    (pd.NA, {"na": ["x"]}),
    (pd.NaT, {"na": ["x"]}),
    (None, {"na": ["x"]}),
    (float("nan"), {"nonfinite": ["x"]}),
    (np.float32("nan"), {"nonfinite": ["x"]}),
    (float("-inf"), {"nonfinite": ["x"]}),
    (True, {"cat": {"x": "true"}}),
    ("DE", {"cat": {"x": "DE"}}),
    ("", {"cat": {"x": ""}}),
    ("\\u0000", {"cat": {"x": "\\u0000"}}),
    ("a\0b\ud800", {"cat": {"x": "a\ufffdb\ufffd"}}),
    ("line\n\u2028{}", {"cat": {"x": "line\n\u2028{}"}}),
    (date(2026, 1, 2), {"cat": {"x": "2026-01-02"}}),
    (datetime(2026, 1, 2, tzinfo=UTC), {"cat": {"x": "2026-01-02T00:00:00+00:00"}}),
    (uuid.UUID(int=7), {"cat": {"x": "00000000-0000-0000-0000-000000000007"}}),
    (Colour.RED, {"cat": {"x": "red"}}),
    (Colour.FOUR, {"num": {"x": 4}}),
    ([1, 2.0, "a", None, True], {"list": {"x": ["1", "2", "a", "null", "true"]}}),
    ({"b", "a"}, {"list": {"x": ["a", "b"]}}),
    ((), {"list": {"x": []}, "empty": ["x"]}),
    ([[1]], {"other": {"x": "list"}}),
    (b"raw", {"other": {"x": "bytes"}}),
    (1j, {"other": {"x": "complex"}}),
    (timedelta(1), {"other": {"x": "timedelta"}}),
    (object(), {"other": {"x": "object"}}),
    (RaisingEnum.BAD, {"other": {"x": "Odd"}}),
    ({"a": {"b": 1}, "c": None}, {"num": {"x.a.b": 1}, "na": ["x.c"]}),
]


@pytest.mark.parametrize(("value", "expected"), KINDS, ids=lambda value: repr(value)[:40])
def test_kind(body, value, expected):
    """A value stands in the part for its kind."""
    assert expected == body({"x": value})


@pytest.mark.parametrize(("value", "expected"), KINDS, ids=lambda value: repr(value)[:40])
def test_second_time(make, spool, value, expected):
    """A name that is known already takes the short way, to the same result."""
    with make() as logger:
        logger.log({"x": 1.0})
        logger.log({"x": value})
    document = json.loads(next(spool.glob("*.ndjson")).read_bytes().splitlines()[-1])
    del document["driftlog"]["model"]
    assert expected == document["driftlog"]


def test_nan_as_null(body):
    """With ``nan="null"`` NaN is null, infinity is not."""
    features = {"a": float("nan"), "b": np.float32("nan"), "c": float("inf")}
    expected = {"na": ["a", "b"], "nonfinite": ["c"]}
    assert expected == body(features, settings={"nan": "null"})


def test_categorical(body):
    """A feature declared categorical has its numbers written as strings, whole ones alike."""
    expected = {"cat": {"a": "1", "b": "1", "c": "1.5", "d": "x"}, "na": ["e"]}
    features = {"a": 1, "b": 1.0, "c": 1.5, "d": "x", "e": None}
    assert expected == body(features, settings={"categorical": list("abcde")})


def test_text(body):
    """Without a vocabulary the distinct tokens are logged."""
    expected = {
        "text": {"t": {"tokens": 4, "distinct": 3}},
        "tok": {"t": ["Don't", "a", "b"]},
        "na": ["u"],
        "num": {"v": 4},
    }
    features = {"t": "Don't a b, a", "u": None, "v": 4}
    assert expected == body(features, settings={"text": ["t", "u", "v"]})


def test_vocabulary(body):
    """With a vocabulary only the unknown tokens are logged."""
    expected = {"text": {"t": {"tokens": 3, "distinct": 3, "oov": 1}}, "oov": {"t": ["zzgtx"]}}
    assert expected == body({"t": "a b zzgtx"}, settings={"text": {"t": Text(["a", "b"])}})


def test_tokenizer_that_raises(body):
    """A tokenizer that raises costs its feature, not the event."""

    def broken(_text):
        raise ValueError("secret")

    expected = {"num": {"n": 1}, "other": {"t": "str"}}
    settings = {"text": {"t": Text(tokenizer=broken)}}
    assert expected == body({"t": "secret", "n": 1}, settings=settings)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a  b\tc",
        "it's 'quoted' l\N{RIGHT SINGLE QUOTATION MARK}été",
        "ab_c-d",
        "٣ x²",
        "_",
    ],
)
def test_tokenize_has_one_rule(text):
    """The short way of the tokenizer gives what its regular expression gives."""
    from driftlog._text import words  # noqa: PLC0415 - what is compared with

    assert words(text) == tokenize(text)


def test_long_strings_stay_different(body):
    """A string above the limit is cut and named; two with one prefix stay two."""
    document = body({"a": "é" * 3000 + "1", "b": "é" * 3000 + "2", "c": "é" * 512})
    assert document["cat"]["a"] != document["cat"]["b"]
    assert all(len(value.encode()) <= 1024 for value in document["cat"].values())
    assert ["a", "b"] == document["truncated"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "_"),
        ("  ", "_"),
        (".", "_._"),
        ("a..b", "a._.b"),
        ("a\nb\0", "a_b_"),
        ("\ud800", "_"),
        ("_id", "_id"),
        (5, "5"),
        (None, "None"),
        (("a", 1), "('a', 1)"),
        ("100%", "100%"),
    ],
)
def test_name(body, given, expected):
    """A name that no store takes is changed by one rule."""
    assert {"num": {expected: 1}} == body({given: 1})


def test_long_name(body):
    """A name above 256 characters is cut; two with one prefix stay two."""
    names = body({"n" * 10_000 + "1": 1, "n" * 10_000 + "2": 2})["num"]
    assert [256, 256] == [len(name) for name in names]


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"a": {"b": 1}, "a.b": 2}, 1),
        ({"a.b": 2, "a": {"b": 1}}, 2),
        ({"a": {"b": 1, "x": 0}, "": 0, "a.b": 2}, 1),
    ],
)
def test_first_of_two_names_stays(make, body, features, expected):
    """Of two features that flatten to one name the first stays and the second is counted."""
    assert expected == body(features)["num"]["a.b"]
    logger = make()
    logger.log(features)
    assert 1 == logger.counters.changed["two features with one name"]


def test_nesting_is_bounded(body):
    """A mapping 3,000 deep, or inside itself, ends in a marker."""
    deep = {"v": 1}
    for _ in range(3000):
        deep = {"d": deep}
    cycle = {"n": 1}
    cycle["self"] = cycle
    document = body({"deep": deep, "cycle": cycle, "ok": 1})
    assert 1 == document["num"]["ok"] == document["num"]["cycle.n"]
    assert "dict" == document["other"]["cycle.self"]
    assert 2 == len(document["other"])


def test_wide_graph_is_bounded(make):
    """A small structure that unfolds to billions of leaves neither hangs nor raises."""
    wide = {"leaf": 1}
    for _ in range(12):
        wide = {str(key): wide for key in range(10)}
    logger = make()
    logger.log({"wide": wide, "ok": 1})
    assert "too many features in one event" in logger.counters.changed


def test_many_features(body):
    """10,000 features are one event."""
    assert 10_000 == len(body({f"f{n}": n for n in range(10_000)})["num"])


def test_series_as_features(body):
    """A pandas Series is a mapping of features."""
    assert {"num": {"a": 1.0, "b": 2.0}} == body(pd.Series({"a": 1.0, "b": 2.0}))


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (0.9, {"num": {"score": 0.9}}),
        (np.float32(0.5), {"num": {"score": 0.5}}),
        ("stay", {"cat": {"label": "stay"}}),
        (np.str_("stay"), {"cat": {"label": "stay"}}),
        (True, {"cat": {"label": "true"}}),
        (np.bool_(True), {"cat": {"label": "true"}}),
        (float("nan"), {"nonfinite": ["score"]}),
        ({"score": 1, "label": "x", "top": ["a"], "m": None, "o": b""},
         {"num": {"score": 1}, "cat": {"label": "x"}, "list": {"top": ["a"]}, "na": ["m"],
          "other": {"o": "bytes"}}),
    ],
)  # fmt: skip
def test_prediction(body, prediction, expected):
    """A bare number is a score, a bare string or boolean a label, a mapping its fields."""
    assert {"prediction": expected} == body({}, prediction=prediction)
