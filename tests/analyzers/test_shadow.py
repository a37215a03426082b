import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._comparing import agreement_of, slices_of
from driftlog_analyzers._shadow import Answer, Joined, Scores, Shadow, bucket_of, joined, value_of

numbers = st.floats(allow_nan=False, allow_infinity=False)
small = st.integers(-1000, 1000).map(float)
answers = st.builds(Answer, st.one_of(st.none(), small), st.sampled_from([None, "a", "b"]))
pairs = st.lists(st.tuples(answers, answers), max_size=30)


@given(numbers.filter(bool))
def test_buckets(x):
    """A bucket's value is within 1 % of the difference, on its side of 0, however small or large."""
    found = value_of(bucket_of(x))

    assert math.copysign(1, x) == math.copysign(1, found)
    assert math.isinf(found) or pytest.approx(x, rel=0.0101, abs=1e-322) == found


@given(pairs, pairs)
def test_merge_is_the_join_of_both(a, b):
    """Two parts merged are the whole summed up, in either order."""
    whole, parts = joined(a + b), joined(a).merge(joined(b))

    for one in (parts, joined(b).merge(joined(a))):
        assert (whole.n, whole.labels, whole.scores.n) == (one.n, one.labels, one.scores.n)
        assert dict(whole.scores.buckets) == dict(one.scores.buckets)
        for name in ("live", "live_m2", "shadow_m2", "difference_m2", "co"):
            expected = getattr(whole.scores, name)
            assert pytest.approx(expected, rel=1e-9, abs=1e-6) == getattr(one.scores, name)


def test_nothing_joined():
    """Without a request there is no figure and no failure."""
    found = agreement_of(Joined())

    assert (0, None, None, None, False) == (
        found.n,
        found.agreement,
        found.difference,
        found.correlation,
        found.enough,
    )
    assert () == slices_of(Shadow())
    assert 0.0 == Scores().quantile(0.5)


def some(chance, n, wrong):
    """Requests of which a share disagrees."""
    return joined(
        [(Answer(None, "a"), Answer(None, "ab"[chance.random() < wrong])) for _ in range(n)]
    )


def test_slices_that_stand_out():
    """Only the slice that disagrees more than the others does, and none of fewer than 30 requests."""
    chance = random.Random(1)
    parts = {str(n): some(chance, 300, 0.1) for n in range(8)}
    found = slices_of(
        Shadow(slices=parts | {"bad": some(chance, 300, 0.3), None: some(chance, 29, 1.0)})
    )

    assert ["bad"] == [one.value for one in found if one.stands_out]
    assert None is found[-1].value


def test_slices_of_scores():
    """Without labels the mean difference of a slice is held against the others'."""
    chance = random.Random(2)

    def scored(shift):
        return joined(
            [(Answer(x), Answer(x + shift + chance.gauss(0, 1))) for x in [chance.random()] * 400]
        )

    found = slices_of(Shadow(slices={"a": scored(0), "b": scored(0), "c": scored(1)}))

    assert ["c"] == [one.value for one in found if one.stands_out]


def test_slices_of_labels_and_scores():
    """Where there are both, a slice stands out by either; where neither differs, none does."""
    chance = random.Random(3)

    def both(shift, wrong):
        return joined(
            [
                (Answer(0.5, "a"), Answer(chance.gauss(0.5 + shift, 0.1), "ab"[n < wrong]))
                for n in range(400)
            ]
        )

    parts = {"a": both(0, 20), "b": both(0, 20), "moved": both(0.3, 20), "wrong": both(0, 90)}
    found = slices_of(Shadow(slices=parts))
    quiet = slices_of(Shadow(slices={name: both(0, 20) for name in "abcd"}))

    assert {"moved", "wrong"} == {one.value for one in found if one.stands_out}
    assert [] == [one.value for one in quiet if one.stands_out]
