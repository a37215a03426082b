from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._window import LONGEST_GAP, CountSize, TimeSize, Window, parse_size
from driftlog_analyzers.errors import ConfigError
from tests.analyzers import value_strategies as values

sizes = st.builds(
    lambda n, unit: parse_size(f"{n}{unit}"), st.integers(1, 52), st.sampled_from("smhdw")
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1h", TimeSize(timedelta(hours=1))),
        (" 15 m ", TimeSize(timedelta(minutes=15))),
        ("90s", TimeSize(timedelta(seconds=90))),
        ("1d", TimeSize(timedelta(days=1))),
        ("2w", TimeSize(timedelta(weeks=2))),
        ("1000", CountSize(1000)),
        ("1 event", CountSize(1)),
        ("1_000 events", CountSize(1000)),
        ("10,000", CountSize(10_000)),
    ],
)
def test_parse(text, size):
    """Times and counts are read as people write them."""
    assert size == parse_size(text)


@pytest.mark.parametrize("text", ["", "h", "1x", "-1h", "1.5h", "1h30m", "events", "_", "1 h h"])
def test_what_is_no_size(text):
    """Anything else is refused with what to write."""
    with pytest.raises(ConfigError, match="is not understood; write a time such as 1h"):
        parse_size(text)


@pytest.mark.parametrize("text", ["0h", "0", "00 events"])
def test_empty_sizes(text):
    """A window needs a length."""
    with pytest.raises(ConfigError, match="is empty; a window needs a length above zero"):
        parse_size(text)


@pytest.mark.parametrize("text", ["99999999h", "367d", "99999999w", "9" * 5000, "9" * 5000 + "s"])
def test_endless_sizes(text):
    """A window that would outlast time itself is refused in one sentence."""
    with pytest.raises(ConfigError, match=r"is too long; a window lasts|is not understood"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("60m", "1h"), ("24h", "1d"), ("7d", "1w"), ("90m", "90m"), ("61s", "61s"), ("5", "5 events")],
)
def test_shown_in_the_largest_unit(text, shown):
    """Equal sizes are shown alike."""
    assert shown == str(parse_size(text))


@given(st.one_of(sizes, st.builds(CountSize, st.integers(1, 10**9))))
def test_shown_sizes_parse(size):
    """What is shown can be read."""
    assert size == parse_size(str(size))


@pytest.mark.parametrize(
    ("size", "start"),
    [
        ("1w", datetime(2026, 11, 16, tzinfo=UTC)),
        ("1d", datetime(2026, 11, 22, tzinfo=UTC)),
        ("1h", datetime(2026, 11, 22, 4, tzinfo=UTC)),
        ("15m", datetime(2026, 11, 22, 4, 45, tzinfo=UTC)),
    ],
)
def test_floor(size, start):
    """Hours and days begin as on the clock, weeks on Mondays."""
    assert start == parse_size(size).floor(datetime(2026, 11, 22, 4, 59, 59, 999999, tzinfo=UTC))


@given(values.moments)
def test_weeks_begin_on_mondays(moment):
    """Whatever the date, a week's window begins on a Monday at midnight UTC."""
    start = parse_size("1w").floor(moment)
    assert (0, timedelta(0)) == (start.weekday(), start - start.replace(hour=0, minute=0, second=0))


@given(sizes, values.moments)
def test_floor_is_the_window_of_the_moment(size, moment):
    """A moment lies in exactly the one window that begins at its floor."""
    begin = size.floor(moment)
    assert begin <= moment < begin + size.duration
    assert [Window(begin, begin + size.duration)] == list(
        size.windows(moment, moment + timedelta(microseconds=1))
    )


@given(sizes, values.moments, st.integers(0, 20), st.floats(0, 1))
def test_windows_tile_time(size, start, number, part):
    """Windows follow one another without gap or overlap and cover what was asked for."""
    end = start + size.duration * number + size.duration * part
    windows = list(size.windows(start, end))
    assert [window.end for window in windows[:-1]] == [window.start for window in windows[1:]]
    assert bool(windows) == (start < end or size.floor(start) < start)
    if windows:
        assert windows[0].start <= start
        assert windows[-1].start < end <= windows[-1].end


def test_summer_time_moves_no_window():
    """The day on which Berlin's clocks change has 24 windows of an hour, as any other."""
    berlin = ZoneInfo("Europe/Berlin")
    day = parse_size("1h").windows(
        datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
    )
    starts = [window.start for window in day]
    assert list(range(24)) == [start.hour for start in starts]
    local = datetime(2026, 3, 29, 3, 30, tzinfo=berlin)
    assert datetime(2026, 3, 29, 1, tzinfo=UTC) == parse_size("1h").floor(local.astimezone(UTC))


@given(sizes, values.moments, st.integers(-14, 14))
def test_zones_do_not_matter(size, moment, offset):
    """The same moment in another zone falls into the same window."""
    elsewhere = moment.astimezone(timezone(timedelta(hours=offset)))
    assert size.floor(moment) == size.floor(elsewhere)


def test_shown_as_a_stretch():
    """A window shows both its ends in UTC."""
    assert str(values.hour(5)) == "2026-03-02 05:00:00 to 2026-03-02 06:00:00 UTC"


@given(sizes, st.lists(values.moments, min_size=1, max_size=5))
def test_windows_near_moments(size, moments):
    """Every moment has its window, they follow in order, and they are few however far apart."""
    start, end = min(moments), max(moments) + timedelta(microseconds=1)
    windows = list(size.near(moments, start, end))

    assert {size.floor(moment) for moment in moments} <= {w.start for w in windows}
    assert windows == sorted(set(windows))
    assert len(windows) <= len(moments) * (LONGEST_GAP + 1)
    if end - start <= LONGEST_GAP * size.duration:
        assert windows == list(size.windows(start, end))


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
@pytest.mark.parametrize("text", ["1s", "7h", "1w", "366d"])
def test_the_ends_of_the_calendar(text, moment):
    """A window that would begin before year 1 or end after year 9999 is cut off there."""
    size = parse_size(text)
    after = max(moment, datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=1))
    (window,) = size.near([moment], moment, after)

    assert window.start <= moment <= window.end
    assert window.end - window.start <= size.duration
