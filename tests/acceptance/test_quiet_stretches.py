"""Real traffic with its rhythm and its growth, calibrated: where nothing happened hardly anything alerts.

What counts, precisely:

- bike: windows of a day, beside 2011, in 2012. Left out: 2012-08-17 (atemp stuck), 2012-10-29 and 30 (Sandy), and the
  features cnt, registered and casual, whose growth from 2012-01-01 on is a row of REAL_SHIFTS.csv (cnt is the sum).
- hotel: windows of a week, and of 1,000 bookings, beside July 2015 to June 2016, in July 2016 to August 2017. Left out:
  market_segment, country, customer_type, meal, distribution_channel, whose shares moved all the time by
  REAL_SHIFTS.csv.
- Ignored, as any user would: columns that are the calendar itself (yr, instant, season, mnth; the date of arrival and
  of the reservation's status). Everything else is as shipped, with one `driftlog calibrate`.

Among what is left is a plain finding, which counts all the same: the felt temperature froze again on 2012-12-29.

A feature-window is one feature, or the number of events, in one window of enough events. An alert is an episode: what
goes on in the next windows is one.
"""

from datetime import UTC, datetime

import pandas as pd
import pytest

from driftlog_analyzers import Settings, SpoolStore, StateFile, analyze, parse_size
from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._reference import baseline_from_store
from tests.acceptance.replayed import Replay, real

BIKE_CALENDAR = frozenset({"yr", "instant", "season", "mnth"})
BIKE_MOVED = {"cnt", "registered", "casual"}
BIKE_DAYS = {"2012-08-17", "2012-10-29", "2012-10-30"}
HOTEL_MOVED = {"market_segment", "country", "customer_type", "meal", "distribution_channel"}
HOTEL_CALENDAR = frozenset(
    {
        "arrival_date_year",
        "arrival_date_month",
        "arrival_date_week_number",
        "arrival_date_day_of_month",
        "reservation_status_date",
    }
)


@pytest.fixture(scope="module")
def bike(tmp_path_factory) -> Replay:
    """Hourly bike rentals."""
    frame = pd.read_csv(real("bike_sharing/hour.csv"))
    frame["at"] = pd.to_datetime(frame.dteday) + pd.to_timedelta(frame.hr, unit="h")
    frame = frame.drop(columns="dteday")
    return Replay.of(frame, tmp_path_factory.mktemp("bike"), "bike", "--time", "at")


@pytest.fixture(scope="module")
def hotel(tmp_path_factory) -> Replay:
    """Hotel bookings by date of arrival."""
    file = real("hotel_bookings/hotel_bookings.csv.gz")
    frame = pd.read_csv(file, keep_default_na=False, na_values=[""], low_memory=False)
    day = frame.arrival_date_day_of_month.astype(str)
    text = frame.arrival_date_year.astype(str) + "-" + frame.arrival_date_month + "-" + day
    frame["at"] = pd.to_datetime(text, format="%Y-%B-%d")
    frame = frame.sort_values("at", kind="stable")
    return Replay.of(frame, tmp_path_factory.mktemp("hotel"), "hotel", "--time", "at")


def alerts(replay, size, begin, *, calendar, moved, days=frozenset()):
    """Episodes and feature-windows of the quiet stretch from `begin` on."""
    begin = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    settings = Settings(ignored=calendar)
    with SpoolStore(replay.spool) as store, StateFile(replay.spool / "quiet.sqlite") as state:
        baseline = baseline_from_store(store, model=replay.model, version="1", end=begin)
        known = calibrated(store, baseline, parse_size(size), end=begin, settings=settings)
        every = analyze(store, known, state, parse_size(size), settings=settings)
    kept = [e for e in every if e.window.start >= begin and e.events >= settings.min_events]
    kept = [e for e in kept if f"{e.window.start:%Y-%m-%d}" not in days]
    open_before, episodes = set(), 0
    for evaluation in kept:
        found = {(r.detector, r.feature) for r in evaluation.findings if r.feature not in moved}
        print(evaluation.window, found - open_before)
        episodes += len(found - open_before)
        open_before = found
    features = len(baseline.constraints.keys() - calendar - moved) + 1
    return episodes, features * len(kept)


def test_quiet_stretches_stay_within_two_alerts_per_thousand(bike, hotel):
    """At most two for each thousand of over 6,000 feature-windows together, and of those by count alone."""
    by_day = alerts(
        bike, "1d", "2012-01-01", calendar=BIKE_CALENDAR, moved=BIKE_MOVED, days=BIKE_DAYS
    )
    by_week, by_count = (
        alerts(hotel, size, "2016-07-01", calendar=HOTEL_CALENDAR, moved=HOTEL_MOVED)
        for size in ("1w", "1000")
    )
    print("alerts and feature-windows", by_day, by_week, by_count)

    found, windows = map(sum, zip(by_day, by_week, by_count, strict=True))
    assert windows > 6000
    assert 1000 * found <= 2 * windows
    assert 1000 * by_count[0] <= 2 * by_count[1]
