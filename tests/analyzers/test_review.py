from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._review import (
    SILENCES,
    Action,
    ActionKind,
    ReviewState,
    about,
    due,
    review,
    standing,
)
from driftlog_analyzers._silence import Silence, parse_weekly
from tests.analyzers.value_strategies import evaluation, finding, hour

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
OFF = EpisodeSettings(flapping=0, quiet=1)


def alerts(pattern, **kwargs):
    """The alerts of hours that are bad (b) or good."""
    bad = [[finding()] if letter == "b" else [] for letter in pattern]
    return fold([evaluation(n, *fs, **kwargs) for n, fs in enumerate(bad)], OFF)


def done(episode, *steps):
    """The journal after some actions: a kind, or one with further fields."""
    journal = []
    for number, step in enumerate(steps):
        kind, more = step if isinstance(step, tuple) else (step, {})
        action = about(episode, ActionKind(kind), by="ann", at=NOON + timedelta(minutes=number))
        if made := due(episode, replace(action, **more), journal):
            journal.append(made)
    return journal


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], "open"),
        (["ack"], "acknowledged"),
        (["ack", "unack"], "open"),
        ([("snooze", {"until": TOMORROW})], "snoozed"),
        (["ack", ("snooze", {"until": NOON})], "acknowledged"),
        (["ack", "resolve"], "resolved"),
        (["accept"], "accepted"),
        (["comment"], "open"),
    ],
)
def test_state(steps, expected):
    """What people did makes the alert's state; a snooze that has run out leaves what was before."""
    (episode,) = alerts("bb")
    assert expected == review(episode, done(episode, *steps)).state(NOON)


def test_who_when_and_why():
    """Every action says who did it, when and why, and stays in the journal."""
    (episode,) = alerts("b")
    journal = done(episode, ("ack", {"reason": "on it"}), "unack", ("assign", {"assignee": "bob"}))
    seen = review(episode, journal)
    assert tuple(journal) == seen.actions
    assert [("ann", NOON, "on it", 1), ("ann", NOON + timedelta(minutes=1), "", 2)] == [
        (a.by, a.at, a.reason, a.number) for a in journal[:2]
    ]
    assert ("bob", None) == (seen.assignee, seen.acknowledged)


@pytest.mark.parametrize(
    "step",
    [
        "ack",
        ("snooze", {"until": TOMORROW}),
        ("assign", {"assignee": "bob"}),
        ("resolve", {"verdict": False}),
        "accept",
        ("comment", {"reason": "why?"}),
    ],
)
def test_twice_is_once(step):
    """Doing again what was done changes nothing and is not written down."""
    (episode,) = alerts("b")
    assert 1 == len(done(episode, step, step))


def test_unack_of_what_is_not_acknowledged_is_nothing():
    """There is nothing to take back."""
    (episode,) = alerts("b")
    assert [] == done(episode, "unack")


def test_resolved_until_it_is_bad_again():
    """A later bad window opens a resolved alert again; a good one, or more of the same hours, does not."""
    (episode,) = alerts("bb")
    journal = done(episode, "ack", ("resolve", {"verdict": True}))
    states = {p: review(alerts(p)[-1], journal).state(NOON) for p in ("bb", "bbg", "bbb", "bbgb")}
    assert {"bb": "resolved", "bbg": "resolved", "bbb": "acknowledged", "bbgb": "open"} == states
    assert review(alerts("bbb")[0], journal).verdict


def test_a_late_window_that_moves_the_begin_keeps_what_people_did():
    """Folded anew with an earlier bad hour, the alert has another id and the same review."""
    (before,) = alerts("gbb")
    (after,) = alerts("bbb")
    journal = done(before, "ack", ("assign", {"assignee": "bob"}))
    assert before.id != after.id
    assert ("bob", ReviewState.ACKNOWLEDGED) == (
        review(after, journal).assignee,
        review(after, journal).state(NOON),
    )


def test_another_outbreak_is_not_reviewed_yet():
    """What people did about an alert says nothing of a later one, nor of another feature's or size's."""
    first, second = alerts("bgb")
    journal = done(first, "ack")
    daily = replace(first, id="", opened=replace(hour(0), end=hour(23).end))
    others = [second, replace(first, id="", feature="city"), daily]
    assert [ReviewState.OPEN] * 3 == [review(one, journal).state(NOON) for one in others]


def test_silences_stand_until_they_are_removed():
    """The journal tells which silences stand, in the order in which they were added."""
    one = Silence("move", "ann", start=NOON, end=TOMORROW)
    two = Silence("backup", "ann", weekly=parse_weekly("sun 02:00-04:00"))
    kinds = [(ActionKind.SILENCE, one), (ActionKind.SILENCE, two), (ActionKind.UNSILENCE, one)]
    journal = [
        Action(kind, "ann", NOON, "", SILENCES, n, silence=silence)
        for n, (kind, silence) in enumerate(kinds, 1)
    ]
    assert [(), (one,), (one, two), (two,)] == [standing(journal[:n]) for n in range(4)]
    assert journal[1] == from_json(Action, to_json(journal[1]))


steps = st.sampled_from(
    [
        "ack",
        "unack",
        "resolve",
        "accept",
        ("snooze", {"until": TOMORROW}),
        ("assign", {"assignee": "b"}),
    ]
)


@given(st.lists(steps, max_size=8), st.randoms(use_true_random=False))
def test_the_journal_tells_all(steps, shuffle):
    """The numbers have no gaps, and in whatever order the journal is read, it comes to the same."""
    (episode,) = alerts("b")
    journal = done(episode, *steps)
    assert list(range(1, len(journal) + 1)) == [action.number for action in journal]
    seen = review(episode, journal)
    shuffle.shuffle(journal)
    assert seen == review(episode, journal)
