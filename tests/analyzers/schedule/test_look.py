from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._schedule._look import KEPT, Look, ingest_lag, looked
from driftlog_analyzers._schedule._settings import Schedule

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCHEDULE = Schedule()


def test_events_in_time_show_no_delay():
    """Events that happened after the look before arrived in time, however long ago that look was."""
    look = looked(None, NOW, NOW - MINUTE)
    for n in (1, 2, 300):
        look = looked(look, NOW + n * MINUTE, NOW + n * MINUTE - timedelta(seconds=1))
    assert (0.0, 0.0, 0.0) == look.delays
    assert timedelta(minutes=1) == ingest_lag(look.delays, SCHEDULE)


def test_a_shipper_that_is_late_delays_the_closing():
    """Where the newest event is always ten minutes old, a window is closed about ten minutes after its end."""
    look = None
    for n in range(50):
        look = looked(look, NOW + n * MINUTE, NOW + (n - 10) * MINUTE)
    lag = ingest_lag(look.delays, SCHEDULE)
    assert timedelta(minutes=9) <= lag <= timedelta(minutes=11)


def test_a_pause_of_the_service_is_no_delay():
    """Without new events there is nothing to measure."""
    look = looked(Look(NOW, NOW), NOW + 60 * MINUTE, NOW)
    assert () == look.delays


def test_a_clock_set_back_measures_nothing():
    """A look before the look before says nothing of delays."""
    assert () == looked(Look(NOW, NOW - MINUTE), NOW - MINUTE, NOW).delays


@given(st.lists(st.floats(0, 1e7), max_size=2 * KEPT))
def test_the_lag_is_within_its_bounds(delays):
    """Whatever was measured, a window closes no sooner than the least and no later than the most."""
    assert SCHEDULE.lag_least <= ingest_lag(delays, SCHEDULE) <= SCHEDULE.lag_most


@pytest.mark.parametrize(("quantile", "minutes"), [(0.5, 1), (0.99, 6), (1.0, 11)])
def test_the_quantile_is_that_of_the_delays(quantile, minutes):
    """A single late event counts only where all of them must be covered."""
    delays = [0.0] * 97 + [300.0] * 2 + [600.0]
    lag = ingest_lag(delays, Schedule(lag_quantile=quantile))
    assert timedelta(minutes=minutes) == lag
