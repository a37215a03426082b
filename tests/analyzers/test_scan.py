import math
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from driftlog import Text
from driftlog_analyzers import _scan
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import FeatureSpec, ProfileSpec
from driftlog_analyzers._window import Window
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    at,
    documents,
    expected_profile,
    write,
)

WORDS = tuple("abcdefgh")
EDGES = (-10.0, 0.0, 0.1, 0.30000000000000004, 5.5, 1e300)
HOSTILE_NAMES = (
    "Age",
    "age",
    "AGE",
    'quo"te',
    "apo'strophe",
    "a.b",
    "x.end",
    "x[0]",
    "driftlog",
    "num",
    "select",
    "'; DROP TABLE rows; --",
    "naïve ß İ",
    "日本",
    "back\\slash",
    "{brace}",
    "%s",
    "tab\there",
    "z" * 300,
    " ",
    "a b",
    "$1",
    "value",
    "key",
    "ts",
    "id",
    "w",
)


def one_profile(spool, spec=None, window=EVERYTHING):
    """The profile of one window of a spool."""
    with SpoolStore(spool) as store:
        return next(iter(store.profiles(spec or ProfileSpec(MODEL), [window])))


def mixed_rows(seed, count):
    """Rows with every kind of value there is."""
    print("seed", seed)
    chance = random.Random(seed)
    for n in range(count):
        features = {
            "float": chance.gauss(0, 3),
            "int": chance.randrange(-5, 90),
            "string": chance.choice(("a", "b", "c'", '"d"', "")),
            "flag": chance.random() < 0.5,
            "list": chance.choices(("x", "y", "z"), k=chance.randrange(4)),
            "known": " ".join(chance.choices(WORDS, k=6)),
            "free": " ".join(chance.choices(WORDS, k=5)),
            "flip": chance.choice((1, "one", [1], None, math.nan, math.inf, object())),
            "nest": {"a": {"b": n}},
        }
        if chance.random() < 0.2:
            del features["float"]
        yield {
            "features": features,
            "prediction": {
                "score": chance.random(),
                "label": chance.choice(("stay", "go")),
                "tags": ["p", "q"],
            },
            "outcome": chance.choice(("success", "failure", "unknown")),
            "duration": chance.choice((None, chance.random())),
            "timestamp": BEGIN + chance.random() * timedelta(hours=3),
        }


TEXTS = {"known": Text(vocabulary=list("abcd")), "free": Text()}
SPEC = ProfileSpec(
    MODEL,
    {
        "float": FeatureSpec(edges=EDGES, minimum=-1.0, maximum=2.5),
        "int": FeatureSpec(minimum=0, maximum=math.inf),
        "free": FeatureSpec(vocabulary=frozenset("abc")),
    },
    {"score": FeatureSpec(edges=(0.25, 0.5, 0.75))},
)


def test_every_kind_as_in_plain_python(tmp_path):
    """A profile of all kinds of values is the one computed value by value."""
    write(tmp_path, mixed_rows(1, 400), text=TEXTS)
    expected = expected_profile(documents(tmp_path), EVERYTHING, SPEC.features, SPEC.predictions)

    assert_equal_profiles(expected, one_profile(tmp_path, SPEC))


def test_several_windows_at_once(tmp_path):
    """Each window of one pass has the profile of its own events."""
    write(tmp_path, mixed_rows(2, 300), text=TEXTS)
    windows = [Window(at(n), at(n + 1)) for n in range(-1, 4)]

    with SpoolStore(tmp_path) as store:
        actual = list(store.profiles(SPEC, windows))

    docs = documents(tmp_path)
    assert [0, 0] == [actual[0].events, actual[-1].events]
    for window, profile in zip(windows, actual, strict=True):
        expected = expected_profile(docs, window, SPEC.features, SPEC.predictions)
        assert_equal_profiles(expected, profile)


def test_hours_merge_into_the_day(tmp_path):
    """The hours' profiles merged are the day's from scratch."""
    write(tmp_path, mixed_rows(3, 300), text=TEXTS)
    with SpoolStore(tmp_path) as store:
        hours = store.profiles(SPEC, [Window(at(n), at(n + 1)) for n in range(24)])
        merged = next(hours)
        for hour in hours:
            merged = merged.merge(hour)
        (day,) = store.profiles(SPEC, [Window(BEGIN, BEGIN + 24 * HOUR)])

    assert_equal_profiles(day, merged)


names = st.sampled_from(HOSTILE_NAMES) | st.text(min_size=1, max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(("null", "NULL", "'", '"', "\\", "x" * 1500, "key", "value", "{}", "NaN")),
)
values = scalars | st.lists(scalars, max_size=4) | st.just({1, 2}) | st.builds(object)
events = st.lists(
    st.fixed_dictionaries(
        {"features": st.dictionaries(names, values, max_size=6)},
        optional={
            "prediction": st.dictionaries(names, scalars, max_size=2),
            "duration": st.floats(0, 10),
        },
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events)
def test_hostile_names_and_values(rows):
    """Whatever features are called and hold, the profile is the one computed value by value."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, rows)
        docs = documents(Path(folder))
        note(docs)
        numbers = {name for doc in docs for name in doc["driftlog"].get("num", ())}
        features = {name: FeatureSpec(edges=EDGES, minimum=0.1, maximum=7) for name in numbers}
        actual = one_profile(folder, ProfileSpec(MODEL, features))

    expected = expected_profile(docs, EVERYTHING, features)
    if (
        max((abs(v) for doc in docs for v in doc["driftlog"].get("num", {}).values()), default=0)
        < 1e100
    ):
        assert_equal_profiles(expected, actual)
    assert expected.features.keys() == actual.features.keys()
    assert {n: f.kinds for n, f in expected.features.items()} == {
        n: f.kinds for n, f in actual.features.items()
    }


def test_all_hostile_names_in_one_event(tmp_path):
    """Names that differ by case only, look like SQL or name a section stay apart."""
    write(tmp_path, [{name: float(n) for n, name in enumerate(HOSTILE_NAMES)}] * 3)
    write(tmp_path, [dict.fromkeys(HOSTILE_NAMES, "v")])
    write(tmp_path, [{name: ["i", str(n)] for n, name in enumerate(HOSTILE_NAMES)}])
    write(tmp_path, [dict.fromkeys(HOSTILE_NAMES)])
    write(tmp_path, [dict.fromkeys(HOSTILE_NAMES, math.inf)])
    write(
        tmp_path,
        [dict.fromkeys(HOSTILE_NAMES, "some text")],
        text=["Age", "age", 'quo"te', "x.end"],
    )

    assert_equal_profiles(expected_profile(documents(tmp_path)), one_profile(tmp_path))


def test_largest_numbers_stay_finite_in_mean(tmp_path):
    """Numbers whose sum is beyond a float leave a mean between minimum and maximum."""
    write(tmp_path, [{"x": sys.float_info.max}, {"x": sys.float_info.max / 2}])

    numeric = one_profile(tmp_path).features["x"].numeric

    assert numeric.minimum <= numeric.mean <= numeric.maximum
    assert math.inf == numeric.m2


@pytest.mark.parametrize("edge", [-math.inf, -sys.float_info.max, 5e-324, 0.1 + 0.2, 1e16 + 2])
def test_edges_are_exact(tmp_path, edge):
    """A number on an edge counts below it and the next larger one above, however the edge is written."""
    above = math.nextafter(edge, math.inf)
    write(tmp_path, [{"x": above}] + ([{"x": edge}] if math.isfinite(edge) else []))
    spec = ProfileSpec(MODEL, {"x": FeatureSpec(edges=(edge,), minimum=edge, maximum=edge)})

    numeric = one_profile(tmp_path, spec).features["x"].numeric

    assert (int(math.isfinite(edge)), 1) == numeric.bins
    assert (0, 1) == (numeric.below, numeric.above)


def test_values_beyond_the_kept_ones_are_a_tail(tmp_path, monkeypatch):
    """The most frequent values are listed, ties by name, the others counted."""
    monkeypatch.setattr(_scan, "KEPT_VALUES", 2)
    write(tmp_path, [{"c": value, "t": value} for value in "aabbcd"], text=["t"])

    spec = ProfileSpec(MODEL, {"t": FeatureSpec(vocabulary=frozenset())})
    features = one_profile(tmp_path, spec).features

    assert {"a": 2, "b": 2} == features["c"].categorical.counts
    assert (2, 2) == (features["c"].categorical.tail, features["c"].categorical.tail_distinct)
    assert ({"a": 2, "b": 2}, 2) == (features["t"].text.unknown, features["t"].text.unknown_tail)


def test_lists_among_the_outputs(tmp_path):
    """The items of a list that a model predicts are counted as those of a feature are."""
    write(tmp_path, [{"features": {"a": 1}, "prediction": {"tags": ["x", "y"]}}] * 2)

    assert {"x": 2, "y": 2} == one_profile(tmp_path).predictions["tags"].categorical.counts
