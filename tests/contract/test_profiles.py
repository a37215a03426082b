import itertools
import math
import random
import sys
from datetime import timedelta
from fractions import Fraction

import pytest

from driftlog import Text
from driftlog_analyzers import _scan
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._store import FeatureSpec, ProfileSpec
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    documents,
    expected_profile,
    write,
)
from tests.analyzers.test_scan import HOSTILE_NAMES, SPEC, TEXTS, mixed_rows

LARGEST = sys.float_info.max
HOSTILE_VALUES = (
    *(0, -0.0, 5e-324, -5e-324, 1e300, -1e299, 2**63, -(2**63), 2**70, 0.1 + 0.2, True),
    *("", "x", "a,b", "\u2028", "\0", "é", "日本", "\ud800", "{}", "😀" * 300, "y" * 40_000),
    *(None, math.nan, math.inf, -math.inf, [], [[]], ["a"], ["", ""], ["x", None, 1], ()),
    *(object(), b"bytes", {"a": 1}, {"a": {"b": "c"}}, {}, BEGIN, 1 + 2j, {"s"}),
)


def one(store, spec=None, window=EVERYTHING):
    """The profile of one window."""
    return next(iter(store.profiles(spec or ProfileSpec(MODEL), [window])))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_of_value(tmp_path, opened, seed):
    """In every window, the profile is what counting one value at a time gives."""
    write(tmp_path, mixed_rows(seed, 300), text=TEXTS)
    docs = documents(tmp_path)
    store = opened(tmp_path)

    for size in (TimeSize(HOUR), CountSize(70)):
        windows = store.windows(MODEL, size)
        profiles = list(store.profiles(SPEC, windows))
        assert len(windows) == len(profiles) >= 3
        for window, actual in zip(windows, profiles, strict=True):
            expected = expected_profile(docs, window, SPEC.features, SPEC.predictions)
            assert_equal_profiles(expected, actual)


def test_hostile_names_and_values(tmp_path, opened):
    """Whatever features are called and hold, each is counted under its name."""
    print("seed", 7)
    chance = random.Random(7)
    rows = [{name: chance.choice(HOSTILE_VALUES) for name in HOSTILE_NAMES} for _ in range(300)]
    write(tmp_path, rows)
    edges = (-LARGEST, -5e-324, 0.0, 0.30000000000000004, LARGEST)
    spec = FeatureSpec(edges=edges, minimum=0.0, maximum=-5e-324)
    docs = documents(tmp_path)
    features = {name: spec for doc in docs for name in doc["driftlog"].get("num", ())}

    actual = one(opened(tmp_path), ProfileSpec(MODEL, features))

    assert_equal_profiles(expected_profile(docs, features=features), actual)


@pytest.mark.parametrize("edge", [-math.inf, -LARGEST, -5e-324, 0.0, 5e-324, 0.1 + 0.2, 1e16 + 2])
def test_edges_are_exact(tmp_path, opened, edge):
    """A number on an edge counts below it and the next larger one above."""
    above = math.nextafter(edge, math.inf)
    write(tmp_path, [{"x": above}] + ([{"x": edge}] if math.isfinite(edge) else []))
    spec = ProfileSpec(MODEL, {"x": FeatureSpec(edges=(edge,), minimum=edge, maximum=edge)})

    numeric = one(opened(tmp_path), spec).features["x"].numeric

    assert (int(math.isfinite(edge)), 1) == numeric.bins
    assert (0, 1) == (numeric.below, numeric.above)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((math.inf, -math.inf), (3, 3)),
        ((-math.inf, math.inf), (0, 0)),
        ((0.0, LARGEST), (1, 0)),
        ((-0.0, -0.0), (1, 1)),
        ((None, None), (0, 0)),
    ],
)
def test_bounds(tmp_path, opened, bounds, expected):
    """Infinite bounds hold nothing or everything; the two zeros are one number."""
    write(tmp_path, [{"x": -1.0}, {"x": -0.0}, {"x": 1.0}])
    spec = FeatureSpec((LARGEST, math.inf), *bounds)

    numeric = one(opened(tmp_path), ProfileSpec(MODEL, {"x": spec})).features["x"].numeric

    assert expected == (numeric.below, numeric.above)
    assert (3, 0, 0) == numeric.bins


@pytest.mark.parametrize("centre", [0.0, 200.0, 1e3, 1e6, 1e9, -1e12])
def test_moments_far_from_zero(tmp_path, opened, centre):
    """The second moment is right to nine digits though the mean is a million times the deviation.

    Beyond that DuckDB's running mean loses digits; the tables of Elasticsearch do not.
    """
    print("seed", 11)
    chance = random.Random(11)
    values = [centre + chance.gauss(0, 1) for _ in range(1500)]
    write(tmp_path, [{"x": value} for value in values])
    store = opened(tmp_path)

    numeric = one(store).features["x"].numeric

    mean = sum(map(Fraction, values)) / len(values)
    m2 = float(sum((Fraction(value) - mean) ** 2 for value in values))
    lost = 1e-9 if abs(centre) <= 1e6 or isinstance(store, ElasticsearchStore) else 1e-3
    assert pytest.approx(float(mean), rel=1e-12) == numeric.mean
    assert pytest.approx(m2, rel=lost) == numeric.m2


def test_moments_beyond_what_squares_can_hold(tmp_path, opened):
    """Numbers whose sum overflows have a mean between them, and a second moment that is infinite."""
    write(tmp_path, [{"x": 1.7e308}, {"x": 1.6e308}, {"x": -1.5e308}, {"x": 1.7e308}])

    numeric = one(opened(tmp_path)).features["x"].numeric

    assert -1.5e308 <= numeric.mean <= 1.7e308
    assert math.inf == numeric.m2


def test_constants(tmp_path, opened):
    """A constant has itself for mean and no deviation, whatever its size."""
    write(tmp_path, [{"small": 0.1, "large": 1.2345e200}] * 7)

    features = one(opened(tmp_path)).features

    assert pytest.approx(0.1, rel=1e-15) == features["small"].numeric.mean
    assert pytest.approx(1.2345e200, rel=1e-15) == features["large"].numeric.mean
    assert 0.0 == features["large"].numeric.m2
    assert pytest.approx(0.0, abs=1e-30) == features["small"].numeric.m2


def test_more_values_than_are_listed(tmp_path, opened):
    """Thousands of values, in strings, lists, nulls, types and versions, are counted exactly."""
    for version in range(2):
        rows = [
            {"c": f"v{n % 1050}", "l": [f"i{n}", f"i{n + 1}"], "t": f"w{n} w{n % 9}", f"n{n}": None}
            for n in range(1100)
        ]
        write(tmp_path, rows, text={"t": Text(vocabulary=["w1"])}, version=str(version))

    actual = one(opened(tmp_path))

    assert_equal_profiles(expected_profile(documents(tmp_path)), actual)
    assert 1050 == len(actual.features["c"].categorical.counts)


def test_values_beyond_the_kept_ones_are_a_tail(tmp_path, opened, monkeypatch):
    """The most frequent values are listed, ties by name, the others counted."""
    monkeypatch.setattr(_scan, "KEPT_VALUES", 2)
    write(tmp_path, [{"c": value, "t": value} for value in "aabbcd"], text=["t"])
    spec = ProfileSpec(MODEL, {"t": FeatureSpec(vocabulary=frozenset())})

    features = one(opened(tmp_path), spec).features

    assert {"a": 2, "b": 2} == features["c"].categorical.counts
    assert (2, 2) == (features["c"].categorical.tail, features["c"].categorical.tail_distinct)
    assert ({"a": 2, "b": 2}, 2) == (features["t"].text.unknown, features["t"].text.unknown_tail)


WORDS = [f"w{n}" for n in range(400)]


@pytest.mark.parametrize("known", [0, 3, 200, 397, 400])
def test_tokens_outside_a_vocabulary(tmp_path, opened, known):
    """Sums and squares per text are exact, be nearly all tokens known or nearly none."""
    print("seed", known)
    chance = random.Random(known)
    rows = [{"t": " ".join(chance.choices(WORDS, k=chance.randrange(30)))} for _ in range(400)]
    write(tmp_path, [*rows, {"t": None}, {"t": ""}], text=["t"])
    specs = {"t": FeatureSpec(vocabulary=frozenset(WORDS[:known]))}

    actual = one(opened(tmp_path), ProfileSpec(MODEL, specs))

    assert_equal_profiles(expected_profile(documents(tmp_path), features=specs), actual)


def test_a_service_that_got_a_vocabulary(tmp_path, opened):
    """Texts whose tokens were logged and texts whose unknown tokens were counted add up."""
    rows = [{"t": "old words"}, {"t": "new words"}]
    write(tmp_path, rows, text=["t"])
    write(tmp_path, rows * 2, text={"t": Text(vocabulary=["words"])})
    specs = {"t": FeatureSpec(vocabulary=frozenset({"old", "words"}))}

    actual = one(opened(tmp_path), ProfileSpec(MODEL, specs)).features["t"].text

    assert (6, 12, 5, {"new": 3, "old": 2}) == (actual.n, actual.tokens, actual.oov, actual.unknown)


def test_many_features(tmp_path, opened):
    """More features than one search can ask for are all there."""
    spec = ProfileSpec(MODEL, {f"x{n}": FeatureSpec(edges=(0.0, 1.0)) for n in range(300)})
    row = {f"x{n}": n % 3 for n in range(300)} | {f"c{n}": f"v{n}" for n in range(150)}
    write(tmp_path, [row] * 3)

    actual = one(opened(tmp_path), spec)

    assert_equal_profiles(expected_profile(documents(tmp_path), features=spec.features), actual)


def test_outputs_and_envelope(tmp_path, opened):
    """Outputs, versions, outcomes, durations on their edges and times to the microsecond are kept apart."""
    edges = _scan.DURATION_EDGES
    durations = [edge + step for edge in edges for step in (-1e-9, 0.0, 1e-9)]
    outcomes = itertools.cycle(("success", "failure", "unknown"))
    rows = [
        {
            "features": {},
            "prediction": {"score": n / 7, "label": "ab"[n % 2], "tags": ["x"] * (n % 3)},
            "duration": duration if n % 5 else None,
            "outcome": next(outcomes),
            "timestamp": BEGIN + n * timedelta(microseconds=1),
        }
        for n, duration in enumerate(durations)
    ]
    write(tmp_path, rows[:20], version="7")
    write(tmp_path, rows[20:], version="8 β")
    specs = {"score": FeatureSpec(edges=(0.0, 1 / 7, 2.0))}

    actual = one(opened(tmp_path), ProfileSpec(MODEL, {}, specs))

    expected = expected_profile(documents(tmp_path), predictions=specs)
    assert_equal_profiles(expected, actual)
    assert BEGIN == actual.first


def test_labels_and_other_models_are_not_counted(tmp_path, opened):
    """Only predictions of the one model count."""
    write(tmp_path, [{"x": 1}])
    write(tmp_path, [{"y": 1}] * 2, model="Churn")  # its stream has the same name
    write(tmp_path, [{"z": 1}] * 3, model="other")
    store = opened(tmp_path)

    assert ("Churn", "churn", "other") == store.models()
    assert ({"x"}, {"y"}, {"z"}) == tuple(
        {*one(store, ProfileSpec(model)).features} for model in ("churn", "Churn", "other")
    )
