import math

import pytest

from driftlog_analyzers._elasticsearch._tally import Value, tally


def scored(*pairs):
    """The calibration of (score, label)."""
    return tally((Value(score), Value(label)) for score, label in pairs).calibration


@pytest.mark.parametrize(
    ("score", "place"),
    [(0.0, 0), (0.1, 1), (0.3, 3), (0.5, 5), (0.7, 7), (0.9999999999999999, 9), (1.0, 9)],
)
def test_bins(score, place):
    """A score on an edge falls into the upper bin; 1 into the last."""
    found = scored((score, 1))

    assert 1 == found.counts[place] == found.labels[place]
    assert score == found.scores[place]


def test_log_loss_of_certainty():
    """A score of 0 for what is true costs what the clip allows, not infinity."""
    assert pytest.approx(52 * math.log(2), rel=1e-9) == scored((0.0, 1)).log_loss
    assert pytest.approx(52 * math.log(2), rel=1e-9) == scored((1.0, 0)).log_loss
    assert pytest.approx(0.0, abs=1e-12) == scored((1.0, 1), (0.0, 0)).log_loss


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (Value(0.0), 0),
        (Value(-0.0), 0),
        (Value(1.0), 1),
        (Value(0.5), None),
        (Value(string="true"), 1),
        (Value(string="false"), 0),
        (Value(string="1"), None),
        (Value(2.0, "true"), None),
        (Value(), None),
    ],
)
def test_which_labels_are_boolean(label, expected):
    """The numbers 0 and 1 and the strings false and true; the number goes first."""
    assert expected == label.truth


def test_kinds_do_not_mix():
    """Numbers are held against numbers, strings against strings; all are labelled."""
    found = tally(
        [(Value(0.5), Value(string="x")), (Value(string="x"), Value(1.0)), (Value(), Value(3.0))]
    )

    assert (3, 0, 0, 0) == (
        found.labelled,
        found.confusion.n,
        found.deviation.n,
        found.calibration.n,
    )
