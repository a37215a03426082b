import math
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._reference import baseline_from_file, baseline_from_frame, profile_frame
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import ProfileSpec
from driftlog_analyzers._table import Roles
from driftlog_analyzers.errors import InputError
from tests.analyzers.spools import EVERYTHING, MODEL, _counts

LONG = "long " * 300
FRAMES = {
    "numbers": {"i": [1, 2, -3], "f": [0.5, 1e300, -0.0], "u": np.array([1, 2, 2**64 - 1], "uint64")},
    "small numbers": {"i": np.array([1, 2, 3], "int8"), "f": np.array([0.5, 0.25, 2], "float32")},
    "strings": {"s": ["a", "", "it's"], "n": ["null", "NULL", "None"], "d": ["007", "1e3", "true"]},
    "booleans": {"b": [True, False, True]},
    "nullable": {
        "i": pd.array([1, None, 3], "Int64"),
        "b": pd.array([True, None, False], "boolean"),
        "s": pd.array(["x", None, "y"], "string"),
        "f": pd.array([1.5, None, 2.5], "Float64"),
    },
    "missing": {"f": [1.0, math.nan, math.inf], "s": ["a", None, "b"], "none": [None, None, None]},
    "not finite": {"f": [math.inf, -math.inf, 1.0]},
    "dates": {
        "d": [date(2026, 1, 2), date(1969, 3, 4), None],
        "t": pd.to_datetime(["2026-01-02", "2026-01-02T03:04:05.123456", None], format="ISO8601"),
        "z": pd.to_datetime(["2026-01-02", "2026-01-02 03:04:05.5", None], utc=True, format="ISO8601"),
    },
    "lists": {"l": [["a", "b"], [], ["a", "a"]], "m": [[1, 2.0], [1.5, None], [True]]},
    "objects": {"o": [1, "one", None], "p": [{"a"}, object(), 2.5], "q": [math.nan, math.inf, 10**30]},
    "categories": {"c": pd.Categorical(["x", "y", None]), "k": pd.Categorical([1, 2, 1])},
    "long strings": {"s": [LONG + "1", LONG + "2", "short"], "t": ["é" * 600, "é" * 512, "é" * 513]},
    "odd characters": {"s": pd.Series(["a\0b", "\ud800", "tab\t"], dtype=object)},
    "hostile names": {'a"b': [1, 2, 3], "x.end": ["a", "b", "c"], "it's": [1, 2, 3], "'; --": [1, 2, 3]},
    "control characters in names": {"a\tb": [1, 2, 3], "x\x1fnum": [1, 2, 3], " ": [1, 2, 3]},
    "names that differ by case": {"Age": [1, 2, 3], "age": ["a", "b", "c"], "AGE": [None, 1.0, 2.0]},
    "reserved names": {"w": [1, 2, 3], "ts": [1, 2, 3], "id": ["a", "b", "c"], "version": [1, 2, 3]},
    "names that are no strings": {1: [1, 2, 3], ("a", 2): [1, 2, 3]},
}  # fmt: skip


def logged(folder, frame, **settings):
    """The profile of the frame's rows as a service would have logged them."""
    with PredictionLogger(model=MODEL, version="7", spool=folder, **settings) as logger:
        assert len(frame) == logger.log_batch(frame)
    with SpoolStore(folder) as store:
        (profile,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])
        return profile


def features(profile):
    """The inputs' counts, without a text's unknown tokens: those depend on the vocabulary."""
    return {
        name: (*parts[:5], parts[5] and (parts[5].n, parts[5].tokens, parts[5].tokens_sq))
        for name, parts in _counts(profile)[1].items()
    }


def without_edges(profile):
    """The same without histograms, which only the reference has."""
    return {
        name: (*parts[:3], parts[3] and parts[3][:3], *parts[4:])
        for name, parts in features(profile).items()
    }


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_as_logged(tmp_path, name):
    """A frame has the profile of the same rows that went through the logger."""
    frame = pd.DataFrame(FRAMES[name])

    baseline = baseline_from_frame(frame, model=MODEL, version="7")

    assert without_edges(logged(tmp_path, frame)) == without_edges(baseline.profile)


def test_texts_as_logged(tmp_path):
    """Texts are tokenized as the logger does it."""
    frame = pd.DataFrame({"t": ["Don't panic, don't", "", None, "word " * 400, "ünï 日本 \x1f x"]})
    roles = Roles(text=frozenset({"t"}))

    baseline = baseline_from_frame(frame, model=MODEL, version="7", roles=roles)

    assert features(logged(tmp_path, frame, text=["t"])) == features(baseline.profile)


def test_long_tokens_as_logged(tmp_path):
    """A token too long for a line is the same cut token in the vocabulary as in the log."""
    frame = pd.DataFrame({"t": ["y" * 2000 + " short", "y" * 2000]})
    roles = Roles(text=frozenset({"t"}))
    baseline = baseline_from_frame(frame, model=MODEL, version="7", roles=roles)
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path, text=["t"]) as logger:
        logger.log_batch(frame)
    with SpoolStore(tmp_path) as store:
        assert baseline.vocabulary == store.vocabulary(MODEL, EVERYTHING)


@pytest.mark.parametrize(
    "numbers",
    [[1, 2, 1], [1.0, 2.5, 1e300], [1e22, -1e-7, 123456.789], [math.inf, math.nan, 3.0]],
)
def test_categorical_numbers_as_logged(tmp_path, numbers):
    """Numbers that are categories are written as the logger writes them."""
    frame = pd.DataFrame({"c": numbers})
    roles = Roles(categorical=frozenset({"c"}))

    baseline = baseline_from_frame(frame, model=MODEL, version="7", roles=roles)

    assert without_edges(logged(tmp_path, frame, categorical=["c"])) == without_edges(
        baseline.profile
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_as_frames(tmp_path, kind):
    """CSV and Parquet give the profile that the same frame gives."""
    frame = pd.DataFrame(
        {
            "i": [1, 2, None, 4],
            "f": [0.5, 1.25, -3e9, None],
            "s": ["a", "b", None, "it's"],
            "b": [True, False, True, True],
            "d": [date(2026, 1, 2), date(2026, 1, 3), None, date(1969, 1, 1)],
            "c": [1, 2, 2, 1],
            "t": ["some words", "some", None, "more words"],
            "long": [LONG, LONG + "x", "short", None],
        }
    )
    path = tmp_path / f"rows.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    else:
        pytest.importorskip("duckdb").sql("SELECT * FROM frame").write_parquet(str(path))
    roles = Roles(text=frozenset({"t"}), categorical=frozenset({"c"}))

    of_file = baseline_from_file(path, model=MODEL, version="7", roles=roles)
    of_frame = baseline_from_frame(frame, model=MODEL, version="7", roles=roles)
    of_log = logged(tmp_path / "spool", frame, text=["t"], categorical=["c"])

    assert features(of_frame.profile) == features(of_file.profile)
    assert without_edges(of_log) == without_edges(of_file.profile)
    assert of_frame.vocabulary == of_file.vocabulary


def test_parquet_lists_as_logged(tmp_path):
    """Lists in a Parquet file hold the items that the logger writes."""
    frame = pd.DataFrame({"n": [[1.0, 2.5], [1.0], []], "s": [["a"], ["b", "b"], None]})
    path = tmp_path / "rows.parquet"
    pytest.importorskip("duckdb").sql("SELECT * FROM frame").write_parquet(str(path))

    baseline = baseline_from_file(path, model=MODEL, version="7")

    assert without_edges(logged(tmp_path / "spool", frame)) == without_edges(baseline.profile)


@pytest.mark.parametrize(
    "name", ["w", "ts", "id", "version", "outcome", "seconds", "rowid", "f0", "t_tok"]
)
def test_reserved_names_in_a_file(tmp_path, name):
    """A file's column may be called as one of ours is."""
    frame = pd.DataFrame({"t": ["a b", "b"], name: ["x", "y"]})
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    roles = Roles(text=frozenset({"t"}))

    profile = baseline_from_file(path, model=MODEL, version="7", roles=roles).profile

    assert {"x": 1, "y": 1} == profile.features[name].categorical.counts
    assert 3 == profile.features["t"].text.tokens


def test_predictions_and_ignored_columns():
    """Columns with another role than a feature's are none."""
    frame = pd.DataFrame({"x": [1, 2], "score": [0.5, 0.7], "when": ["a", "b"]})
    roles = Roles(predictions=frozenset({"score"}), ignored=frozenset({"when"}))

    profile = baseline_from_frame(frame, model=MODEL, version="7", roles=roles).profile

    assert (["x"], ["score"]) == (list(profile.features), list(profile.predictions))


def test_missing_columns(tmp_path):
    """A named column that is not there is named, with those that are."""
    frame = pd.DataFrame({"x": [1], "y": [2]})
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    roles = Roles(text=frozenset({"nope"}))

    with pytest.raises(InputError, match=r"no column 'nope'.*x, y"):
        baseline_from_file(path, model=MODEL, version="7", roles=roles)
    with pytest.raises(InputError, match=r"no column 'nope'.*x, y"):
        baseline_from_frame(frame, model=MODEL, version="7", roles=roles)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"x": []}), pd.DataFrame(index=[1])]
)
def test_empty_frames(frame):
    """A frame without rows or columns is refused in a sentence."""
    with pytest.raises(InputError, match="no rows or no columns"):
        baseline_from_frame(frame, model=MODEL, version="7")


def test_twice_the_same_column():
    """A frame that names a column twice is refused in a sentence."""
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])

    with pytest.raises(InputError, match="'x' twice"):
        baseline_from_frame(frame, model=MODEL, version="7")


def test_mappings():
    """A column of mappings, which the logger would flatten, is refused with what to do."""
    frame = pd.DataFrame({"n": [{"a": 1}, {"b": 2}]})

    with pytest.raises(InputError, match=r"'n'.*flatten it first"):
        baseline_from_frame(frame, model=MODEL, version="7")


def test_nothing_but_roles():
    """A table without any feature left is refused in a sentence."""
    roles = Roles(ignored=frozenset({"x"}))

    with pytest.raises(InputError, match="no column left"):
        baseline_from_frame(pd.DataFrame({"x": [1]}), model=MODEL, version="7", roles=roles)


def test_any_index():
    """The frame's own index, whatever it is, plays no role."""
    frame = pd.DataFrame({"x": [1, 2], "o": [1, "a"]}, index=[datetime(2026, 1, 1, tzinfo=UTC)] * 2)
    baseline = baseline_from_frame(frame, model=MODEL, version="7")

    again = profile_frame(frame.reset_index(drop=True), baseline)

    assert features(baseline.profile) == features(again)
