"""Notifications in both homes: stored once, changed only by who has read them, found again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from driftlog_analyzers._notify._deliver import deliver
from driftlog_analyzers._notify._intent import Hold, Intent, Kind, Place, State
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._outbox import Answer, Outcome, claimed, concluded
from driftlog_analyzers.errors import InputError
from tests.analyzers.notify.incidents import CHURN, at, incident, route, trigger

ALL = tuple(State)
ROUTES = (route(), trigger())


@pytest.fixture
def kept(home):
    """Opened notifications of both homes."""
    with home.open_notifications() as opened:
        yield opened


class Taken:
    """A receiver in this process that answers as told."""

    def __init__(self, way, *answers):
        self.route = way
        self.answers = list(answers)
        self.keys = []

    def send(self, digest, timeout):  # noqa: ARG002 - a sender's parameters
        """Keep the key."""
        self.keys.append(digest.key)
        return Outcome(self.answers.pop(0) if self.answers else Answer.SENT)


def tell(kept, hour, *incidents, routes=ROUTES, place=CHURN, held=None):
    """What is new of some incidents."""
    return notify(incidents, kept, routes, place=place, now=at(hour), held=lambda _: held)


def _id(intent):
    return intent.id


def test_stored_once(kept, home):
    """The same run again, and one of another process, store nothing new."""
    new = tell(kept, 1, incident(1), incident(1, 1, "income"))
    assert 4 == len(new)
    with home.open_notifications() as other:
        assert () == other.create(new)
        assert () == tell(other, 1, incident(1), incident(1, 1, "income"))
    assert sorted(new, key=_id) == sorted(kept.waiting(), key=_id)


def test_round_trip(kept):
    """What is stored is read back equal, whatever it holds."""
    hostile = incident(1, 1, "a\x00b", "\N{SNOWMAN}'\"", name="0" * 16)
    (new, *_) = tell(kept, 1, hostile)
    assert new == kept.find(new.id)
    assert isinstance(new, Intent)


def test_told_of_a_place(kept):
    """A place's intents come in order, not those of another; old ones only where they are asked for by incident."""
    first = tell(kept, 1, incident(1), routes=ROUTES[:1])
    tell(kept, 1, incident(1), routes=ROUTES[:1], place=Place("churn", "1d"))
    later = tell(kept, 5, incident(1, 5, closed=4), routes=ROUTES[:1])
    third = tell(kept, 6, incident(6), routes=ROUTES[:1])
    assert (*first, *later, *third) == kept.told(CHURN, [], at(0))
    assert third == kept.told(CHURN, [], at(6))
    assert (*first, *later, *third) == kept.told(CHURN, [first[0].thread, "x"], at(6))


def test_changed_only_by_who_has_read(kept, home):
    """Of two who read the same, one changes it; what was never stored cannot be changed."""
    tell(kept, 1, incident(1))
    seen = kept.waiting()
    ours = claimed(seen, "ours", at(2), ROUTES[0])
    assert tuple(ours) == kept.replace(ours)
    with home.open_notifications() as other:
        assert () == other.replace(claimed(seen, "theirs", at(2), ROUTES[0]))
        assert () == other.replace([replace(ours[0], id="0" * 32, revision=1)])
    assert {"ours"} == {intent.batch for intent in kept.waiting()}


def test_states_are_seen(kept):
    """What is given up or unknown waits no more, is counted and listed; what was sent is known by its time."""
    tell(kept, 1, incident(1), incident(1, 1, "income"))
    tell(kept, 2, incident(1, 2), incident(1, 2, "income"), held=Hold.SNOOZED)
    by_route = {way.name: [i for i in kept.waiting() if i.route == way.name] for way in ROUTES}
    messages = claimed(by_route["ops"], "a", at(3), ROUTES[0])
    calls = claimed(by_route["retrain"], "b", at(3), ROUTES[1])
    kept.replace([*messages, *calls])
    after = [
        *concluded(messages[:1], Outcome(Answer.SENT), at(3), ROUTES[0], max),
        *concluded(messages[1:], Outcome(Answer.GONE, "gone"), at(3), ROUTES[0], max),
        *concluded(calls[:1], Outcome(Answer.LOST, "lost"), at(3), ROUTES[1], max),
        *concluded(calls[1:], Outcome(Answer.REFUSED, "refused"), at(3), ROUTES[1], max),
    ]
    assert tuple(after) == kept.replace(after)
    assert {
        State.SENT: 1,
        State.UNDELIVERED: 1,
        State.UNKNOWN: 1,
        State.RETRYING: 1,
        State.HELD: 2,
    } == kept.counts()
    assert [after[3]] == list(kept.waiting())
    assert {after[1].id, after[2].id} == {
        i.id for i in kept.listed((State.UNDELIVERED, State.UNKNOWN), 10)
    }
    assert [Kind.HELD] == [i.kind for i in kept.listed(ALL, 1)]
    moments = (at(3) - timedelta(seconds=1), at(3), at(4))
    assert [True, False, False] == [kept.sent_after("ops", moment) for moment in moments]
    assert not kept.sent_after("retrain", at(0))


def test_found_by_the_beginning_of_its_id(kept):
    """An id may be shortened as long as it is one's."""
    first, second, *_ = tell(kept, 1, incident(1), incident(1, 1, "income"))
    assert first == kept.find(first.id[:12])
    with pytest.raises(InputError, match=r"no notification in .* begins with 'zz'"):
        kept.find("zz")
    with pytest.raises(InputError, match="4 notifications have an id that begins with ''"):
        kept.find("")
    assert second != first


def test_delivered(kept):
    """A route sends one message of everything; it fails, and is sent again when it is due, with what came since."""
    way = ROUTES[0]
    tell(kept, 1, incident(1), incident(1, 1, "income"), routes=(way,))
    receiver = Taken(way, Answer.LOST, Answer.REFUSED)
    for minutes in (0, 0, 1, 5):
        deliver(kept, (receiver,), at(1) + timedelta(minutes=minutes))
    assert 3 == len(receiver.keys)
    assert 1 == len(set(receiver.keys))
    assert {State.SENT: 2} == kept.counts()
    assert [(3, 1), (3, 1)] == [(i.attempts, i.again) for i in kept.listed(ALL, 9)]


def test_of_several_processes_one_sends(kept, home):
    """However two deliver side by side, a message goes out once."""
    way = ROUTES[0]
    tell(kept, 1, *(incident(1, 1, f"f{n}") for n in range(5)), routes=(way,))

    class Nested(Taken):
        """Has another process deliver while it sends."""

        def send(self, digest, timeout):
            answer = super().send(digest, timeout)
            with home.open_notifications() as other:
                deliver(other, (Taken(way),), at(1))
            return answer

    receiver = Nested(way)
    done = deliver(kept, (receiver,), at(1))
    assert [5] == [len(one.intents) for one in done]
    assert 1 == len(receiver.keys)
    assert [(State.SENT, 1)] * 5 == [(i.state, i.attempts) for i in kept.listed(ALL, 9)]
