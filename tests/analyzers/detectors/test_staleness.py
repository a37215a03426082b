from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._finding import Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._settings import Settings
from driftlog_analyzers.detectors.staleness import staleness

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
AGE = timedelta(days=90)


def aged(days, *, first=None, versions=None):
    """What is said of a window whose last event is so many days after the baseline."""
    at = CREATED + timedelta(days=days)
    before = WindowProfile(10, first=first)
    after = WindowProfile(10, versions={"7": 10} if versions is None else versions, last=at)
    return staleness(before, after, "7", CREATED, AGE)


@pytest.mark.parametrize(
    ("days", "outcome", "severity", "alerts"),
    [
        (-3, Outcome.OK, Severity.INFO, False),
        (80, Outcome.OK, Severity.INFO, False),
        (81, Outcome.FINDING, Severity.INFO, False),
        (90, Outcome.FINDING, Severity.INFO, False),
        (91, Outcome.FINDING, Severity.LOW, True),
        (9_000, Outcome.FINDING, Severity.LOW, True),
    ],
)
def test_age(days, outcome, severity, alerts):
    """A version is noticed from nine tenths of its age on, and alerts beyond it."""
    result = aged(days)

    assert (outcome, severity, alerts) == (result.outcome, result.severity, result.alerts)
    assert pytest.approx(days / 90) == result.effect


def test_the_first_event_may_be_older_than_the_baseline():
    """A baseline made late from a log is as old as its first event."""
    result = aged(50, first=CREATED - timedelta(days=50))

    assert (
        "version 7 is 100 days old, and may become 90; train it anew",
        Severity.LOW,
    ) == (result.summary, result.severity)


def test_unknown_age():
    """Of a version without baseline, and of a window without times, nothing is said."""
    assert aged(100, versions={"8": 10}) is None
    assert staleness(WindowProfile(), WindowProfile(10), "7", CREATED, AGE) is None
    assert aged(100, versions={}) is not None


def test_off_unless_configured():
    """Without an age in the settings no result is made; with one, it is."""
    window = WindowProfile(100, versions={"7": 100}, last=CREATED + timedelta(days=100))
    baseline = Baseline("m", "7", CREATED, "", window, {})

    silent = evaluate(window, baseline, Settings())
    told = evaluate(window, baseline, Settings(max_age=AGE))

    assert "staleness" not in {r.detector for r in silent}
    assert {"staleness"} == {r.detector for r in told if r.alerts}
