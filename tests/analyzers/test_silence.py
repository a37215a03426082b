from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog_analyzers._cause import Cause
from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import Incident
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._silence import (
    Silence,
    Weekly,
    checked,
    overlapping,
    parse_weekly,
    silenced,
)
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import InputError
from tests.analyzers.value_strategies import MIDNIGHT, evaluation, finding, hour

HOUR = timedelta(hours=1)


def alert(number=3, feature="age"):
    """An alert whose latest bad window is that hour of Monday."""
    (episode,) = fold([evaluation(number, finding(feature))], EpisodeSettings())
    return episode


def at(hours):
    """So many hours after Monday's midnight, UTC."""
    return MIDNIGHT + hours * HOUR


def silence(**kwargs):
    """One of everything from 02:00 to 04:00 on Monday, unless told otherwise."""
    return Silence("upgrade", "ann", **({"start": at(2), "end": at(4)} | kwargs))


@pytest.mark.parametrize(
    ("given", "covers"),
    [
        ({}, True),
        ({"model": "churn"}, True),
        ({"model": "fraud"}, False),
        ({"feature": "a*"}, True),
        ({"feature": "b*"}, False),
        ({"detector": "na_spike"}, True),
        ({"detector": "range"}, False),
        ({"model": "ch*", "feature": "ag?", "detector": "*"}, True),
    ],
)
def test_patterns(given, covers):
    """A silence is about the alerts that all its patterns match."""
    assert covers == silence(**given).covers(alert())


@pytest.mark.parametrize(
    ("now", "expected"), [(1.9, False), (2, True), (3.99, True), (4, False), (30, False)]
)
def test_in_force(now, expected):
    """It is in force from its begin to before its end."""
    found = silenced(alert(number=0), [silence()], at(now))
    assert expected == (found is not None)


def test_what_was_seen_during_maintenance_stays_silent_and_what_goes_on_after_it_is_told():
    """The hour of the maintenance is known when that has ended; the next bad hour is told."""
    kept = silence()
    assert kept == silenced(alert(number=3), [kept], at(4.1))
    assert silenced(alert(number=4), [kept], at(5.1)) is None


def test_a_daily_hour_never_silences_days():
    """Maintenance of an hour each day does not hide what is bad by day."""
    daily = silence(start=None, end=None, weekly=parse_weekly("daily 02:00-03:00"))
    day = replace(alert(), last=Window(at(0), at(24)))
    assert silenced(day, [daily], at(24.5)) is None
    assert silenced(alert(number=2), [daily], at(24.5)) == daily


def test_an_incident_is_silenced_where_all_its_open_alerts_are():
    """One alert that is not silenced is told of with its incident; one that has ended does not count."""
    age, income = alert(), alert(feature="income")
    ended = replace(income, status=Status.INACTIVE)
    kept = silence(feature="age")

    def incident(*alerts):
        window = hour(3)
        return Incident(
            "1", "churn", Cause(), Status.ACTIVE, Severity.HIGH, window, window, None, alerts
        )

    found = [
        silenced(incident(*alerts), [kept], at(3))
        for alerts in [(age,), (age, income), (age, ended)]
    ]
    assert [kept, None, kept] == found


@pytest.mark.parametrize(
    ("text", "days", "begin", "end"),
    [
        ("sun 02:00-04:00", (6,), time(2), time(4)),
        ("Mon-Fri 22:00-06:00", (0, 1, 2, 3, 4), time(22), time(6)),
        ("fri-mon 00:00-00:00", (0, 4, 5, 6), time(0), time(0)),
        ("sat,sun 10:30-11:00", (5, 6), time(10, 30), time(11)),
        ("daily 02:00-03:00", tuple(range(7)), time(2), time(3)),
    ],
)
def test_weekly(text, days, begin, end):
    """A schedule names days and local times, and says the same when it is shown."""
    found = parse_weekly(text)
    assert Weekly(days, begin, end) == found
    assert found == parse_weekly(str(found))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sun",
        "sun 2-4",
        "son 02:00-04:00",
        "sun 02:00",
        "sun 25:00-26:00",
        "sun 02:00+05:00-04:00",
        "sun 02:00-04:00Z",
    ],
)
def test_no_schedule(text):
    """What is no schedule is refused in a sentence that shows one."""
    with pytest.raises(InputError, match="write one such as 'sun 02:00-04:00'"):
        parse_weekly(text)


def test_past_midnight():
    """A stretch that ends before it begins lasts into the next day."""
    nights = silence(start=None, end=None, weekly=parse_weekly("mon 22:00-06:00"))
    assert [True, True, False, False] == [nights.in_force(at(n)) for n in (22, 29, 30, 24 + 23)]


def test_local_time():
    """A schedule follows its zone's clock: an hour earlier in UTC in summer."""
    berlin = silence(
        start=None, end=None, weekly=parse_weekly("daily 02:30-03:30", "Europe/Berlin")
    )
    winter, summer = (
        datetime(2026, 1, 5, 1, 45, tzinfo=UTC),
        datetime(2026, 7, 6, 1, 45, tzinfo=UTC),
    )
    assert [True, False] == [berlin.in_force(winter), berlin.in_force(summer)]
    with pytest.raises(InputError, match="no time zone 'Mars'"):
        parse_weekly("daily 02:30-03:30", "Mars")


def test_a_stored_silence_keeps_its_id():
    """What `add` printed is the id that `list` and `remove` know."""
    first = silence(weekly=parse_weekly("mon 03:00-03:30"))
    stored = from_json(Silence, to_json(first))
    assert (first, first.id) == (stored, stored.id)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"end": None}, "hides faults for ever"),
        ({"end": at(1)}, "before it begins"),
        ({"end": at(2)}, "before it begins"),
    ],
)
def test_makes_no_sense(given, words):
    """A silence that never ends, or ends before it begins, is refused in a sentence."""
    with pytest.raises(InputError, match=words):
        checked(silence(**given))
    assert silence() == checked(silence())


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"feature": "age"}, True),
        ({"start": at(4), "end": at(5)}, False),
        ({"feature": "age", "start": at(3), "end": at(5)}, True),
        ({"start": None, "end": None, "weekly": parse_weekly("mon 03:00-03:30")}, True),
        ({"start": None, "end": None, "weekly": parse_weekly("tue 03:00-03:30")}, False),
    ],
)
def test_overlapping(other, expected):
    """Two silences overlap where one moment and one alert falls under both."""
    pair = (silence(), silence(**other))
    assert ((pair,) if expected else ()) == overlapping(pair, at(0))
    assert () == overlapping([silence(model="fraud"), silence(model="churn")], at(0))
    assert () == overlapping(pair, at(30 * 24))


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("start", [datetime.min, datetime.max - HOUR])  # noqa: DTZ901 - made aware below
def test_the_ends_of_the_calendar(start, zone):
    """A window at either end of the calendar, where a broken clock puts it, is no error."""
    weekly = silence(start=None, end=None, weekly=parse_weekly("daily 02:00-03:00", zone))
    begin = start.replace(tzinfo=UTC)
    far = replace(alert(), last=Window(begin, begin + HOUR))
    assert silenced(far, [weekly], at(7.5)) is None


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 24 * 60))
def test_a_daily_stretch_is_in_force_as_long_as_it_says(begin, minutes):
    """Whatever its begin, of the minutes of a day it is in force in as many as it lasts."""
    start = (MIDNIGHT + timedelta(minutes=begin)).time()
    end = (MIDNIGHT + timedelta(minutes=begin + minutes)).time()
    weekly = silence(start=None, end=None, weekly=Weekly(tuple(range(7)), start, end))
    held = sum(weekly.in_force(at(0) + timedelta(minutes=n)) for n in range(24 * 60))
    assert minutes == held
