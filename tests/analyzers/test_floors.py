from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._floors import (
    MARGIN,
    NEVER,
    alerting,
    episodes,
    feature_windows,
    floor,
    spreads,
    within,
)

EFFECTS = st.lists(st.floats(0, 10), min_size=2, max_size=60)
BUDGETS = st.floats(0.001, 999)


@given(EFFECTS, BUDGETS)
def test_a_floor_lies_above_all_that_was_seen(effects, budget):
    """Whatever the budget, what the reference showed is no finding."""
    assert floor(effects, max(effects), budget) >= MARGIN * max(effects)


@given(EFFECTS, BUDGETS, st.floats(1, 10))
def test_a_floor_grows_with_the_effects_and_with_a_smaller_budget(effects, budget, factor):
    """Effects that are larger by a factor ask as much more; fewer tolerated alerts never ask less."""
    usual = floor(effects, max(effects), budget)
    larger = [factor * effect for effect in effects]

    assert floor(larger, max(larger), budget) >= usual
    assert floor(effects, max(effects), budget / 2) >= usual


def test_the_floor_of_an_exponential_tail():
    """With 999 windows the largest is at a thousandth, and a budget of a tenth of that asks log 10 more."""
    effects = [0.0] * 499 + [1.0] + [2.0] * 498 + [7.0]

    assert 1.05 * 7 == floor(effects, 7.0, 1.0)
    assert 8 < floor(effects, 7.0, 0.1) < 1 + 6 * 1.5


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


def test_stuck_now_and_then_is_usual_and_once_is_not():
    """A holiday comes back; a sensor that froze once in the reference is found when it freezes again."""
    often = [{"stuck.f": (0.9, n % 10 == 0)} for n in range(100)]
    once = [{"stuck.f": (0.9, n == 50)} for n in range(100)]

    assert NEVER == spreads(often, 1.0)["stuck.f"].floor
    assert 0.0 == spreads(once, 1.0)["stuck.f"].floor
    assert not any(alerting(often, 1.0))
    assert 1 == sum(map(len, alerting(once, 1.0)))


def test_what_never_moved_has_no_spread():
    """Features whose effect was always zero are left out."""
    assert {} == spreads([{"d.f": (0.0, False)}] * 20, 1.0)


def test_feature_windows():
    """A feature that two detectors alert on counts once a window."""
    judged = [{"a.f": (1.0, True), "b.f": (1.0, True), "a.g": (0.0, False)}, {"a.f": (0.0, False)}]

    assert (1, 4) == feature_windows(judged)
    assert within(2, 400, 1.0)
    assert not within(3, 400, 1.0)
