"""What the reference's own windows show, learned from either store."""

import orjson
import pytest

from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._calibration import Mode
from driftlog_analyzers._json import to_json
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize, TimeSize, Window
from tests.analyzers.rhythms import SHIFT, day, flat, growing, log_days, weekly
from tests.analyzers.spools import MODEL

DAYS = 42
SHIFTS = TimeSize(SHIFT)
DIGITS = 8


@pytest.fixture(scope="module")
def spools(tmp_path_factory):
    """Six weeks of traffic of each kind."""
    return {
        traffic: log_days(tmp_path_factory.mktemp("spool"), traffic, DAYS)
        for traffic in (flat, weekly, growing)
    }


def learned(store, baseline, size, **options):
    """The calibration."""
    (found,) = calibrated(store, baseline, size, **options).calibrations
    return found


def leaves(value, path=""):
    """Every leaf by its path, figures without their last digits."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {
            at: leaf for key, part in parts for at, leaf in leaves(part, f"{path}/{key}").items()
        }
    return {path: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value}


@pytest.mark.parametrize(
    ("traffic", "size", "mode"),
    [
        (flat, SHIFTS, Mode.WHOLE),
        (weekly, SHIFTS, Mode.WEEKLY),
        (growing, SHIFTS, Mode.TRAILING),
        (growing, CountSize(100), Mode.TRAILING),
    ],
)
def test_as_on_the_spool(spools, opened, traffic, size, mode):
    """Mode, floors, reference windows and expected alerts are the same, to eight digits."""
    with SpoolStore(spools[traffic]) as spool:
        baseline = baseline_from_store(spool, model=MODEL, version="7")
        expected = learned(spool, baseline, size)
    store = opened(spools[traffic])
    actual = learned(store, baseline, size)

    assert mode == actual.mode
    assert leaves(orjson.loads(to_json(expected))) == leaves(orjson.loads(to_json(actual)))
    own = baseline_from_store(store, model=MODEL, version="7")
    assert expected.spreads.keys() == learned(store, own, size).spreads.keys()


def test_what_is_left_out(spools, opened):
    """A stretch that people leave out is left out on either store."""
    store = opened(spools[growing])
    baseline = baseline_from_store(store, model=MODEL, version="7")
    without = [Window(day(7), day(9))]

    whole, part = (learned(store, baseline, SHIFTS, without=some) for some in ([], without))

    assert (6, tuple(without)) == (whole.windows - part.windows, part.without)
