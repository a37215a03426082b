from dataclasses import replace

import pytest

from driftlog_analyzers._episode import Status
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._notify._intent import Hold, Kind
from driftlog_analyzers._notify._notify import notify

from .incidents import CHURN, Memory, at, incident, route, trigger

ROUTES = (route(),)


@pytest.fixture
def told():
    """A function that has incidents told and gives the kinds that were new."""
    home = Memory()

    def tell(hour, *incidents, routes=ROUTES, held=None):
        new = notify(
            incidents,
            home,
            routes,
            place=CHURN,
            now=at(hour) if isinstance(hour, int) else hour,
            held=lambda _: held,
        )
        return [intent.kind for intent in new]

    tell.home = home
    return tell


class TestLife:
    """What is told of one incident from its begin to its end."""

    def test_opened_once_and_resolved_once(self, told):
        """An incident is told when it opens and when it is over, however often the run is repeated."""
        steps = [
            told(1, incident(1)),
            told(1, incident(1)),
            told(2, incident(1, 2)),
            told(3, incident(1, 2, status=Status.RECOVERING)),
            told(4, incident(1, 2, closed=4)),
            told(5, incident(1, 2, closed=4)),
        ]
        assert [[Kind.OPENED], [], [], [], [Kind.RESOLVED], []] == steps

    def test_pending_is_not_told(self, told):
        """What may still be chance is told to nobody, nor when it ends so."""
        pending = incident(1, status=Status.PENDING)
        unraised = tuple(replace(e, raised=None) for e in incident(1, 2, closed=2).episodes)
        ended = incident(1, closed=2, episodes=unraised)
        assert [[], []] == [told(1, pending), told(2, ended)]

    def test_grew(self, told):
        """A severity that rises is told once, each time it rises; not if the route does not want it."""
        low, high, critical = (
            incident(1, severity=s) for s in (Severity.LOW, Severity.HIGH, Severity.CRITICAL)
        )
        steps = [told(1, low), told(2, high), told(3, high), told(4, critical), told(5, low)]
        assert [[Kind.OPENED], [Kind.GREW], [], [Kind.GREW], []] == steps
        quiet = (route("quiet", grew=False),)
        assert [[Kind.OPENED], []] == [told(1, low, routes=quiet), told(2, high, routes=quiet)]

    def test_below_the_routes_severity_until_it_grows(self, told):
        """A route hears of an incident when that becomes grave enough, as of a new one."""
        routes = (route(severity="critical"),)
        grown = incident(1, severity=Severity.CRITICAL)
        assert [[], [Kind.OPENED]] == [
            told(1, incident(1), routes=routes),
            told(2, grown, routes=routes),
        ]

    def test_reminders(self, told):
        """While it is active it is told again after each span, once, and after a long gap once."""
        routes = (route(remind="6h"),)
        hours = (1, 6, 7, 8, 13, 40, 41, 46)
        steps = [told(hour, incident(1, hour), routes=routes) for hour in hours]
        reminder = [Kind.REMINDER]
        assert [[Kind.OPENED], [], reminder, [], reminder, reminder, [], reminder] == steps

    def test_never_reminded(self, told):
        """A route may want no reminders."""
        routes = (route(remind="never"),)
        told(1, incident(1), routes=routes)
        assert [] == told(1000, incident(1, 1000), routes=routes)

    def test_came_and_went(self, told):
        """What began and ended between two runs is told in one message, unless it is long over."""
        assert [Kind.RESOLVED] == told(9, incident(1, 2, closed=4))
        assert [] == told(10, incident(1, 2, closed=4))
        assert [] == told(50, incident(3, 3, "income", closed=5))

    def test_no_resolved_message(self, told):
        """A route may not want to hear of ends."""
        routes = (route(resolved=False),)
        told(1, incident(1), routes=routes)
        assert [] == told(4, incident(1, closed=3), routes=routes)


class TestHolds:
    """Acknowledged, snoozed, silenced."""

    def test_acknowledged_sends_nothing(self, told):
        """No reminder, no growth, no end of what somebody has taken on."""
        routes = (route(remind="1h"),)
        told(1, incident(1), routes=routes)
        worse = incident(1, 9, severity=Severity.CRITICAL)
        held = {"routes": routes, "held": Hold.ACKNOWLEDGED}
        assert [[], []] == [told(9, worse, **held), told(12, incident(1, 9, closed=11), **held)]

    @pytest.mark.parametrize("hold", [Hold.SNOOZED, Hold.SILENCED])
    def test_one_message_when_it_ends_and_still_fires(self, told, hold):
        """A snooze or silence over a told incident is followed by one message."""
        told(1, incident(1))
        quiet = [told(hour, incident(1, hour), held=hold) for hour in (2, 3, 30)]
        after = [told(hour, incident(1, hour)) for hour in (31, 32)]
        assert [[Kind.HELD], [], []] == quiet
        assert [[Kind.STILL], []] == after
        again = [told(33, incident(1, 33), held=hold), told(34, incident(1, 34))]
        assert [[Kind.HELD], [Kind.STILL]] == again

    def test_silenced_from_the_start(self, told):
        """What opened under a silence is told when that is over, once, as new."""
        steps = [
            told(1, incident(1), held=Hold.SILENCED),
            told(2, incident(1, 2)),
            told(3, incident(1, 3)),
        ]
        assert [[], [Kind.OPENED], []] == steps

    def test_over_while_silenced(self, told):
        """Nothing is told of what came and went under a silence."""
        told(1, incident(1), held=Hold.SILENCED)
        assert [] == told(4, incident(1, closed=3), held=Hold.SILENCED)

    def test_told_before_a_silence_and_over_within(self, told):
        """What was told, and ended under a silence, is told as over once after that; what was not told, never."""
        over = incident(1, 2, closed=4)
        assert [] == told(4, over, held=Hold.UNHEARD)
        told(5, incident(5, 5))
        other = incident(5, 6, closed=8)
        steps = [told(n, other, held=hold) for n, hold in ((8, Hold.SILENCED), (9, Hold.UNHEARD))]
        assert [[], [Kind.RESOLVED]] == steps
        assert [] == told(10, other, held=Hold.UNHEARD)

    def test_over_though_too_slight_now(self, told):
        """What was told is told as over, too, where late events have made it too slight for the route."""
        routes = (route(severity="high"),)
        told(1, incident(1), routes=routes)
        slight = {"severity": Severity.LOW}
        steps = [told(2, incident(1, 2, **slight), routes=routes)]
        steps += [told(n, incident(1, 2, closed=4, **slight), routes=routes) for n in (4, 5)]
        assert [[], [Kind.RESOLVED], []] == steps


class TestLateEvents:
    """Re-evaluated windows do not notify again."""

    def test_an_earlier_begin(self, told):
        """Late events make an earlier window bad: another id, the same thread."""
        told(5, incident(5))
        assert [] == told(6, incident(4, 6))
        assert [Kind.RESOLVED] == told(9, incident(4, 6, closed=8))

    def test_a_later_begin(self, told):
        """Late events make the first window good: another id, the same thread."""
        told(5, incident(5))
        assert [] == told(6, incident(6))

    def test_regrouped(self, told):
        """An incident that joins others is not told again, and one that leaves them neither."""
        told(5, incident(5, 5, "age", name="a"), incident(5, 5, "income", name="b"))
        assert [] == told(6, incident(5, 6, "age", "income", name="c"))
        split = incident(5, 7, "age", name="c"), incident(5, 7, "income", name="d")
        assert [] == told(7, *split)

    def test_undone(self, told):
        """What late events undid is withdrawn, once."""
        told(5, incident(5))
        assert [[Kind.WITHDRAWN], []] == [told(6), told(7)]

    def test_open_again_without_a_new_bad_window(self, told):
        """A close that late events undo is no news; a bad window since is."""
        told(5, incident(5))
        told(8, incident(5, 5, closed=7))
        reopened = incident(5, 5, status=Status.RECOVERING)
        assert [[], [Kind.OPENED]] == [told(8, reopened), told(9, incident(5, 9))]

    def test_a_new_incident_of_the_same_feature(self, told):
        """After its end, the feature's next incident is a new one."""
        told(1, incident(1))
        over = incident(1, closed=3)
        told(3, over)
        assert [Kind.OPENED] == told(4, over, incident(4))


class TestTriggers:
    """Routes that call."""

    def test_once_an_incident(self, told):
        """Whatever becomes of an incident, it is called for once."""
        routes = (trigger(),)
        grown = incident(1, 60, severity=Severity.CRITICAL)
        closed = incident(1, 60, closed=62)
        told_of = [told(hour, one, routes=routes) for hour, one in ((1, incident(1)), (60, grown))]
        assert [[Kind.OPENED], []] == told_of
        assert [[], []] == [told(62, closed, routes=routes), told(63, routes=routes)]

    def test_not_for_what_is_over_or_held(self, told):
        """Nothing is retrained for what has passed, nor while somebody looks after it."""
        routes = (trigger(),)
        assert [] == told(4, incident(1, closed=3), routes=routes)
        assert [] == told(5, incident(5), routes=routes, held=Hold.ACKNOWLEDGED)
        assert [Kind.OPENED] == told(6, incident(5, 6), routes=routes)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"models": ["ch*"]}, True),
        ({"models": ["fraud", "ch?rn"]}, True),
        ({"models": ["fraud"]}, False),
        ({"severity": "high"}, True),
        ({"severity": "critical"}, False),
        ({"detectors": ["na_*"]}, True),
        ({"detectors": ["vanished"]}, False),
        ({"segments": ["country=*"]}, True),
        ({"segments": ["plan=*"]}, False),
    ],
)
def test_routing(told, wanted, expected):
    """A route hears of what fits its models, severity, detectors and segments."""
    routes = (route(**wanted),)
    about = incident(1, segment="country=DE")
    assert expected == bool(told(1, about, routes=routes))


def test_each_route_for_itself(told):
    """What one route was told is news to another; both have ids of their own."""
    routes = (route("a"), route("b"), trigger())
    assert [Kind.OPENED] * 3 == told(1, incident(1), routes=routes)
    assert 3 == len(told.home.kept)


def test_models_and_sizes_are_apart(told):
    """The daily windows' incidents are not undone by the hourly ones' being other."""
    told(1, incident(1))
    daily = replace(CHURN, size="1d")
    new = notify((), told.home, (route(),), place=daily, now=at(2))
    assert () == new


def test_remembered_beyond_any_span(told):
    """An incident that is open for a year is not told as new."""
    told(1, incident(1), routes=(route(remind="never"),))
    hour = 24 * 365
    assert [] == told(hour, incident(1, hour), routes=(route(remind="never"),))


def test_forty_features_are_one_intent(told):
    """Forty alerts of one incident are told as one."""
    names = [f"bureau_{n}" for n in range(40)]
    assert [Kind.OPENED] == told(1, incident(1, 1, *names))
