import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers.errors import StoreError
from tests.analyzers.notify.incidents import CHURN, at, incident, route
from tests.analyzers.state_helpers import HOUR, ROOT
from tests.analyzers.value_strategies import hour

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TTL = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def always():
    """A clock by which the lease is held."""
    return True


def evaluation(number=0):
    """An evaluation of some hour."""
    return Evaluation("churn", hour(number), 10, "b", (), 1)


def test_one_at_a_time(home):
    """A lease that is held is not given to another; one that was released, or has run out, is."""
    with home.open() as state:
        first = state.take("churn", "a", NOW, TTL)
        assert first is not None
        assert state.take("churn", "b", NOW + SECOND, TTL) is None
        assert state.take("other", "b", NOW, TTL) is not None
        state.release(first)
        second = state.take("churn", "b", NOW + SECOND, TTL)
        assert first.token < second.token
        assert state.take("churn", "a", NOW + TTL, TTL) is None
        third = state.take("churn", "a", NOW + SECOND + TTL, TTL)
        assert second.token < third.token


def test_renewed(home):
    """A lease that is renewed does not run out; one that another has taken is not renewed."""
    with home.open() as state:
        first = state.take("churn", "a", NOW, TTL)
        assert state.renew(first, NOW + TTL / 2, TTL)
        assert state.take("churn", "b", NOW + TTL + SECOND, TTL) is None
        second = state.take("churn", "b", NOW + 2 * TTL, TTL)
        assert not state.renew(first, NOW + 2 * TTL, TTL)
        state.release(first)
        assert state.take("churn", "c", NOW + 2 * TTL + SECOND, TTL) is None
        assert state.renew(second, NOW + 2 * TTL, TTL)


def test_a_clock_far_ahead_blocks_nobody(home):
    """A lease until a time that nobody can ask for was taken by a wrong clock, and is passed over."""
    with home.open() as state:
        state.take("churn", "a", NOW + timedelta(days=1), TTL)
        assert state.take("churn", "b", NOW, TTL) is not None


def test_writes_only_while_nobody_else_has_it(home):
    """Of two that believe to hold a lease, the one that took it first writes nothing; the other does."""
    with home.open() as slow, home.open() as fast:
        first = slow.take("churn", "a", NOW, TTL)
        with slow.under(first, [HOUR], always):
            with slow.transaction():
                slow.save_evaluation(HOUR, evaluation(0))
            second = fast.take("churn", "b", NOW + 2 * TTL, TTL)
            with fast.under(second, [HOUR], always):
                with pytest.raises(StoreError), slow.transaction():
                    slow.save_evaluation(HOUR, evaluation(1))
                # Reading again does not make it forget that it lost the lease.
                list(slow.evaluations("churn", HOUR))
                slow.latest("churn", HOUR)
                with pytest.raises(StoreError):
                    slow.save_note("n", b"1")
                with fast.transaction():
                    fast.save_evaluation(HOUR, evaluation(2))
                    fast.save_note("n", b"2")
        assert [hour(0), hour(2)] == [e.window for e in fast.evaluations("churn", HOUR)]
        assert b"2" == fast.note("n")


def tell(kept, state, number, first=1):
    """Store what is to be told of incidents, one of which began in each hour from the first on."""
    found = [incident(hour, number, f"f{hour}") for hour in range(first, number + 1)]
    return notify(found, kept, [route()], place=CHURN, now=at(number), fence=state.require)


def test_tells_only_while_nobody_else_has_it(home):
    """Who lost its lease cannot store what is to be told; who has it, or needs none, can."""
    with home.open() as slow, home.open() as fast, home.open_notifications() as kept:
        first = slow.take("churn", "a", NOW, TTL)
        with slow.under(first, [HOUR], always):
            assert 1 == len(tell(kept, slow, 1))
            second = fast.take("churn", "b", NOW + 2 * TTL, TTL)
            with fast.under(second, [HOUR], always):
                with pytest.raises(StoreError, match="lease on churn"):
                    tell(kept, slow, 2)
                assert 1 == len(kept.waiting())
                assert 1 == len(tell(kept, fast, 2))
        assert 1 == len(tell(kept, slow, 3))


def test_a_lease_that_may_be_over_tells_nothing(emptied):
    """Where this process's clock cannot say that the lease is held, Elasticsearch is sent nothing to be told.

    A file is fenced by its lock and not by a clock.
    """
    with emptied.open() as state, emptied.open_notifications() as kept:
        lease = state.take("churn", "a", NOW, TTL)
        sure = True
        with state.under(lease, [HOUR], lambda: sure):
            sure = False
            with pytest.raises(StoreError, match="lease on churn"):
                tell(kept, state, 1)
        assert () == kept.waiting()


def test_taken_between_lease_and_fence(home):
    """Who froze between taking the lease and working under it cannot begin to work."""
    with home.open() as slow, home.open() as fast:
        first = slow.take("churn", "a", NOW, TTL)
        fast.take("churn", "b", NOW + 2 * TTL, TTL)
        with pytest.raises(StoreError), slow.under(first, [HOUR], always), slow.transaction():
            slow.save_evaluation(HOUR, evaluation(1))
        assert [] == list(fast.evaluations("churn", HOUR))


WORKER = """
import sys, time
from datetime import UTC, datetime, timedelta
from driftlog_analyzers.errors import StoreError
from tests.analyzers.state_helpers import HOUR
from tests.contract.test_leases import evaluation, tell
from tests.contract.workers import opened, opened_notifications

def save():
    with state.transaction():
        state.save_evaluation(HOUR, evaluation(n))
        state.save_note("who", b"frozen")

def refused(attempt):
    try:
        attempt()
    except StoreError as error:
        print(f"refused: {error}", flush=True)
        return True
    return False

ttl = timedelta(seconds=2)
with opened(*sys.argv[1:]) as state, opened_notifications(*sys.argv[1:]) as kept:
    deadline = time.monotonic() + 2
    lease = state.take("churn", "frozen", datetime.now(UTC), ttl)
    with state.under(lease, [HOUR], lambda: time.monotonic() < deadline):
        n, lost = 0, set()
        attempts = {"tell": lambda: tell(kept, state, n, n), "save": save}
        print("working", flush=True)
        while True:
            n += 1
            lost |= {name for name, attempt in attempts.items() if refused(attempt)}
            if lost == attempts.keys():
                sys.exit(7)
            now = time.monotonic()
            if not lost and state.renew(lease, datetime.now(UTC), ttl):
                deadline = now + 2
            time.sleep(0.02)
"""


def test_frozen_past_its_lease(home):
    """The holder is frozen by SIGSTOP past its lease, another takes over; the woken one saves and tells nothing."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, *home.address()],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        assert "working\n" == worker.stdout.readline()
        time.sleep(1.0)
        with home.open() as state:
            lease = _frozen_and_taken_over(worker, state)
            with state.under(lease, [HOUR], always):
                with state.transaction():
                    state.save_note("who", b"second")
                before = home.contents()
                worker.send_signal(signal.SIGCONT)
                rest, _ = worker.communicate(timeout=60)
                assert 7 == worker.returncode, rest
                assert 2 <= rest.count("refused: ")
                assert before == home.contents()
                assert b"second" == state.note("who")
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def _frozen_and_taken_over(worker, state):
    """Freeze the worker until its lease can be taken; frozen while it saves, it holds the file and must go on."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        worker.send_signal(signal.SIGSTOP)
        time.sleep(2.2)
        try:
            return state.take("churn", "second", datetime.now(UTC), timedelta(seconds=60))
        except StoreError:
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.1)
    raise AssertionError("the lease could not be taken")
