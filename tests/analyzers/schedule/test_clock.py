from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._schedule._clock import SETTLED, Clock

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Hands:
    """Two clocks that the test sets."""

    def __init__(self):
        self.passed, self.step = 0.0, timedelta(0)

    def system(self):
        """The system's clock."""
        return NOW + timedelta(seconds=self.passed) + self.step

    def steady(self):
        """Seconds that really passed."""
        return self.passed


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1), timedelta(days=900)])
def test_a_step_is_followed_once_it_has_settled(step):
    """A step of the system's clock changes nothing at first, is told once, and is followed when it stays."""
    hands, told = Hands(), []
    clock = Clock(hands.system, hands.steady, told.append)
    assert NOW == clock.now()
    hands.passed, hands.step = 60.0, step
    assert NOW + timedelta(seconds=60) == clock.now()
    hands.passed = 120.0
    assert NOW + timedelta(seconds=120) == clock.now()
    assert 1 == len(told)
    hands.passed = 60.0 + SETTLED.total_seconds()
    assert hands.system() == clock.now()
    hands.passed += 60.0
    assert hands.system() == clock.now()
    assert 1 == len(told)


def test_a_step_that_is_taken_back_was_none():
    """A clock that is set and set back is as one that never was."""
    hands = Hands()
    clock = Clock(hands.system, hands.steady)
    clock.now()
    for passed, hours in ((60, 1), (120, 1), (180, 0), (SETTLED.total_seconds() + 120, 1)):
        hands.passed, hands.step = float(passed), timedelta(hours=hours)
        assert NOW + timedelta(seconds=passed) == clock.now()


def test_drift_is_followed():
    """A clock that is slowly corrected is followed at once, however far that goes in all."""
    hands = Hands()
    clock = Clock(hands.system, hands.steady)
    clock.now()
    for n in range(100):
        hands.passed, hands.step = 60.0 * n, timedelta(seconds=20 * n)
        assert hands.system() == clock.now()
