import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric
from driftlog_analyzers._quality import (
    Calibration,
    Compared,
    Confusion,
    Deviation,
    Quality,
    compared,
)

counts = st.integers(0, 2**40)
# Whole numbers add up exactly, so that the laws hold bit for bit.
sums = st.integers(-(2**40), 2**40).map(float)
confusions = st.builds(
    Confusion, st.dictionaries(st.tuples(*[st.sampled_from("abc")] * 2), st.integers(1, 99))
)
calibrations = st.builds(
    Calibration, *[st.tuples(*[some] * 10) for some in (counts, sums, counts)], *[sums] * 4
)
qualities = st.builds(
    Quality, counts, counts, confusions, st.builds(Deviation, counts, *[sums] * 6), calibrations
)


@given(qualities, qualities, qualities)
def test_merge_is_associative_and_commutative(a, b, c):
    """Windows may be combined in any order and in any groups."""
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b) == b.merge(a)


@given(qualities)
def test_empty_is_the_identity(a):
    """A window without predictions adds nothing."""
    assert a == a.merge(Quality()) == Quality().merge(a)


def test_nothing_has_no_quality():
    """Without a labelled prediction there is no figure, rather than a zero."""
    nothing = Quality()

    assert (None,) * 8 == (
        nothing.confusion.accuracy,
        nothing.confusion.f1,
        nothing.deviation.bias,
        nothing.deviation.mae,
        nothing.deviation.rmse,
        nothing.calibration.brier,
        nothing.calibration.log_loss,
        nothing.calibration.ece,
    )
    assert 0.0 == nothing.confusion.f1_of("a")


def test_confusion():
    """Accuracy and F1 of a table that was worked out by hand."""
    table = Confusion({("a", "a"): 4, ("a", "b"): 1, ("b", "b"): 2, ("b", "a"): 2, ("c", "a"): 1})

    assert (10, 0.6) == (table.n, table.accuracy)
    assert pytest.approx([8 / 12, 4 / 7, 0.0]) == [table.f1_of(name) for name in "abc"]
    assert pytest.approx((8 / 12 + 4 / 7) / 3) == table.f1


def test_errors():
    """Bias, MAE and RMSE of the errors 1, -3 and 2."""
    deviation = Deviation(3, 0.0, 6.0, 14.0, 1.0, 1.0)

    assert (0.0, 2.0, math.sqrt(14 / 3)) == (deviation.bias, deviation.mae, deviation.rmse)


def test_calibration():
    """Brier score, log loss and expected calibration error of two bins."""
    found = Calibration(
        (2, *(0,) * 8, 2),
        (0.1, *(0.0,) * 8, 1.9),
        (1, *(0,) * 8, 1),
        brier_sum=2.0,
        log_loss_sum=6.0,
    )

    assert (4, 0.5, 1.5) == (found.n, found.brier, found.log_loss)
    assert pytest.approx((0.9 + 0.9) / 4) == found.ece


@pytest.mark.parametrize(
    ("numbers", "strings", "expected"),
    [
        ("", "", Compared(None, None)),
        (["score", "other"], ["label", "reason"], Compared("score", "label")),
        (["price"], ["choice"], Compared("price", "choice")),
        (["low", "high"], ["a", "b"], Compared(None, None)),
        (["label"], ["score"], Compared("label", "score")),
    ],
)
def test_which_outputs_a_label_belongs_to(numbers, strings, expected):
    """`score` and `label`, else the only one of its kind, else none."""
    number = FeatureProfile(numbers=1, numeric=Numeric(1, 0.0, 0.0, 0.0, 0.0))
    string = FeatureProfile(strings=1, categorical=Categorical({"x": 1}))
    outputs = dict.fromkeys(numbers, number) | dict.fromkeys(strings, string)

    assert expected == compared(outputs)
