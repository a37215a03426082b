from dataclasses import replace

import pytest

from driftlog_analyzers._exchangeable import MOST, alike
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import parse_size
from tests.analyzers.rhythms import flat, growing, log_days
from tests.analyzers.spools import MODEL

SIZE, DAYS = parse_size("8h"), 21


def looked_at(spool, size=SIZE, **changes):
    """What a few windows of three weeks say beside all of these."""
    with SpoolStore(spool) as store:
        baseline = baseline_from_store(store, model=MODEL, version="7")
        profile = replace(baseline.profile, **changes)
        return alike(store, replace(baseline, profile=profile), size, Settings())


@pytest.mark.parametrize(("traffic", "usual"), [(flat, True), (growing, False)])
def test_growth_is_told_from_chance(tmp_path, traffic, usual):
    """Windows of growing traffic have findings beside all of it; draws have none that the budget does not explain."""
    found = looked_at(log_days(tmp_path, traffic, DAYS))

    assert (True, usual) == (MOST // 2 < found.windows <= MOST, found.usual)
    assert usual or found.features >= found.found > found.windows / 3


def test_references_that_tell_nothing(tmp_path):
    """Training data without times, and a stretch of fewer than three windows."""
    spool = log_days(tmp_path, flat, 7)

    assert None is looked_at(spool, first=None)
    assert None is looked_at(spool, parse_size("3d"))
