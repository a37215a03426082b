from dataclasses import replace
from datetime import timedelta

import pytest

from driftlog_analyzers._beats import Beats
from driftlog_analyzers._finding import Outcome, Result, Severity
from driftlog_analyzers._shippers import beside
from driftlog_analyzers.detectors.resources import resources, silent
from tests.analyzers.value_strategies import hour

SHIPPER = "host /spool"
MIB = 2**20


def beats(number, **facts):
    """An hour of heartbeats, one a minute, of a healthy shipper."""
    usual = {"memory": 100 * MIB, "cpu": 5.0, "accepted": 1000 * number, "shipped": 1000}
    last = hour(number).end - timedelta(seconds=20)
    return Beats(**({"count": 60, "last": last, "every": 60.0} | usual | facts))


WEEK = [(hour(n), {SHIPPER: beats(n, memory=(95 + n % 10) * MIB)}) for n in range(100)]


def told(earlier=WEEK, shipper=SHIPPER, **facts):
    """What is said of hour 100, by feature."""
    found = resources(hour(100), {shipper: beats(100, **facts)}, earlier)
    return {result.feature: result for result in found}


def alerting(results):
    """The features with a finding."""
    return {feature for feature, result in results.items() if result.alerts}


def test_a_healthy_shipper():
    """All rules answer, and none of them finds anything."""
    results = told()

    names = ("silence", "loss", "quarantine", "delay", "memory", "cpu")
    assert {f"shipper.{name}" for name in names} == results.keys()
    assert set() == alerting(results)


@pytest.mark.parametrize(
    ("facts", "feature", "effect", "words"),
    [
        ({"memory": 300 * MIB}, "memory", 2.0, "memory went from "),
        ({"cpu": 20.0}, "cpu", 3.0, "processor time went from 180 to 720 ms per event"),
        ({"lost": 7}, "loss", 7.0, "7 events lost"),
        (
            {"refused": 10},
            "quarantine",
            0.01,
            "10 events (1 %) refused by Elasticsearch or damaged",
        ),
        ({"oldest": 7200.0}, "delay", 7200.0, "the oldest unsent event waited 7,200 s"),
        ({"last": hour(99).end}, "silence", 60.0, "the shipper is silent since"),
    ],
)
def test_trouble(facts, feature, effect, words):
    """Each kind of trouble is one finding that names the shipper and the figure."""
    results = told(**facts)
    (found,) = alerting(results)

    assert f"shipper.{feature}" == found
    assert pytest.approx(effect, rel=0.02) == results[found].effect
    assert results[found].summary.startswith(f"{SHIPPER}: {words}")


@pytest.mark.parametrize(
    "facts",
    [
        {"memory": 140 * MIB},
        {"memory": None, "cpu": None},
        {"cpu": 90.0, "shipped": 99},
        {"oldest": 900.0},
        {"refused": 9, "shipped": 0},
        {"refused": 19, "shipped": 2000},
        {"last": hour(100).end - timedelta(seconds=120)},
    ],
)
def test_what_is_no_trouble(facts):
    """Growth by less than a half, unknown figures, few events, few refused ones, and two missed beats are none."""
    assert set() == alerting(told(**facts))


def test_what_comes_every_day_is_usual():
    """Memory that was as high before, be it once in a week, is no growth."""
    earlier = [*WEEK[:50], (hour(50), {SHIPPER: beats(50, memory=290 * MIB)}), *WEEK[51:]]

    assert set() == alerting(told(earlier, memory=300 * MIB))


def test_lost_events_are_told_once():
    """The counter never falls: only what it grew by is new."""
    earlier = [*WEEK[:-1], (hour(99), {SHIPPER: beats(99, lost=5)})]

    assert set() == alerting(told(earlier, lost=5))
    assert 3 == told(earlier, lost=8)["shipper.loss"].effect


def test_refused_events_are_told_once():
    """What is in quarantine stays there: only what came is new, and a tenth of all events is grave."""
    earlier = [*WEEK[:-1], (hour(99), {SHIPPER: beats(99, refused=500)})]

    assert set() == alerting(told(earlier, refused=509))
    assert [Severity.MEDIUM, Severity.HIGH] == [
        told(earlier, refused=refused)["shipper.quarantine"].severity for refused in (599, 600)
    ]


def test_too_short_a_past():
    """Without half a day of earlier windows nothing is compared; the other rules go on."""
    results = told(WEEK[-5:], memory=900 * MIB, lost=1)

    assert {"shipper.loss"} == alerting(results)
    assert "shipper.memory" not in results
    assert {"shipper.loss"} == alerting(told([], lost=1))


def test_silence_lasts_a_day():
    """A shipper without a heartbeat is silent for a day; then it was taken away."""
    day = [resources(hour(100 + n), {}, [*WEEK, *quiet(n)]) for n in (0, 10, 22, 26)]

    assert [True, True, True, False] == [silent(results) for results in day]
    assert [] == resources(hour(100), {}, [])


def quiet(count):
    """So many hours without any heartbeat."""
    return [(hour(100 + n), {}) for n in range(count)]


def test_one_of_several_shippers():
    """Of many shippers the worst is named."""
    good = {f"{n} /spool": beats(100) for n in range(5)}

    results = resources(hour(100), good | {"bad /spool": beats(100, lost=9)}, [])
    (loss,) = [r for r in results if r.alerts]

    assert loss.summary.startswith("bad /spool: 9 events lost")
    assert (6, Severity.HIGH) == (loss.n, loss.severity)


def test_silence_is_told_apart():
    """A window without events says whether there was no traffic or no shipper."""
    volume = Result("volume", "", Outcome.FINDING, "silence", Severity.CRITICAL)
    alive = list(told().values())
    dead = resources(hour(100), {}, WEEK)

    assert (volume,) == beside([volume], [])
    (told_alive, *_) = beside([volume], alive)
    assert "silence; the shipper is alive: there is no traffic" == told_alive.summary
    (first, second) = beside([volume], dead)
    assert "shipper.silence" == first.feature
    assert "silence; the shipper is silent" == second.summary
    busy = replace(volume, n=3)
    assert busy in beside([busy], dead)
