import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._floors import (
    MARGIN,
    Tail,
    alerting,
    episodes,
    feature_windows,
    spreads,
    within,
)
from tests.analyzers.cases import random_source

EFFECTS = st.lists(st.floats(0, 10), min_size=2, max_size=60)
PROBABILITIES = st.floats(1e-6, 0.999)


@given(EFFECTS, PROBABILITIES)
def test_a_floor_lies_above_all_that_was_seen(effects, probability):
    """Whatever the budget, what the reference showed is no finding."""
    assert Tail.of(effects).floor(probability) >= MARGIN * max(effects)


@given(EFFECTS, PROBABILITIES, st.floats(1.01, 10))
def test_a_floor_grows_with_the_effects_and_with_a_smaller_budget(effects, probability, factor):
    """Effects that are larger by a factor ask as much more; fewer tolerated alerts never ask less."""
    usual = Tail.of(effects).floor(probability)

    assert Tail.of([factor * effect for effect in effects]).floor(probability) >= usual * 0.999
    assert Tail.of(effects).floor(probability / 2) >= usual


@pytest.mark.parametrize(("windows", "most"), [(10, 0.018), (60, 0.013)])
def test_a_new_window_exceeds_the_floor_as_seldom_as_was_asked(windows, most):
    """Of exponential effects 1 in 100, as was asked; a little more where the median is that of ten windows."""
    drawn = random_source().exponential(1.0, (5000, windows + 1))

    exceeded = sum(Tail.of(row[1:].tolist()).floor(0.01) < row[0] for row in drawn)

    assert 0.003 * len(drawn) <= exceeded <= most * len(drawn)


def test_few_windows_ask_for_more():
    """The same effects, seen in a tenth of the windows, are a less certain tail."""
    few = [0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 0.2, 0.5, 0.3, 0.4]

    assert Tail.of(few).floor(0.001) > Tail.of(few * 10).floor(0.001) > 1.05 * 0.9


def test_windows_that_resemble_their_neighbours_count_for_fewer():
    """A season that comes and goes says less than the same effects in a drawn order."""
    season = [min(n, 60 - n) / 30 for n in range(60)]
    drawn = random.Random(1).sample(season, len(season))

    assert Tail.of(season).independent < 0.2 < Tail.of(drawn).independent
    assert Tail.of(season).floor(0.001) > Tail.of(drawn).floor(0.001)


def test_detectors_of_one_feature_share_its_budget():
    """Each of two that moved has half of the feature's probability."""
    effects = [0.1 * (n % 7) for n in range(40)]
    both = [{"a.f": (effect, False), "b.f": (effect, False)} for effect in effects]

    assert {Tail.of(effects).floor(0.0005)} == {one.floor for one in spreads(both, 1.0).values()}


@given(EFFECTS)
def test_a_window_is_left_out_of_what_it_is_judged_by(effects):
    """Without an effect the largest, and how many exceed the median, are those of the others."""
    tail = Tail.of(effects)
    for n, effect in enumerate(effects):
        others = effects[:n] + effects[n + 1 :]
        if effect > tail.middle:
            rest = tail.without(effect)
            assert max(others) == rest.largest[0]
            assert sum(other > tail.middle for other in others) == rest.excesses


def test_each_window_is_judged_by_the_others():
    """The largest effect by far alerts; one that others share does not."""
    alone = [{"d.f": (0.1, True)}] * 30 + [{"d.f": (5.0, True)}]
    shared = [{"d.f": (0.1, True)}] * 30 + [{"d.f": (5.0, True)}] * 2

    assert [frozenset()] * 30 + [frozenset({"d.f"})] == alerting(alone, 1.0)
    assert not any(alerting(shared, 1.0))


def test_what_goes_on_is_one_episode():
    """Two windows in a row are one episode, and after a pause it is another."""
    a, none = frozenset({"d.f"}), frozenset()

    assert 2 == episodes([a, a, none, a])


def test_what_never_moved_has_no_spread():
    """Features whose effect was always zero are left out."""
    assert {} == spreads([{"d.f": (0.0, False)}] * 20, 1.0)


def test_feature_windows():
    """A feature that two detectors alert on counts once a window."""
    judged = [{"a.f": (1.0, True), "b.f": (1.0, True), "a.g": (0.0, False)}, {"a.f": (0.0, False)}]

    assert (1, 4) == feature_windows(judged)
    assert within(2, 400, 1.0)
    assert not within(3, 400, 1.0)
