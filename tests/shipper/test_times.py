"""The clock's short way from seconds to a moment."""

from hypothesis import given
from hypothesis import strategies as st

from driftlog._times import Clock, parse

YEAR_3000 = 32_503_680_000.0


@given(
    st.floats(0.0, YEAR_3000, exclude_max=True) | st.integers(0, 4 * 10**15).map(lambda n: n / 1e6)
)
def test_the_short_way_gives_what_the_long_one_does(timestamp):
    """Each microsecond is rounded alike; a last one that would be the next second's is left to the long way."""
    moment = Clock().at(timestamp)
    assert moment is None or parse(timestamp) == moment.decode()


@given(st.floats().filter(lambda number: not 0.0 <= number < YEAR_3000))
def test_what_is_no_usual_moment_takes_the_long_way(timestamp):
    """Years before 1970, far ones, NaN and infinity."""
    assert Clock().at(timestamp) is None
