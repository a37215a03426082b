import random
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog import PredictionLogger, Text
from driftlog_analyzers._reference import (
    baseline_from_file,
    baseline_from_frame,
    baseline_from_store,
    profile_frame,
    profile_spec,
)
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._table import Roles
from driftlog_analyzers.errors import BaselineError
from tests.analyzers.spools import (
    BEGIN,
    MODEL,
    assert_equal_profiles,
    at,
    document,
    write,
    write_lines,
)

TEXT = Roles(text=frozenset({"t"}))


def frame(seed=1, count=500):
    """Rows of every kind that a table has."""
    print("seed", seed)
    chance = random.Random(seed)
    words = [f"w{n}" for n in range(60)]
    return pd.DataFrame(
        {
            "f": [chance.gauss(0, 1) for _ in range(count)],
            "i": [chance.randrange(9) for _ in range(count)],
            "n": [chance.choice((None, 1.5, 2.5)) for _ in range(count)],
            "c": [chance.choice(("a", "b", None)) for _ in range(count)],
            "t": [" ".join(chance.choices(words, k=4)) for _ in range(count)],
        }
    )


def of_frame(data, roles=TEXT, **settings):
    """A baseline of a frame."""
    return baseline_from_frame(data, model=MODEL, version="7", roles=roles, **settings)


def log(folder, data, **settings):
    """Log a frame's rows, one a minute."""
    with PredictionLogger(model=MODEL, version="7", spool=folder, **settings) as logger:
        stamps = [BEGIN + n * timedelta(minutes=1) for n in range(len(data))]
        assert len(data) == logger.log_batch(data, timestamps=stamps)


texts = st.lists(
    st.lists(st.sampled_from("abcdefgh"), max_size=5).map(" ".join), min_size=1, max_size=9
)


@settings(max_examples=25, deadline=None)
@given(texts)
def test_oov_rate_of_the_reference_leaves_one_out(rows):
    """Of each text those tokens are unknown that stand in no other text."""
    found = of_frame(pd.DataFrame({"t": rows})).profile.features["t"].text

    sets = [set(row.split()) for row in rows]
    unknown = [
        len(mine - set().union(*(s for i, s in enumerate(sets) if i != n)))
        for n, mine in enumerate(sets)
    ]
    assert (len(rows), sum(map(len, sets))) == (found.n, found.tokens)
    assert (sum(unknown), sum(n * n for n in unknown)) == (found.oov, found.oov_sq)
    assert {} == found.unknown


numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50)


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_edges_hold_all_of_the_reference(values):
    """The first edge is under the minimum, the last not under the maximum, and nothing lies outside."""
    baseline = of_frame(pd.DataFrame({"x": values}), Roles())
    numeric = baseline.profile.features["x"].numeric

    assert numeric.edges[0] < min(values)
    assert numeric.edges[-1] >= max(values)
    assert sorted(set(numeric.edges)) == list(numeric.edges)
    assert (0, 0) == (numeric.bins[0], numeric.bins[-1])
    assert (len(values), 0, 0) == (sum(numeric.bins), numeric.below, numeric.above)
    again = profile_frame(pd.DataFrame({"x": values}), baseline).features["x"].numeric
    assert (numeric.bins, 0, 0) == (again.bins, again.below, again.above)


def test_same_input_same_baseline():
    """The same rows give an equal baseline, but for the time it was made."""
    one, other = of_frame(frame()), of_frame(frame())

    assert one == replace(other, created=one.created)


def test_same_from_frame_file_and_log(tmp_path):
    """A frame, a file and the log of the same rows give equal baselines."""
    data = frame(2)
    data.to_csv(tmp_path / "rows.csv", index=False)
    log(tmp_path / "spool", data, text=["t"])

    one = of_frame(data)
    other = baseline_from_file(tmp_path / "rows.csv", model=MODEL, version="7", roles=TEXT)
    with SpoolStore(tmp_path / "spool") as store:
        third = baseline_from_store(store, model=MODEL, version="7")

    for baseline in (other, third):
        assert one.constraints == baseline.constraints
        assert one.vocabulary == baseline.vocabulary
        profile = replace(
            baseline.profile, versions={}, schemas={}, outcomes={}, first=None, last=None
        )
        assert_equal_profiles(one.profile, profile)


def test_a_stretch_of_the_log(tmp_path):
    """From and to choose the events, to itself excluded."""
    write(tmp_path, [{"features": {"x": n}, "timestamp": at(n)} for n in range(10)])

    with SpoolStore(tmp_path) as store:
        whole = baseline_from_store(store, model=MODEL, version="7").profile
        part = baseline_from_store(store, model=MODEL, version="7", start=at(2), end=at(5)).profile

    assert (10, 3) == (whole.events, part.events)
    assert (2.0, 4.0) == (part.features["x"].numeric.minimum, part.features["x"].numeric.maximum)


def test_service_vocabulary(tmp_path):
    """A text whose service counts unknown tokens needs no vocabulary of the baseline."""
    write(tmp_path, [{"t": "a b new"}, {"t": "a"}], text={"t": Text(vocabulary=["a", "b"])})

    with SpoolStore(tmp_path) as store:
        baseline = baseline_from_store(store, model=MODEL, version="7")

    assert {} == baseline.vocabulary
    assert (4, 1) == (
        baseline.profile.features["t"].text.tokens,
        baseline.profile.features["t"].text.oov,
    )


def test_constraints_decide_below_and_above():
    """An edited range, not the reference's, decides what lies outside."""
    baseline = of_frame(frame(), Roles(ignored=frozenset("t")))
    rule = replace(baseline.constraints["i"], minimum=2.0, maximum=5.0)
    edited = replace(baseline, constraints={**baseline.constraints, "i": rule})

    numeric = profile_frame(frame(), edited, Roles(ignored=frozenset("t"))).features["i"].numeric

    assert (sum(frame()["i"] < 2), sum(frame()["i"] > 5)) == (numeric.below, numeric.above)
    assert (2.0, 5.0) == (
        profile_spec(edited).features["i"].minimum,
        profile_spec(edited).features["i"].maximum,
    )


def test_no_such_model(tmp_path):
    """A model without events is named, with those that have some."""
    write(tmp_path, [{"x": 1}])

    with SpoolStore(tmp_path) as store, pytest.raises(BaselineError, match=r"'other'.*churn"):
        baseline_from_store(store, model="other", version="7")


def test_no_events_there(tmp_path):
    """A stretch without events is refused, with where there are some."""
    write(tmp_path, [{"x": 1}])

    with SpoolStore(tmp_path) as store, pytest.raises(BaselineError, match="no events from"):
        baseline_from_store(store, model=MODEL, version="7", start=at(5), end=at(6))


def test_one_version_only(tmp_path):
    """Where the log holds several versions, only the named one's events are the reference."""
    rows = [{"x": n, "t": f"word{n} both"} for n in range(5)]
    write(tmp_path, rows, version="7", text=["t"])
    write(tmp_path, [{"x": 100, "t": "later both"}] * 3, version="8", text=["t"])

    with SpoolStore(tmp_path) as store:
        seven, eight = (
            baseline_from_store(store, model=MODEL, version=version) for version in ("7", "8")
        )
        with pytest.raises(BaselineError, match=r"version '9'; name one of its versions: 7, 8"):
            baseline_from_store(store, model=MODEL, version="9")
        with pytest.raises(BaselineError, match=r"no events from .*, version 8 only"):
            baseline_from_store(store, model=MODEL, version="8", start=at(5), end=at(6))

    assert ({"7": 5}, {"8": 3}) == (seven.profile.versions, eight.profile.versions)
    assert (4.0, 100.0) == tuple(b.constraints["x"].maximum for b in (seven, eight))
    assert pytest.approx(4.0, rel=1e-6) == seven.profile.features["x"].numeric.edges[-1]
    assert {"later": 3, "both": 3} == eight.vocabulary["t"]
    assert seven.source.endswith(" UTC, version 7 only")


def test_a_log_without_versions(tmp_path):
    """Events of a foreign writer that name no version are the reference all together."""
    docs = [document(n, num={"x": n}) for n in range(4)]
    for doc in docs:
        del doc["driftlog"]["model"]["version"]
    write_lines(tmp_path / "a.ndjson", docs)

    with SpoolStore(tmp_path) as store:
        baseline = baseline_from_store(store, model=MODEL, version="1")

    assert (4, "1") == (baseline.profile.events, baseline.version)
    assert "only" not in baseline.source
