import math

import duckdb
import pandas as pd
import pytest

from driftlog_analyzers._quality import Quality
from driftlog_analyzers._reference import baseline_from_file
from driftlog_analyzers._table import Roles
from driftlog_analyzers.errors import InputError

SCORED = Roles(predictions=frozenset({"score"}))
CLASSED = Roles(predictions=frozenset({"class"}))


def built(path, frame, roles, label="truth"):
    """The baseline of a CSV file."""
    frame.to_csv(path, index=False)
    return baseline_from_file(path, model="m", version="1", roles=roles, label=label)


def test_scores(tmp_path):
    """Numbers beside a score give its errors and, as they are 0 and 1, its calibration; empty cells are no labels."""
    frame = pd.DataFrame({"x": range(4), "score": [0.25, 0.75, 0.5, 1.0], "truth": [0, 1, None, 0]})

    found = built(tmp_path / "f.csv", frame, SCORED)

    quality = found.quality
    assert (4, 3, 3, 3) == (
        quality.predictions,
        quality.labelled,
        quality.deviation.n,
        quality.calibration.n,
    )
    assert 0.25**2 + 0.25**2 + 1.0 == quality.calibration.brier_sum
    assert math.isfinite(quality.calibration.log_loss)
    assert {"x"} == found.profile.features.keys()


def test_classes(tmp_path):
    """Strings beside a class give its confusion, booleans the true and false of the log."""
    frame = pd.DataFrame({"x": range(3), "class": ["a", "b", "b"], "truth": ["a", "b", "a"]})
    assert {("a", "a"): 1, ("b", "b"): 1, ("b", "a"): 1} == (
        built(tmp_path / "f.csv", frame, CLASSED).quality.confusion.pairs
    )

    frame = pd.DataFrame({"x": range(2), "class": [True, False], "truth": [True, True]})
    assert {("true", "true"): 1, ("false", "true"): 1} == (
        built(tmp_path / "g.csv", frame, CLASSED).quality.confusion.pairs
    )


def test_label_that_is_not_finite(tmp_path):
    """A label that is NaN or infinite is none."""
    rows = "(1, 0.5, 'nan'::DOUBLE), (2, 0.5, 'inf'::DOUBLE), (3, 0.5, 1.0::DOUBLE)"
    path = tmp_path / "f.parquet"
    duckdb.sql(f"COPY (FROM (VALUES {rows}) AS t(x, score, truth)) TO '{path}' (FORMAT parquet)")

    found = baseline_from_file(path, model="m", version="1", roles=SCORED, label="truth")

    assert (3, 1, 0.25) == (
        found.quality.predictions,
        found.quality.labelled,
        found.quality.calibration.brier_sum,
    )


def test_no_labels(tmp_path):
    """An empty column, or none, is no quality; one that is not there is said."""
    frame = pd.DataFrame({"x": [1, 2], "score": [0.5, 0.5], "truth": [None, None]})

    assert None is built(tmp_path / "f.csv", frame, SCORED).quality
    assert None is built(tmp_path / "f.csv", frame, SCORED, label=None).quality
    with pytest.raises(InputError, match="has no column 'target'"):
        built(tmp_path / "f.csv", frame, SCORED, label="target")


def test_labels_without_an_output(tmp_path):
    """Labels that belong to no output are counted and compared with nothing."""
    frame = pd.DataFrame({"x": [1, 2], "truth": [0, 1]})

    quality = built(tmp_path / "f.csv", frame, Roles()).quality

    assert Quality(predictions=2, labelled=2) == quality
