"""What arrives at real receivers, in which order, and what becomes of what does not."""

import os
import time
from datetime import timedelta

import pytest

from driftlog_analyzers._finding import Severity
from driftlog_analyzers._notify._deliver import deliver
from driftlog_analyzers._notify._digest import digest
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._notify._intent import Kind, Place, State
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._outbox import claimed
from driftlog_analyzers._notify._sample import sample_intent
from driftlog_analyzers._notify._senders import senders

from .incidents import CHURN, at, incident, route, trigger
from .receivers import CUT, DRIP, HANG, free_port

MINUTE = timedelta(minutes=1)
ALL = tuple(State)


@pytest.fixture
def run(home):
    """A run as a scheduler makes it: what is to be told is stored, then what waits is sent."""

    def run(when, routes, *incidents, place=CHURN, patience=timedelta(seconds=15)):
        now = at(when) if isinstance(when, int) else when
        notify(incidents, home, routes, place=place, now=now)
        return deliver(home, senders(routes, {}), now, patience=patience)

    return run


def states(home):
    """What became of everything, the oldest first."""
    return [intent.state for intent in reversed(home.listed(ALL, 100))]


class TestMessages:
    """Messages to people."""

    def test_the_life_of_an_incident(self, run, http, home):
        """Opened, reminder, resolved arrive in that order, once each, whatever else is run in between."""
        routes = (route(url=http.message_url, remind="3h"),)
        for hour in (1, 2, 3, 4, 4, 5):
            run(hour, routes, incident(1, hour))
        over = incident(1, 5, closed=7)
        run(7, routes, over)
        run(8, routes, over)
        words = [one.title.split(", ")[1].split(":")[0] for one in http.arrived]
        assert ["new", "still open", "over"] == words
        assert 3 == len(set(http.keys))
        assert [State.SENT] * 3 == states(home)

    def test_one_message_for_forty_features(self, run, http):
        """One incident of 40 features is one message that ranks them and says how many there are."""
        names = [f"bureau_{n}" for n in range(40)]
        run(1, (route(url=http.message_url),), incident(1, 1, *names))
        (one,) = http.arrived
        assert "na_spike: bureau_0 and 39 more" in one.title
        assert "1. bureau_0 moved" in one.body
        assert "null: 2.0 % → 50.0 %" in one.body
        assert "and 30 more" in one.body
        assert "driftlog alerts show bureau_0-1" in one.body

    def test_a_digest_per_run(self, run, http, home):
        """However many incidents and models a run finds, a route gets one message of them."""
        routes = (route(url=http.message_url),)
        notify([incident(2, 2, "x")], home, routes, place=Place("fraud", "1d"), now=at(2))
        grave = incident(2, 2, "income", severity=Severity.CRITICAL)
        run(2, routes, incident(1, 2), grave)
        (one,) = http.arrived
        assert one.title.startswith("[driftlog] 3 incidents, critical at worst")
        assert one.body.index("income") < one.body.index("age")

    def test_mail(self, run, mail):
        """A mail server gets the message as HTML, with what was logged escaped, and its key in a header."""
        hostile = "<script>alert(1)</script>"
        run(1, (route(url=mail.url, dashboard="https://kibana/{model}"),), incident(1, 1, hostile))
        (one,) = mail.arrived
        page = one.body["text/html"]
        assert 32 == len(one.key)
        assert "new: churn: na_spike" in one.title
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; moved" in page
        assert '<a href="https://kibana/churn">' in page

    def test_a_feature_cannot_forge_a_header(self, run, mail):
        """A line break in a feature's name does not end the subject."""
        run(1, (route(url=mail.url),), incident(1, 1, "age\r\nBcc: all@example.com"))
        (one,) = mail.arrived
        assert one.headers["Bcc"] is None
        assert "\\r\\n" in one.title

    def test_refused_is_tried_again_later(self, run, http, home):
        """After a 500 the receiver is left alone for a while; what came meanwhile goes into the same message."""
        routes = (route(url=http.message_url),)
        http.answers = [500]
        run(at(1), routes, incident(1))
        assert [State.RETRYING] == states(home)
        (waiting,) = home.waiting()
        assert "the receiver answered with HTTP 500" == waiting.error
        run(at(1) + timedelta(seconds=1), routes, incident(1), incident(1, 1, "income"))
        assert 1 == len(http.arrived)
        run(at(1) + MINUTE, routes, incident(1), incident(1, 1, "income"))
        assert 2 == len(http.arrived)
        assert "2 incidents" in http.arrived[1].title
        assert [State.SENT, State.SENT] == states(home)

    def test_backs_off(self, run, http, home):
        """Each failure in a row is followed by a longer wait, of up to an hour."""
        routes = (route(url=http.message_url),)
        http.answers = [503] * 20
        now, waits = at(1), []
        for _ in range(12):
            run(now, routes, incident(1))
            (waiting,) = home.waiting()
            waits.append((waiting.due - now) / timedelta(seconds=30))
            now = waiting.due
        bounds = [min(2**n, 120) for n in range(12)]
        assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))

    def test_given_up_is_seen(self, run, http, home):
        """A receiver that fails for a day is given up for that message, and the next one is tried."""
        routes = (route(url=http.message_url, remind="never"),)
        http.answers = [500, 500, 500]
        for hour in (1, 12, 26):
            run(hour, routes, incident(1, hour))
        assert [State.UNDELIVERED] == states(home)
        assert {State.UNDELIVERED: 1} == home.counts()
        run(27, routes, incident(1, 27), incident(27, 27, "income"))
        assert "income" in http.arrived[3].title

    def test_gone_is_given_up_at_once(self, run, http, home):
        """A 410 says that nobody will ever listen there."""
        http.answers = [410]
        run(1, (route(url=http.message_url),), incident(1))
        assert [State.UNDELIVERED] == states(home)

    def test_unanswered_keeps_its_key(self, run, http, home):
        """What may have arrived is sent again as it was, under the same key; what came meanwhile follows."""
        routes = (route(url=http.message_url, timeout="1s"),)
        http.answers = [HANG]
        run(at(1), routes, incident(1))
        run(at(1) + MINUTE, routes, incident(1), incident(1, 1, "income"))
        first, again, other = http.arrived
        assert first.key == again.key != other.key
        assert "This may have been sent before." in again.body
        assert [1, 0] == [intent.again for intent in reversed(home.listed(ALL, 9))]

    @pytest.mark.parametrize("dead", [HANG, DRIP])
    def test_a_dead_receiver_delays_nobody(self, run, http, mail, dead):
        """While one receiver hangs or drips, the others get theirs, and the run goes on in bounded time."""
        http.answers = [dead]
        routes = (route("a", url=http.message_url, timeout="30s"), route("b", url=mail.url))
        begun = time.monotonic()
        run(1, routes, incident(1), patience=timedelta(seconds=1.5))
        assert time.monotonic() - begun < 10
        assert 1 == len(mail.arrived)

    def test_nobody_listens(self, run, home):
        """A refused connection is waited out like any failure, and no part of the URL is told."""
        url = f"json://127.0.0.1:{free_port()}/sesame"
        run(1, (route(url=url),), incident(1))
        (waiting,) = home.waiting()
        assert State.RETRYING == waiting.state
        assert "sesame" not in waiting.error

    def test_interval(self, run, http, home):
        """A route that wants no more than a message an hour gets the rest in the next one."""
        routes = (route(url=http.message_url, interval="2h"),)
        found = [incident(hour, hour, f"f{hour}") for hour in (1, 2, 3)]
        for hour in (1, 2, 3):
            run(hour, routes, *found[:hour])
        assert ["new", "2 incidents"] == [
            "new" if ", new:" in one.title else one.title[11:22] for one in http.arrived
        ]
        assert [State.SENT] * 3 == states(home)

    def test_a_route_that_was_removed(self, run, http, home):
        """What waits for a route that is no more waits on, and stops no other."""
        run(1, (route("old", url=f"json://127.0.0.1:{free_port()}"),), incident(1))
        run(2, (route("new", url=http.message_url),), incident(1, 2))
        assert [State.RETRYING, State.SENT] == states(home)


class TestKilled:
    """A process that dies at the worst moments."""

    def test_between_intent_and_sending(self, run, http, home):
        """What was stored and not sent is sent once by the next run."""
        routes = (route(url=http.message_url),)
        notify([incident(1)], home, routes, place=CHURN, now=at(1))
        run(2, routes, incident(1, 2))
        run(3, routes, incident(1, 3))
        assert 1 == len(http.arrived)

    def test_between_sending_and_mark(self, run, http, home):
        """What was sent and not marked is sent again under the same key, not before its time is up, and counted."""
        routes = (route(url=http.message_url),)
        notify([incident(1)], home, routes, place=CHURN, now=at(1))
        batch = home.replace(claimed(home.waiting(), "token", at(1), routes[0]))
        (sender,) = senders(routes, {})
        sender.send(digest(routes[0], batch), timedelta(seconds=5))
        run(at(1) + timedelta(seconds=1), routes, incident(1))
        assert 1 == len(http.arrived)
        run(at(1) + MINUTE, routes, incident(1))
        run(at(2) + MINUTE, routes, incident(1))
        first, again = http.keys
        assert first == again
        (sent,) = home.listed(ALL, 9)
        assert (State.SENT, 2, 1) == (sent.state, sent.attempts, sent.again)


class TestTriggers:
    """Calls that start something."""

    def test_the_finding_is_the_body(self, run, http):
        """The call carries the incident with its findings, as JSON, and its key in a header."""
        run(1, (trigger(url=http.trigger_url),), incident(1, 1, "age", "income"))
        (one,) = http.arrived
        body = one.body
        assert (one.key, "opened", "1h") == (body["key"], body["kind"], body["window"])
        about = body["incident"]
        assert ("churn", "high", ["age", "income"]) == (
            about["model"],
            about["severity"],
            about["features"],
        )
        assert "age moved" == about["findings"][0]["summary"]
        assert {"value": "null", "before": 0.02, "after": 0.5} == about["findings"][0]["changes"][0]

    def test_one_call_an_incident(self, run, http):
        """Several incidents are several calls, each made once."""
        routes = (trigger(url=http.trigger_url),)
        for hour in (1, 2, 3):
            run(hour, routes, incident(1, hour), incident(1, hour, "income"))
        assert 2 == len(http.arrived) == len(set(http.keys))

    @pytest.mark.parametrize(
        ("answer", "state"),
        [
            (500, State.UNDELIVERED),
            (302, State.UNDELIVERED),
            (410, State.UNDELIVERED),
            (CUT, State.UNKNOWN),
            (HANG, State.UNKNOWN),
        ],
    )
    def test_never_called_twice(self, run, http, home, answer, state):
        """Whatever is answered, or nothing, the call may have had its effect: it is not made again."""
        routes = (trigger(url=http.trigger_url, timeout="1s"),)
        http.answers = [answer]
        for hour in (1, 2, 50):
            run(hour, routes, incident(1, hour))
        assert 1 == len(http.arrived)
        assert [state] == states(home)

    def test_called_once_it_can_be(self, run, http, home):
        """What surely did not arrive, because nobody listened, is tried again."""
        dead = trigger(url=f"http://127.0.0.1:{free_port()}/")
        run(at(1), (dead,), incident(1))
        assert [State.RETRYING] == states(home)
        run(at(1) + MINUTE, (trigger(url=http.trigger_url),), incident(1))
        assert [State.SENT] == states(home)
        assert 1 == len(http.arrived)

    def test_cut_off_while_calling(self, run, http, home):
        """A process that died during the call leaves what nobody knows; it is not called again, and is seen."""
        routes = (trigger(url=http.trigger_url),)
        notify([incident(1)], home, routes, place=CHURN, now=at(1))
        home.replace(claimed(home.waiting(), "token", at(1), routes[0]))
        run(at(1) + MINUTE, routes, incident(1))
        assert [State.UNKNOWN] == states(home)
        assert [] == http.arrived

    def test_user_and_password(self, http, monkeypatch):
        """User and password of the URL become a header."""
        monkeypatch.setenv("HOOK", http.trigger_url.replace("//", "//ci:s%40cret@"))
        routes = (trigger(url=None, url_env="HOOK"),)
        (sender,) = senders(routes, os.environ)
        assert "cret" not in repr(sender)
        sender.send(digest(routes[0], [sample_intent(routes[0], at(1))]), timedelta(seconds=5))
        assert "Basic Y2k6c0BjcmV0" == http.arrived[0].headers["Authorization"]


def test_two_replicas_send_once(http, home):
    """Of two processes that deliver at once, one sends."""
    routes = (route(url=http.message_url),)
    notify([incident(1)], home, routes, place=CHURN, now=at(1))
    with NotificationFile(home.path) as other:
        seen = other.waiting()
        deliver(home, senders(routes, {}), at(1))
        assert () == other.replace(claimed(seen, "other", at(1), routes[0]))
        assert () == deliver(other, senders(routes, {}), at(1))
    assert 1 == len(http.arrived)
    assert [Kind.OPENED] == [intent.kind for intent in home.listed(ALL, 9)]
