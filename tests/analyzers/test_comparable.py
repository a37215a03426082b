from datetime import timedelta
from itertools import pairwise

from driftlog_analyzers._comparable import comparable
from driftlog_analyzers._window import CountSize, Window, parse_size
from tests.analyzers.spools import BEGIN


def windows(size, number):
    """Consecutive windows by time, with their number as the number of events."""
    edges = [BEGIN + n * parse_size(size).duration for n in range(number + 1)]
    return {Window(*pair): n for n, pair in enumerate(pairwise(edges))}


def test_hours_are_compared_with_their_own_hour():
    """The same time of day, the latest day first."""
    events = windows("1h", 24 * 3 + 6)
    last = max(events)

    assert [53, 29, 5] == comparable(parse_size("1h"), last, events)


def test_days_and_weeks_are_compared_with_those_before():
    """At most 28 of them, and what is not known is passed over."""
    days = windows("1d", 40)
    last = max(days)
    known = {w: n for w, n in days.items() if last.start - w.start != timedelta(days=2)}

    assert [38, *range(36, 10, -1)] == comparable(parse_size("1d"), last, known)
    assert [1, 0] == comparable(parse_size("1w"), max(w := windows("1w", 3)), w)


def test_windows_by_count_have_nothing_to_compare():
    """Their number of events is what was asked for."""
    assert None is comparable(CountSize(100), Window(BEGIN, BEGIN), {})
