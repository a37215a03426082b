"""Runs are killed while they store, send and mark what they tell."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._notify._intent import State
from driftlog_analyzers._notify._outbox import key
from tests.analyzers.notify.receivers import HttpReceiver

KILLS = int(os.environ.get("DRIFTLOG_NOTIFY_KILLS", "40"))
SCRIPT = Path(__file__).with_name("notifying.py")


@pytest.fixture
def receivers():
    """One of messages and one of calls, which take a moment to answer."""
    both = HttpReceiver(), HttpReceiver()
    for receiver in both:
        receiver.delay = 0.02
    yield both
    for receiver in both:
        receiver.stop()


def test_killed_at_any_moment(tmp_path, receivers):
    """After kills at random moments all is told; what came twice has one key and is counted; no call is made twice."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    people, pipeline = receivers
    state = tmp_path / "state.sqlite"
    command = [sys.executable, SCRIPT, state, people.message_url, pipeline.trigger_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as runs:
        lasts = 1.0
        for number in range(KILLS + 3):
            print(number, file=runs.stdin, flush=True)
            child = int(runs.stdout.readline())
            begun = time.monotonic()
            if 0 < number <= KILLS:
                time.sleep(rng.uniform(0, 1.3 * lasts))
                os.kill(child, signal.SIGKILL)
            assert "done\n" == runs.stdout.readline()
            lasts = lasts if number else time.monotonic() - begun
        runs.stdin.close()
        assert 0 == runs.wait()

    with NotificationFile(state) as home:
        kept = home.listed(tuple(State), 10_000)
    told = [intent for intent in kept if not intent.trigger]
    calls = [intent for intent in kept if intent.trigger]
    assert KILLS + 3 == len(told) == len(calls)
    assert {State.SENT} == {intent.state for intent in told}

    arrived = Counter(people.keys)
    batches = {}
    for intent in told:
        batches.setdefault(intent.batch, []).append(intent)
    assert {key(batch) for batch in batches.values()} == arrived.keys()
    again = {key(batch): batch[0].again for batch in batches.values()}
    assert all(count <= 1 + again[name] for name, count in arrived.items())

    called = Counter(pipeline.keys)
    assert {1} == set(called.values())
    known = {State.SENT: {1}, State.UNKNOWN: {0, 1}}
    assert all(called[intent.id] in known[intent.state] for intent in calls)
    print(
        f"{KILLS} kills, {len(told)} told in {sum(arrived.values())} messages,"
        f" {sum(arrived.values()) - len(arrived)} of them twice; {len(calls)} calls,"
        f" {sum(intent.state is State.UNKNOWN for intent in calls)} unknown"
    )


def _environment():
    root = Path(__file__).parents[2]
    places = (root, root / "shipper", root / "analyzers")
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
