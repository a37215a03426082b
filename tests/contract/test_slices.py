"""Parts of the events - those with one value of a feature - profiled and judged by themselves, on both stores."""

import random

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._store import FeatureSpec, ProfileSpec, QualitySpec
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.spools import (
    EVERYTHING,
    HOUR,
    MODEL,
    assert_equal_profiles,
    at,
    documents,
    expected_profile,
    write,
)

SLICES = (
    ("c", "a"),
    ("C", "a"),
    ("c", "it's"),
    ("x=y", "z"),
    ("c", "never"),
    ("no such", "a"),
    ("n", "1"),
)
SPEC = ProfileSpec(
    MODEL,
    {"n": FeatureSpec(edges=(0.0, 1.0)), "t": FeatureSpec(vocabulary=frozenset({"w1", "w2"}))},
    {"score": FeatureSpec(edges=(0.5,))},
    slices=SLICES,
)


def rows(seed, count=400):
    """Events with every kind of feature, some without those that they are sliced by."""
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(count):
        features = {
            "c": chance.choice(["a", "it's", "b", None]),
            "C": chance.choice("ab"),
            "x=y": chance.choice(["z", "", 1]),
            "n": chance.choice([1, 1.5, None]),
            "t": " ".join(chance.choices(["w1", "w2", "w3", "w4"], k=3)),
            "l": chance.choices("pqr", k=chance.randrange(3)),
        }
        kept = {name: value for name, value in features.items() if chance.random() < 0.9}
        yield {"features": kept, "prediction": {"score": chance.random()}}


def of(docs, feature, value):
    """The documents of a slice."""
    return [doc for doc in docs if doc["driftlog"].get("cat", {}).get(feature) == value]


def test_profiles(tmp_path, opened):
    """Each slice's profile is what counting its events one at a time gives; what has no events is not there."""
    write(tmp_path, rows(1), text=["t"])
    docs = documents(tmp_path)
    store = opened(tmp_path)

    for size in (TimeSize(HOUR), CountSize(90)):
        windows = store.windows(MODEL, size)
        profiles = list(store.profiles(SPEC, windows))
        assert len(windows) == len(profiles) >= 4
        for window, actual in zip(windows, profiles, strict=True):
            told = (window, SPEC.features, SPEC.predictions)
            assert_equal_profiles(expected_profile(docs, *told), actual)
            expected = {part: expected_profile(of(docs, *part), *told) for part in SLICES}
            expected = {part: profile for part, profile in expected.items() if profile.events}
            assert expected.keys() == actual.parts.keys()
            for part, profile in expected.items():
                assert_equal_profiles(profile, actual.parts[part])


def test_quality(tmp_path, opened):
    """The labels of a slice's predictions are held against these alone."""
    ids = write(tmp_path, rows(2))
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger:
        for n, name in enumerate(ids):
            logger.log_label(name, n % 2 == 0, timestamp=at(200))
    docs = documents(tmp_path)
    store = opened(tmp_path)

    for part in (None, *SLICES):
        (found,) = store.quality(QualitySpec(MODEL, part=part), [EVERYTHING])
        mine = docs if part is None else of(docs, *part)
        scores = [doc["driftlog"]["prediction"]["num"]["score"] for doc in mine]
        assert (len(mine), len(mine)) == (found.predictions, found.labelled)
        assert pytest.approx(sum(scores)) == sum(found.calibration.scores)


def test_examples(tmp_path, opened):
    """The events that show a finding are of its slice."""
    write(tmp_path, rows(3))
    docs = documents(tmp_path)
    null = [Condition("null", "n", part=part) for part in (None, *SLICES)]

    (found,) = opened(tmp_path).examples(MODEL, [EVERYTHING], [null], limit=20)

    for part, ids in zip((None, *SLICES), found, strict=True):
        mine = docs if part is None else of(docs, *part)
        expected = [d["event"]["id"] for d in mine if "n" in d["driftlog"].get("na", ())]
        assert sorted(expected)[:20] == list(ids)
