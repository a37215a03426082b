import random

from tests.faults.month import simulate


def test_a_day_with_kills_loses_nothing(tmp_path):
    """Whatever happens to two analyzers, each window is saved once per revision, and none is lost."""
    seed = random.randrange(10_000)
    print(f"seed {seed}")
    found = simulate(tmp_path, days=0.5, features=8, per_window=25, kills=6, seed=seed)
    assert (144, 0, 0, 0) == (found.windows, found.lost, found.twice, found.doubled)
    assert found.late > 0
    assert found.revisions > found.windows
    assert found.alerts[2] == 0
