import math

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._elasticsearch._tally import Value, tally
from driftlog_analyzers._evaluate import HIGHEST_LEVEL
from driftlog_analyzers._finding import Outcome, Severity
from driftlog_analyzers._quality import Calibration, Compared, Confusion, Deviation, Quality
from driftlog_analyzers._quality_tests import of_classes, of_errors, of_scores
from driftlog_analyzers.detectors.quality import quality
from tests.analyzers.cases import quiet, random_source

BOTH = Compared()


def confusion(right, wrong):
    """Two classes, each right and wrong so often."""
    pairs = {("a", "a"): right, ("b", "b"): right, ("a", "b"): wrong, ("b", "a"): wrong}
    return Quality(2 * (right + wrong), 2 * (right + wrong), Confusion(pairs))


def scores(rng, n, *, bias=0.0):
    """Scores with labels that come true as often as they say, or more often by `bias`."""
    said = rng.beta(2, 3, n)
    true = rng.random(n) < np.clip(said + bias, 0, 1)
    return tally((Value(float(s)), Value(float(y))) for s, y in zip(said, true, strict=True))


def errors(rng, n, *, sd=1.0):
    """Predictions of numbers, off by a normal error."""
    return tally(
        (Value(float(y + sd * rng.normal())), Value(float(y))) for y in rng.normal(5, 2, n)
    )


def only(before, after, **more):
    """The one result."""
    (result,) = quality(before, after, BOTH, **more)
    return result


def test_accuracy_fell():
    """Fewer right classes are a finding that names the class whose recall fell most."""
    after = Confusion({("a", "a"): 90, ("b", "b"): 45, ("a", "b"): 55, ("b", "a"): 10})

    result = only(confusion(900, 100), Quality(200, 200, after))

    assert ("quality", "prediction.label", Outcome.FINDING, 200) == (
        result.detector,
        result.feature,
        result.outcome,
        result.n,
    )
    assert (
        "prediction.label: accuracy went from 90 % to 67.5 % over 200 labelled predictions, "
        "recall of b from 90 % to 45 %"
    ) == result.summary
    assert ["recall of b", "recall of a"] == [change.value for change in result.changes]
    assert (0.9, 0.675) == (
        result.statistics["accuracy_before"],
        pytest.approx(result.statistics["accuracy"]),
    )
    assert not quiet(result)


def test_accuracy_is_tested_exactly():
    """Of accuracy it is Fisher's one-sided test, of both figures the smaller p-value twice."""
    before, after = confusion(90, 10), confusion(15, 15)

    figures = {one.name: one for one in of_classes(before.confusion, after.confusion)}

    expected = stats.hypergeom.sf(29, 260, 50, 60)
    assert pytest.approx(expected) == figures["accuracy"].p_value
    smallest = min(one.p_value for one in figures.values())
    assert pytest.approx(2 * smallest) == only(before, after).p_value


def test_standard_error_of_f1():
    """The delta method gives the spread that resampling the predictions shows."""
    pairs = {("a", "a"): 300, ("b", "b"): 100, ("c", "c"): 30, ("a", "b"): 40, ("c", "a"): 20}
    table, rng = Confusion(pairs), random_source()
    counts = np.array(list(pairs.values()))
    drawn = [
        Confusion(dict(zip(pairs, map(int, row), strict=True)))
        for row in rng.multinomial(counts.sum(), counts / counts.sum(), 4000)
    ]

    ps = [f.p_value for one in drawn for f in of_classes(table, one) if f.name == "F1"]
    falls = stats.norm.isf(ps) * math.sqrt(2.0)  # both samples vary by the formula, one in truth

    assert pytest.approx(1.0, abs=0.05) == np.std(falls)
    assert pytest.approx(0.0, abs=0.1) == np.mean(falls)


def test_f1_counts_classes_of_both_only():
    """A class that the window has no labels of is not held against it."""
    before = Confusion({("a", "a"): 90, ("b", "b"): 90, ("c", "c"): 90, ("a", "b"): 10})
    after = Confusion({("a", "a"): 90, ("b", "b"): 90, ("a", "b"): 10})

    (f1,) = [one for one in of_classes(before, after) if one.name == "F1"]

    assert pytest.approx(f1.before) == f1.after


def test_log_loss_and_brier_and_calibration_rose():
    """A score that comes true far more often than it says is a finding with three figures."""
    rng = random_source(1)
    before, after = scores(rng, 5000), scores(rng, 500, bias=0.3)

    result = only(before, after)

    assert ("prediction.score", Outcome.FINDING) == (result.feature, result.outcome)
    assert not quiet(result)
    statistics = result.statistics
    assert statistics["log_loss"] > statistics["log_loss_before"]
    assert statistics["brier_score"] > statistics["brier_score_before"]
    assert pytest.approx(after.calibration.ece) == statistics["calibration_error"]
    assert result.changes[0].after - result.changes[0].before > 0.2


def test_calibration_error_beyond_its_noise():
    """Few labels have a large calibration error by chance alone; only what is beyond it counts."""
    rng = random_source(2)
    before, after = scores(rng, 20_000), scores(rng, 60)
    assert after.calibration.ece > 2 * before.calibration.ece

    (found,) = [
        one
        for one in of_scores(before.calibration, after.calibration)
        if one.name == "calibration error"
    ]

    assert found.effect < 0.15
    assert found.p_value > 0.001


def test_errors_grew():
    """Errors half as large again are a finding; the mean error has Welch's one-sided p-value."""
    rng = random_source(3)
    before, after = errors(rng, 5000), errors(rng, 500, sd=1.5)

    result = only(before, after)

    assert ("prediction.score", Outcome.FINDING, Severity.HIGH) == (
        result.feature,
        result.outcome,
        result.severity,
    )
    assert not quiet(result)
    old, new = before.deviation, after.deviation
    se = math.sqrt(
        (old.squared / old.n - old.mae**2) / old.n + (new.squared / new.n - new.mae**2) / new.n
    )
    (mae, rmse) = of_errors(old, new)
    assert pytest.approx(stats.norm.sf((new.mae - old.mae) / se)) == mae.p_value
    assert pytest.approx((old.rmse, new.rmse)) == (rmse.before, rmse.after)


@pytest.mark.parametrize("make", [scores, errors])
@pytest.mark.parametrize("n", [30, 100, 1000])
def test_false_findings_are_rare(make, n):
    """Of 300 windows like the reference at most a few are significant at one in a hundred."""
    rng = random_source(n)
    before = make(rng, 20_000)

    hits = sum(only(before, make(rng, n)).p_value <= 0.01 for _ in range(300))

    assert hits <= stats.binom.isf(1e-4, 300, 0.01)


def test_better_is_no_fault():
    """A rise of every figure is ok."""
    rng = random_source(4)

    for before, after in [
        (confusion(80, 20), confusion(100, 0)),
        (scores(rng, 900, bias=0.3), scores(rng, 900)),
        (errors(rng, 900, sd=2.0), errors(rng, 900)),
    ]:
        result = only(before, after)
        assert Outcome.OK == result.outcome
        assert quiet(result)


def test_small_falls_are_none():
    """A point in a million labels is significant and too little."""
    result = only(confusion(450_000, 50_000), confusion(445_000, 55_000))

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-20


@pytest.mark.parametrize("n", [0, 1, 29])
def test_too_few_labels(n):
    """Under thirty labels the answer is that there are too few."""
    result = only(confusion(500, 50), Quality(1000, n, Confusion({("a", "a"): n} if n else {})))

    assert (Outcome.INSUFFICIENT, n) == (result.outcome, result.n)
    assert result.summary.endswith("at least 30 are needed")


def test_reference_without_labels():
    """Where the reference has no labels, or too few, nothing is said."""
    assert [] == list(quality(Quality(), confusion(50, 5), BOTH))
    assert [] == list(quality(confusion(5, 2), confusion(50, 5), BOTH))
    assert [] == list(quality(confusion(50, 5), confusion(50, 5), Compared(None, None)))


def test_sums_beyond_a_float():
    """Errors that cannot be summed up are no finding and no exception."""
    huge = Quality(50, 50, deviation=Deviation(50, 1e300, math.inf, math.inf, 0, 0, math.inf))

    assert Outcome.INSUFFICIENT == only(huge, huge).outcome


@pytest.mark.parametrize("truth", [0, 1])
def test_constant_losses(truth):
    """Where no loss varies, the same is ok, and worse by any constant is certain."""
    n = 100

    def sure(score, label):
        return tally([(Value(score), Value(float(label)))] * n)

    assert Outcome.OK == only(sure(0.5, truth), sure(0.5, truth)).outcome
    worse = only(sure(float(truth), truth), sure(1.0 - truth, truth))
    assert (Outcome.FINDING, 0.0, 10.0) == (worse.outcome, worse.p_value, worse.effect)
    assert worse.p_value <= HIGHEST_LEVEL


def test_all_wrong_and_all_right():
    """A perfect reference and a window of errors only, and the other way round, have an answer."""
    right, wrong = (
        Quality(60, 60, Confusion({("a", "a"): 60})),
        Quality(60, 60, Confusion({("b", "a"): 60})),
    )

    assert Outcome.FINDING == only(right, wrong).outcome
    assert Outcome.OK == only(wrong, right).outcome
    assert Outcome.OK == only(right, right).outcome


def test_one_bin_only():
    """Scores in one bin, with labels of one kind, have no calibration test and no failure."""
    one = Calibration((100, *(0,) * 9), (5.0, *(0.0,) * 9), (0,) * 10, 0.5, 5.0, 0.01, 0.3)

    result = only(Quality(100, 100, calibration=one), Quality(100, 100, calibration=one))

    assert Outcome.OK == result.outcome
    assert "calibration_error" not in result.statistics
