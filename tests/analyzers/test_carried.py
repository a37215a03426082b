from dataclasses import replace

import pytest

from driftlog_analyzers._calibrating import calibrated
from driftlog_analyzers._carried import carried, same_reference
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.rhythms import SHIFT, day, flat, log_days
from tests.analyzers.spools import MODEL


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four weeks of a spool."""
    with SpoolStore(log_days(tmp_path_factory.mktemp("spool"), flat, 28)) as opened:
        yield opened


def baseline(store, days=28):
    """Made of the first days."""
    return baseline_from_store(store, model=MODEL, version="7", end=day(days))


@pytest.fixture(scope="module")
def learned(store):
    """A baseline of all days, calibrated for two sizes of windows."""
    return calibrated(store, calibrated(store, baseline(store), TimeSize(SHIFT)), CountSize(100))


def test_the_same_reference_keeps_them(store, learned):
    """A baseline made again of the same events has the calibrations of the one before."""
    made, lost = carried(learned, baseline(store))

    assert (learned.calibrations, ()) == (made.calibrations, lost)


def test_another_reference_has_none(store, learned):
    """Of other events, be it one day more or less, it has none of them, and they are named."""
    made, lost = carried(learned, baseline(store, 27))

    assert ((), learned.calibrations) == (made.calibrations, lost)


def test_its_own_stay(store, learned):
    """A size that the new baseline is calibrated for by itself is not carried over."""
    own = replace(learned.calibrations[1], per_month=99.0)
    made, lost = carried(learned, replace(baseline(store), calibrations=(own,)))

    assert ((own, learned.calibrations[0]), ()) == (made.calibrations, lost)


def test_nothing_to_carry(store):
    """Without calibrations there is nothing to keep or to lose, whatever the reference."""
    one, other = baseline(store), baseline(store, 27)

    assert (one, ()) == carried(other, one)


def test_the_last_bit_of_a_sum_is_no_difference(store):
    """Sums depend on the order of the threads; counts do not."""
    one = baseline(store)
    amount = one.profile.features["amount"]
    near, far = (
        replace(amount, numeric=replace(amount.numeric, mean=amount.numeric.mean * factor))
        for factor in (1 + 1e-13, 1 + 1e-6)
    )

    assert same_reference(one, with_amount(one, near))
    assert not same_reference(one, with_amount(one, far))
    assert not same_reference(one, with_amount(one, replace(amount, nulls=1)))
    assert not same_reference(one, replace(one, vocabulary={"t": {"word": 1}}))


def with_amount(one, feature):
    """The baseline with another profile of `amount`."""
    features = {**one.profile.features, "amount": feature}
    return replace(one, profile=replace(one.profile, features=features))
