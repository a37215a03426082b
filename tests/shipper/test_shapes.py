"""A shape's own function gives what the general way gives, and there is a bound to them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog import Text
from driftlog._features import Splitter
from driftlog._shapes import MAX_PLANS, MAX_SIGHTINGS, MAX_WIDTH, PLAN_AFTER
from driftlog._tally import Tally

# What is no Unicode or NUL is seen when the event is encoded, and then split with care.
CLEAN = st.characters(codec="utf-8", exclude_characters="\0")
KINDS = {
    "float": st.floats(),
    "int": st.integers(-(2**63), 2**64 - 1),
    "str": st.text(CLEAN, max_size=3) | st.text("é", min_size=120, max_size=600),
    "bool": st.booleans(),
    "null": st.none(),
    "list": st.lists(st.integers(), max_size=2),
}
NAMES = ["a", "b", "c", "t", "v", "q\"'", "{x}", "back\\slash", "é", "values", "s"]
TEXT = {"t": Text(), "v": Text(["a", "Don't"])}
WORDS = st.lists(st.sampled_from(["a", "Don't", "é", "x_y", "-", "\t"]), max_size=9).map(" ".join)


def fresh():
    """Give a splitter that has seen nothing."""
    return Splitter(text=TEXT, tally=Tally("spool"))


@st.composite
def events(draw):
    """Draw events of one shape: the same names, the same types, other values."""
    shape = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(KINDS))))
    value = {
        name: WORDS if name in TEXT and kind == "str" else KINDS[kind]
        for name, kind in shape.items()
    }
    return draw(st.lists(st.fixed_dictionaries(value), min_size=2, max_size=2))


@settings(max_examples=400, deadline=None)
@given(events())
def test_one_result(pair):
    """However often a shape came, its events are split as if they were the first."""
    splitter = fresh()
    first, other = pair
    for _ in range(PLAN_AFTER + 2):
        splitter.split(first)
    for event in pair:
        general = fresh()
        assert general.split(event, careful=True) == splitter.split(event)
    before = splitter.tally.snapshot(0).changed
    splitter.split(other)
    after = splitter.tally.snapshot(0).changed
    general = fresh()
    general.split(other, careful=True)
    counted = {key: after[key] - before.get(key, 0) for key in after}
    assert general.tally.snapshot(0).changed == {key: n for key, n in counted.items() if n}


def test_other_names(spool):
    """Events with the types of a known shape and other names are not taken for it."""
    splitter = fresh()
    for _ in range(PLAN_AFTER + 1):
        splitter.split({"a": 1.0, "b": "x"})
    assert 1 == len(splitter._plans)
    assert {"num": {"c": 2.0}, "cat": {"d": "y"}} == splitter.split({"c": 2.0, "d": "y"})
    assert not spool.exists()


@pytest.mark.parametrize("value", [1.0, "x", True, None, 5])
def test_planned_after_some(value):
    """A shape has its function once it came often, not before."""
    splitter = fresh()
    counts = []
    for _ in range(PLAN_AFTER):
        counts.append(len(splitter._plans))
        splitter.split({"a": value})
    assert [0] * PLAN_AFTER == counts
    assert 1 == len(splitter._plans)


def test_bounded():
    """Neither endless shapes nor a wide event make endless functions."""
    splitter = fresh()
    for width in range(2, MAX_WIDTH, 2):
        for _ in range(PLAN_AFTER):
            splitter.split({f"f{n}": n for n in range(width)})
    wide = {f"f{n}": n for n in range(MAX_WIDTH + 1)}
    for _ in range(PLAN_AFTER):
        splitter.split(wide)
    assert MAX_PLANS == len(splitter._plans)
    for number in range(2 * MAX_SIGHTINGS):
        splitter.split({f"f{n}": (1, 1.0)[number >> n & 1] for n in range(12)})
    assert len(splitter._shapes._sightings) <= MAX_SIGHTINGS
