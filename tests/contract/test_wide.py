"""Events of very many features among small ones."""

import random

from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import FeatureSpec, ProfileSpec
from tests.analyzers.spools import (
    EVERYTHING,
    MODEL,
    assert_equal_profiles,
    documents,
    expected_profile,
    write,
)

SLICE = ("f0001", "v1")


def wide_rows(features):
    """Sixty small rows and a wide one of every kind of value, with names that differ by case only."""
    print("seed", features)
    chance = random.Random(features)
    kinds = (
        chance.random,
        lambda: f"v{chance.randrange(3)}",
        lambda: ["a", f"i{chance.randrange(3)}"],
        lambda: None,
        lambda: float("inf"),
    )
    wide = {f"f{n:04}": kinds[n % 5]() for n in range(features - 2)}
    small = [{"f0000": chance.random(), "f0001": f"v{n % 3}", "late": n} for n in range(60)]
    return [*small[:30], wide | {"F0003": 1.5, "late": "text"}, *small[30:]]


def test_two_thousand_features(tmp_path, opened):
    """One event of 2,000 features among small ones: edges and profiles count each of them, slices too."""
    write(tmp_path, wide_rows(2000))
    docs = documents(tmp_path)
    store = opened(tmp_path)

    features, predictions = store.edges(MODEL, EVERYTHING)
    specs = {name: FeatureSpec(edges=edges) for name, edges in features.items()}
    (actual,) = store.profiles(ProfileSpec(MODEL, specs, slices=(SLICE,)), [EVERYTHING])

    assert {} == predictions
    assert {name for doc in docs for name in doc["driftlog"]["num"]} == features.keys()
    assert 2000 == len(actual.features)
    assert_equal_profiles(expected_profile(docs, features=specs), actual)
    part = [doc for doc in docs if doc["driftlog"]["cat"]["f0001"] == SLICE[1]]
    assert_equal_profiles(expected_profile(part, features=specs), actual.parts[SLICE])


def test_ten_thousand_features(tmp_path):
    """One event of 10,000 features among small ones fits into the spool store's memory."""
    write(tmp_path, wide_rows(10_000))
    with SpoolStore(tmp_path) as store:
        (actual,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])

    assert_equal_profiles(expected_profile(documents(tmp_path)), actual)
