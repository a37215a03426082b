"""Segments that went before they were wholly sent: each of their events is in the account once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog import PredictionLogger, SpoolLimits
from driftlog._upload import read_status
from driftlog._upload._cursor import Cursor, Position
from driftlog._upload._gone import MADE_ROOM, gone, made_room
from tests.shipper.upload.fake_elasticsearch import Step

ROOM = SpoolLimits(spool_bytes=40_000, when_full="drop oldest", sync_interval=0.05)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.lists(st.booleans(), max_size=4))
def test_each_event_once(sent, seen, more, steps):
    """In whatever order and however often it is noticed: dropped is what was not sent."""
    lines = sent + seen + more
    cursor = Cursor(0.0, 0, {"a": Position("f", 9, "", unsent=seen, sent=sent)})
    for noted in [*steps, True]:
        if noted:
            cursor = made_room(cursor, {"f": lines})
        elif "a" in cursor.positions:
            cursor, _ = gone(cursor, "a")
    assert (lines - sent, {}) == (cursor.account.resolved, cursor.positions)


def test_never_met():
    """A segment that the uploader never met is lost whole; one that was sent whole, not at all."""
    cursor = Cursor(0.0, 0, {"a": Position("f", 9, "", done=5.0, sent=7)})
    assert {MADE_ROOM: 4} == made_room(cursor, {"g": 4, "f": 7}).account.dropped


def equation(spool, logged):
    """Give the account as (sent, made room, unsent), after adding up to what was logged."""
    status = read_status(spool)
    kept = status.account
    sent, room = kept.indexed + kept.duplicate, kept.dropped.get(MADE_ROOM, 0)
    assert (logged, logged) == (status.accepted, sent + room + status.unsent.events)
    return sent, room, status.unsent.events


def fill(spool, count):
    """Log so many events, all of which are accepted, into a spool that has not room for them."""
    with PredictionLogger(model="churn", version="7", spool=spool, limits=ROOM) as logger:
        assert all(logger.log({"a": "x" * 500}) for _ in range(count))
        deadline = time.monotonic() + 10
        while logger._spool.deleted._waiting:
            assert time.monotonic() < deadline
        return logger.counters


def test_without_an_uploader(fake, spool, ship_all):
    """Segments that went before anything was ever shipped are in the account from the beginning on."""
    counters = fill(spool, 200)
    assert (0, counters.deleted_events) == equation(spool, 200)[:2]
    ship_all()
    sent, room, unsent = equation(spool, 200)
    assert (len(fake.copies()), counters.deleted_events, 0) == (sent, room, unsent)


def test_while_none_runs(fake, spool, ship_all):
    """What goes while no uploader runs is noted: the sent part of it is not lost, the rest is."""
    fill(spool, 30)
    ship_all(keep=None)
    fill(spool, 200)
    sent, room, unsent = equation(spool, 230)
    assert (30, True) == (sent, room > 100)
    ship_all()
    assert (30 + unsent, room, 0) == equation(spool, 230)
    assert 30 + unsent == len(fake.copies())
    assert [] == list((spool / "counters" / "deleted").iterdir())


@pytest.mark.parametrize("batch", [1, 7])
def test_while_one_runs(fake, spool, ship_all, batch):
    """What goes under a running uploader, in the middle of a segment too, is dropped or sent, never both."""
    import threading  # noqa: PLC0415 - only here

    fake.delay = 0.002
    fill(spool, 10)
    thread = threading.Thread(target=ship_all, kwargs={"batch_events": batch})
    thread.start()
    for _ in range(20):
        fill(spool, 20)
    thread.join()
    ship_all()
    sent, room, unsent = equation(spool, 410)
    assert (len(fake.copies()), 0) == (sent, unsent)
    print(f"{room} went to make room")


def test_somebody_else_deleted_it(spool, log, ship_all, fake):
    """A half sent segment that somebody deletes is dropped as far as it was not sent, shown at once."""
    log(100)
    fake.script.extend([None] * 3)
    fake.always = Step(status=401)
    with pytest.raises(AssertionError, match="not empty"):
        ship_all(batch_events=10, seconds=1.0)
    before = read_status(spool)
    assert (30, 70) == (before.account.indexed, before.unsent.events)
    for path in spool.glob("*.ndjson"):
        path.unlink()
    after = read_status(spool)
    assert (100, {"segment deleted": 70}, 0) == (
        after.accepted,
        after.account.dropped,
        after.unsent.events,
    )
