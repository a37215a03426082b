import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._folding import EVERY, Point, thinned
from driftlog_analyzers._state_file import StateFile
from tests.analyzers.schedule.sites import HOUR, baseline_of, log_hours, run
from tests.analyzers.spools import MODEL
from tests.analyzers.value_strategies import hour


@given(st.integers(1, 20_000))
def test_points_follow_the_logarithm(count):
    """Of very many points few are kept, always the latest ones, and always one that is old enough."""
    points = ()
    for number in [*range(min(count, 200)), *range(200, count, 97)]:
        points = thinned((*points, Point(number, hour(0), ())))
    latest = points[-1].number
    assert len(points) <= 8 * 6
    assert 0 == points[0].number
    assert [latest] == [p.number for p in points[-1:]]


@pytest.mark.parametrize("seed", range(3))
def test_late_events_anywhere_leave_the_alerts_of_a_fold(tmp_path, seed):
    """However windows are revised, the stored episodes are those of folding all evaluations, and few are read."""
    chance = random.Random(seed)
    spool, state = tmp_path / "spool", tmp_path / "state.sqlite"
    total = 3 * EVERY
    bad = {n for n in range(8, total) if chance.random() < 0.3} | set(range(40, 50))
    log_hours(spool, range(total), per_hour=30, gone=bad)
    baseline = baseline_of(spool, 6)
    step = 7
    for hours in range(20, total, step):
        late = chance.sample(range(hours), 2)
        log_hours(
            spool, late, per_hour=25, seed=hours, gone=[n for n in late if chance.random() < 0.5]
        )
        run(spool, baseline, hours + 0.5)
        with StateFile(state) as file:
            found = list(file.evaluations(MODEL, HOUR))
            assert fold(found, EpisodeSettings()) == file.episodes(MODEL, size=HOUR)
