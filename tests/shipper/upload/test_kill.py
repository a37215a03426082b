"""An uploader killed at random points: nothing is lost, and nothing counts twice.

``DRIFTLOG_KILLS=200`` does on 10⁶ events what the suite does with 20 on 10⁵.
"""

import json
import os
import random
import subprocess
import sys
import time

import pytest

import driftlog
from driftlog._upload import read_status

KILLS = int(os.environ.get("DRIFTLOG_KILLS", "20"))
EVENTS = 5_000 * KILLS
BATCH = 100
SHIP = (
    "import sys; from driftlog._upload import Upload, ship; "
    f"ship(sys.argv[1], Upload(url=sys.argv[2], batch_events={BATCH}, keep=0.0, poll=0.05,"
    " heartbeat=0.2), until_empty=sys.argv[3] == 'once')"
)


@pytest.fixture
def start(fake, spool):
    """Give a function that starts an uploader in a process of its own."""
    running = []

    def run(mode):
        process = subprocess.Popen([sys.executable, "-c", SHIP, str(spool), fake.url, mode])
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.wait()


def fill(spool):
    """Log the events, in a few dozen segments; give their ids."""
    limits = driftlog.SpoolLimits(segment_bytes=EVENTS * 10, sync_interval=None)
    with driftlog.PredictionLogger(
        model="churn", version="7", spool=spool, limits=limits
    ) as logger:
        return [logger.log({"age": number}) for number in range(EVENTS)]


def test_kill(fake, spool, start):
    """After 20 kills at random points each event was created once, and the account is exact."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    logged = fill(spool)
    in_the_middle = 0
    for _ in range(KILLS):
        process, before = start("on"), len(fake.requests)
        deadline = time.monotonic() + 20
        while len(fake.requests) == before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.5)
        process.kill()
        process.wait()
        in_the_middle += len(fake.copies()) < EVENTS
    assert 0 == start("once").wait(600)
    names = [name for name, _ in fake.copies()]
    assert EVENTS == len(names) == len(set(names))
    assert set(logged) == {json.loads(line)["event"]["id"] for _, line in fake.copies()}
    status = read_status(spool)
    account = status.account
    print(f"{in_the_middle} of {KILLS} kills before the end, {account.duplicate} sent twice")
    assert (EVENTS, {}, {}) == (status.accepted, account.quarantined, account.dropped)
    assert EVENTS == account.indexed + account.duplicate
    # What a kill makes known only as a duplicate is one batch at the most.
    assert account.duplicate <= KILLS * BATCH
    assert in_the_middle >= KILLS // 3
