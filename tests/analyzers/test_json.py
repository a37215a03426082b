import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._finding import Change
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import Categorical, FeatureProfile, WindowProfile
from tests.analyzers import value_strategies as values


@given(st.one_of(values.profiles, values.evaluations, values.episodes))
def test_round_trip(value):
    """What is written is read back as an equal value, and written again as the same bytes."""
    written = to_json(value)
    read = from_json(type(value), written)
    assert (value, written) == (read, to_json(read))


@given(st.floats(allow_nan=False))
def test_floats_keep_every_bit(number):
    """A float comes back bit for bit: the sign of zero, subnormals and infinities included."""
    change = from_json(Change, to_json(Change("x", number, 0.0, 0, 0)))
    assert number.hex() == change.before.hex()
    assert math.copysign(1, number) == math.copysign(1, change.before)


@given(values.moments)
def test_moments_are_aware(moment):
    """A time comes back as the same moment, in UTC."""
    read = from_json(WindowProfile, to_json(WindowProfile(1, first=moment))).first
    assert (moment, moment.utcoffset()) == (read, read.utcoffset())


def test_is_a_json_object():
    """The text is one object with the fields' names, for other tools to read."""
    expected = b'{"value":"\xc3\xa9","before":0.25,"after":0.5,"before_count":1,"after_count":2}'
    assert expected == to_json(Change("é", 0.25, 0.5, 1, 2))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}, {}",
        b'{"event": 3}',
        b'{"events": "many"}',
        b'{"events": 3, "features": {"a": 1}}',
        b"\xff",
    ],
)
def test_damage_is_an_error(data):
    """Anything that is not the class's JSON is a ValueError."""
    with pytest.raises(ValueError, match="WindowProfile"):
        from_json(WindowProfile, data)


def test_a_large_profile_is_fast():
    """Fifty features of 50,000 values each, 49 MB, take seconds and not minutes."""
    counts = {f"value-{number}": number for number in range(50_000)}
    feature = FeatureProfile(strings=10**9, categorical=Categorical(counts))
    profile = WindowProfile(10**9, {f"f{number}": feature for number in range(50)})
    began = time.process_time()
    same = from_json(WindowProfile, to_json(profile)) == profile
    assert (same, time.process_time() - began < 20) == (True, True)
