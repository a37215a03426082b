import math

import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Outcome, Severity
from driftlog_analyzers.detectors.volume import _tail, volume
from tests.analyzers.cases import random_source

STEADY = [100, 90, 110, 95, 105, 100, 100]


def test_silence():
    """No event where there usually are a hundred is critical."""
    result = volume(0, STEADY)

    assert (
        "volume",
        "",
        Outcome.FINDING,
        Severity.CRITICAL,
        "silence: no event in the window, usually 100",
        0,
        math.log(0.5 / 100.5),
        (Change("events", 1.0, 0.0, 100, 0),),
        {"usual": 100.0, "windows": 7.0},
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.changes,
        {name: result.statistics[name] for name in ("usual", "windows")},
    )
    assert result.p_value < 1e-15


@pytest.mark.parametrize(
    ("events", "expected"),
    [(0, Severity.CRITICAL), (24, Severity.HIGH), (26, Severity.MEDIUM), (401, Severity.HIGH)],
)
def test_severity(events, expected):
    """A quarter or four times the usual number is grave, no event at all the gravest."""
    assert expected == volume(events, STEADY).severity


@pytest.mark.parametrize(("events", "sign"), [(30, -1), (300, 1)])
def test_far(events, sign):
    """A third or thrice the usual number is a finding on its side."""
    result = volume(events, STEADY)

    assert (Outcome.FINDING, Severity.MEDIUM, f"{events} events in the window, usually 100") == (
        result.outcome,
        result.severity,
        result.summary,
    )
    assert sign * result.effect > 1
    assert result.p_value < 1e-6


@pytest.mark.parametrize("usual", [1, 5, 100, 5_000, 1_000_000])
def test_quiet_on_the_same(usual):
    """The usual number is no finding, at any size."""
    result = volume(usual, [usual] * 28)

    assert Outcome.OK == result.outcome


def test_near():
    """Forty per cent more is within what traffic does, however significant."""
    history = random_source().poisson(100_000, 28).tolist()

    result = volume(140_000, history)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-100


@pytest.mark.parametrize("history", [[24] * 28, [24] * 24 + [23] * 4, [24] * 7])
def test_traffic_by_a_plan(history):
    """Where it is one event an hour every day, six hours without one are a finding, and two are not."""
    found = volume(18, history)

    assert Outcome.FINDING == found.outcome
    assert found.p_value < 0.005
    assert Outcome.OK == volume(22, history).outcome


def test_a_plan_on_a_large_scale():
    """A hundred thousand every day is a plan, too: thirty per cent fewer are not in it."""
    result = volume(70_000, [100_000] * 28)

    assert (Outcome.FINDING, True) == (result.outcome, result.p_value < 1e-15)


def test_restless_traffic():
    """Where the number has always swung widely, twice the median is nothing strange."""
    history = [20, 50, 80, 100, 100, 120, 200, 300, 180, 40]

    assert volume(200, history).p_value > 0.1


def test_one_outage_is_no_spread():
    """One silent window in the history does not hide the next one."""
    result = volume(0, [100] * 20 + [0])

    assert Outcome.FINDING == result.outcome
    assert result.p_value < 1e-15


def test_too_little_history():
    """Four windows are too few to know what is usual."""
    result = volume(0, [100] * 4)

    assert (
        Outcome.INSUFFICIENT,
        "volume: 4 comparable earlier windows, at least 5 are needed",
    ) == (result.outcome, result.summary)


@pytest.mark.parametrize("history", [[0] * 10, [4] * 10, [0, 0, 0, 0, 1000]])
def test_little_traffic(history):
    """Where hardly anything is usual, nothing and much are fine."""
    for events in (0, 1000):
        result = volume(events, history)

        assert (Outcome.OK, None) == (result.outcome, result.p_value)


def test_tails_are_poisson_without_spread():
    """Without spread the tails are Poisson's, and those of hardly more spread agree."""
    for mean in (5.0, 80.0, 1e5):
        for events in (0, int(mean) - 2, int(mean), int(mean * 1.2)):
            low, high = stats.poisson.cdf(events, mean), stats.poisson.sf(events - 1, mean)
            expected = min(1.0, 2 * min(low, high))

            assert pytest.approx(expected, rel=1e-12) == _tail(events, mean, mean)
            assert pytest.approx(expected, rel=1e-3, abs=1e-300) == _tail(
                events, mean, mean * (1 + 1e-6)
            )


def test_tails_by_simulation():
    """A negative binomial with that mean and variance has the tails that are claimed."""
    rng = random_source()
    mean, variance, tries = 100.0, 900.0, 200_000
    drawn = rng.poisson(rng.gamma(mean**2 / (variance - mean), (variance - mean) / mean, tries))

    for events in (30, 60, 160, 200):
        hits = (drawn <= events).sum() if events < mean else (drawn >= events).sum()
        expected = _tail(events, mean, variance) / 2

        assert abs(hits / tries - expected) < 4 * math.sqrt(expected / tries)


@pytest.mark.parametrize("windows", [5, 7, 28])
@pytest.mark.parametrize("usual", [6, 30])
def test_false_findings(windows, usual):
    """Steady traffic is far from usual in one window of a thousand at most."""
    rng = random_source()
    tries = 4000
    drawn = rng.poisson(usual, (tries, windows + 1)).tolist()
    found = 0
    for events, *history in drawn:
        result = volume(events, history)
        found += result.outcome is Outcome.FINDING and result.p_value < 0.001

    assert found <= 0.001 * tries + 3 * math.sqrt(0.001 * tries)
