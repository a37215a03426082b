import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers.errors import StoreError
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
from tests.contract.test_leases import evaluation
from tests.contract.workers import opened

ttl = timedelta(seconds=2)
with opened(*sys.argv[1:]) as state:
    deadline = time.monotonic() + 2
    lease = state.take("churn", "frozen", datetime.now(UTC), ttl)
    with state.under(lease, [HOUR], lambda: time.monotonic() < deadline):
        n = 0
        print("working", flush=True)
        while True:
            try:
                with state.transaction():
                    state.save_evaluation(HOUR, evaluation(n))
                    state.save_note("who", b"frozen")
            except StoreError as error:
                print(f"refused: {error}", flush=True)
                sys.exit(7)
            n += 1
            now = time.monotonic()
            if state.renew(lease, datetime.now(UTC), ttl):
                deadline = now + 2
            time.sleep(0.02)
"""


def test_frozen_past_its_lease(home):
    """The holder is frozen by SIGSTOP past its lease, another takes over, and the woken one writes nothing."""
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
                assert "refused: " in rest
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
