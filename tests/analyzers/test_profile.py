import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._profile import (
    Categorical,
    FeatureProfile,
    Numeric,
    Text,
    WindowProfile,
    add_counts,
)
from tests.analyzers import value_strategies as values

EDGES = (0.0, 10.0)
RELATIVE = 1e-9
SCALE = 1e6

numbers = st.lists(st.floats(-SCALE, SCALE), max_size=8)
words = st.lists(st.sampled_from("abcde"), max_size=8)
texts = st.lists(st.lists(st.sampled_from("abcde"), unique=True), max_size=4)


def summarise(xs):
    """The summary of some numbers, computed from scratch."""
    if not xs:
        return None
    mean = math.fsum(xs) / len(xs)
    return Numeric(
        n=len(xs),
        mean=mean,
        m2=math.fsum((x - mean) ** 2 for x in xs),
        minimum=min(xs),
        maximum=max(xs),
        edges=EDGES,
        bins=(
            sum(x <= 0 for x in xs),
            sum(0 < x <= 10 for x in xs),
            sum(x > 10 for x in xs),
        ),
        below=sum(x < -5 for x in xs),
        above=sum(x > 5 for x in xs),
    )


def read(tokens):
    """The summary of some texts when only "a" and "b" are known."""
    if not tokens:
        return None
    sizes = [len(text) for text in tokens]
    unknown = [[token for token in text if token not in "ab"] for text in tokens]
    return Text(
        n=len(tokens),
        tokens=sum(sizes),
        oov=sum(map(len, unknown)),
        tokens_sq=sum(size**2 for size in sizes),
        oov_sq=sum(len(text) ** 2 for text in unknown),
        tokens_oov=sum(size * len(text) for size, text in zip(sizes, unknown, strict=True)),
        unknown=Counter(token for text in unknown for token in text),
        unknown_tail=len(tokens),
    )


def window(xs, strings, tokens, moments=()):
    """The profile of a window in which features hold these values."""
    feature = FeatureProfile(
        numbers=len(xs),
        strings=len(strings),
        texts=len(tokens),
        others={"bytes": len(xs)} if xs else {},
        nulls=len(strings),
        nonfinite=len(tokens),
        numeric=summarise(xs),
        categorical=Categorical(Counter(strings), 2 * len(strings), len(strings))
        if strings
        else None,
        text=read(tokens),
    )
    return WindowProfile(
        events=len(xs) + len(strings) + len(tokens),
        features={"x": feature} | ({"y": FeatureProfile(nulls=len(strings))} if strings else {}),
        predictions={"score": FeatureProfile(len(xs), numeric=summarise(xs))} if xs else {},
        versions=Counter(strings),
        outcomes={"success": len(tokens)} if tokens else {},
        duration=summarise(xs),
        first=min(moments, default=None),
        last=max(moments, default=None),
    )


profiles = st.builds(window, numbers, words, texts, st.lists(values.moments, max_size=2))


def rounded(profile):
    """The profile with its means and moments as multiples of what they may differ by."""

    def numeric(summary):
        return summary and replace(
            summary,
            mean=pytest.approx(summary.mean, rel=RELATIVE, abs=RELATIVE * SCALE),
            m2=pytest.approx(summary.m2, rel=RELATIVE, abs=RELATIVE * summary.n * SCALE**2),
        )

    def parts(features):
        return {
            name: replace(part, numeric=numeric(part.numeric)) for name, part in features.items()
        }

    return replace(
        profile,
        features=parts(profile.features),
        predictions=parts(profile.predictions),
        duration=numeric(profile.duration),
    )


@given(profiles, profiles)
def test_merge_is_commutative(a, b):
    """The order of two windows does not matter: counts exactly, floats to 1e-9."""
    assert rounded(a.merge(b)) == b.merge(a)


@given(profiles, profiles, profiles)
def test_merge_is_associative(a, b, c):
    """The grouping of three windows does not matter: counts exactly, floats to 1e-9."""
    assert rounded(a.merge(b).merge(c)) == a.merge(b.merge(c))


@given(values.profiles)
def test_the_empty_profile_is_the_identity(profile):
    """Merging with nothing changes nothing, on either side."""
    assert [profile, profile] == [profile.merge(WindowProfile()), WindowProfile().merge(profile)]


@given(st.tuples(numbers, words, texts), st.tuples(numbers, words, texts))
def test_merge_is_the_profile_of_all_events(a, b):
    """Two merged windows are the window of both: counts exactly, floats to 1e-9."""
    both = (first + second for first, second in zip(a, b, strict=True))
    assert rounded(window(*both)) == window(*a).merge(window(*b))


@given(st.lists(numbers, min_size=1, max_size=24))
def test_a_day_is_its_hours(hours):
    """Many small windows merged one by one agree with one computation over all numbers."""
    day = WindowProfile()
    for xs in hours:
        day = day.merge(WindowProfile(len(xs), duration=summarise(xs)))
    everything = [x for xs in hours for x in xs]
    assert rounded(WindowProfile(len(everything), duration=summarise(everything))) == day


def test_the_moments_of_far_numbers_keep_their_spread():
    """A spread of one about a billion survives the merge."""
    low, high = summarise([1e9, 1e9 + 1]), summarise([1e9 + 2, 1e9 + 3])
    merged = low.merge(high)
    assert (merged.mean, merged.m2) == (1e9 + 1.5, 5.0)


def test_different_edges_do_not_merge():
    """Two histograms over different edges are refused, with what to do."""
    a = Numeric(1, 0.0, 0.0, 0.0, 0.0, (1.0,), (1, 0))
    with pytest.raises(ValueError, match="profile both windows with one baseline"):
        a.merge(replace(a, edges=(2.0,)))


@given(values.tables, values.tables)
def test_counts_add_up(a, b):
    """Adding two tables of counts is exact and leaves both as they were."""
    before = dict(a), dict(b)
    total = add_counts(a, b)
    assert {k: a.get(k, 0) + b.get(k, 0) for k in a.keys() | b.keys()} == total
    assert before == (a, b)


def test_presence():
    """Values, presence and kinds count what they say."""
    feature = FeatureProfile(
        numbers=1, strings=2, lists=3, texts=4, others={"bytes": 5}, nulls=6, nonfinite=7
    )
    kinds = {"number": 1, "string": 2, "list": 3, "text": 4, "bytes": 5}
    assert (15, 28, kinds) == (feature.values, feature.present, feature.kinds)
    assert Categorical({"a": 2}, tail=3).n == 5
