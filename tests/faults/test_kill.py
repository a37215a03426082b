import random

import pytest

from tests.faults.killing import BATCH, run

KILLS, EVENTS = 20, 50_000


def test_kill(client, elasticsearch_url, installed, tmp_path):
    """After 20 kills at random points no event is lost, and analysis counts each exactly once."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    spool = tmp_path / "spool"

    found = run(client, elasticsearch_url, installed, spool, kills=KILLS, events=EVENTS, seed=seed)

    print(found)
    assert (0, 0, EVENTS) == (found.lost, found.counted_twice, found.counted)
    mean, m2 = (EVENTS - 1) / 2, EVENTS * (EVENTS**2 - 1) / 12
    assert pytest.approx((EVENTS, mean, m2, 0, EVENTS - 1), rel=1e-9) == found.numeric
    accepted, indexed, duplicate, *rest = found.account
    assert (EVENTS, EVENTS, [0, 0, 0]) == (accepted, indexed + duplicate, rest)
    assert found.raw_duplicates <= found.rollovers * BATCH
    assert [] == list(spool.glob("*.ndjson"))
    assert found.before_the_end >= KILLS // 2
