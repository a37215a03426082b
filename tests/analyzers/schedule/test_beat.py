from dataclasses import replace
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._schedule._beat import Beat, Condition, missed, silence
from tests.analyzers.value_strategies import hour

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEAT = Beat("a", "one", 7, "0.1", NOW, Condition.OK, NOW, every_s=60.0, duration_s=2.0)


def ago(**span):
    """The heartbeat, so long ago."""
    return replace(BEAT, at=NOW - timedelta(**span))


def test_an_analyzer_that_stopped_beating_is_a_finding():
    """After more than two intervals the others say so; before that, and of one that ended well, they do not."""
    assert silence([ago(seconds=130)], "b", NOW).alerts
    assert not silence([ago(seconds=110)], "b", NOW).alerts
    assert not silence([replace(ago(hours=1), status=Condition.STOPPED)], "b", NOW).alerts
    assert not silence([replace(ago(hours=1), every_s=0.0)], "b", NOW).alerts
    assert not silence([ago(days=2)], "b", NOW).alerts
    assert not silence([], "b", NOW).alerts


def test_long_runs_beat_seldom():
    """An analyzer whose runs take ten minutes is not silent after three."""
    assert not silence([replace(ago(minutes=3), duration_s=600.0)], "b", NOW).alerts


def test_a_process_that_was_started_anew_takes_the_place():
    """The same host with another process is no silence of the one before."""
    old = ago(hours=1)
    assert not silence([old, replace(ago(seconds=30), id="c")], "c", NOW).alerts
    assert silence([old, replace(ago(seconds=30), id="c", host="two")], "c", NOW).alerts


def test_the_sentence_says_who_and_since_when():
    """People know where to look."""
    result = silence([ago(minutes=5)], "b", NOW)
    assert (
        "the analyzer on one (process 7) is silent since 2026-03-02 11:55:00 UTC, 5 intervals ago;"
        " see whether it still runs, and why not"
    ) == result.summary
    assert ("monitor", "analyzer.silence", 5.0) == (result.detector, result.feature, result.effect)


def test_missed_windows():
    """Windows that nobody could analyze are one finding, and none without any."""
    assert missed([]) is None
    result = missed([hour(0), hour(1), hour(2)])
    assert (3.0, 3) == (result.effect, result.n)
    assert result.alerts
