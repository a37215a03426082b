import pytest

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric
from driftlog_analyzers.detectors.stuck import MOVED, stuck
from tests.analyzers.cases import (
    ABSENT,
    MINIMUM,
    SIZES,
    case,
    lists,
    numbers,
    planned,
    quiet,
    strings,
    stuck_numbers,
    texts,
    undeclared,
)


def test_number():
    """Numbers that are all the same are stuck; the evidence counts their old bin."""
    result = stuck(case(numbers(1000), stuck_numbers(100, 5.5, (0, 0, 100, 0, 0))), MINIMUM)

    assert (
        "stuck",
        "f",
        Outcome.FINDING,
        Severity.HIGH,
        "f is stuck: all 100 values are 5.5",
        100,
        0.8,
        (Change("5.5", 0.2, 1.0, 200, 100),),
        Condition("any", "f"),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.changes,
        result.condition,
    )
    assert result.p_value < 1e-60


def test_how_far_the_variety_moved():
    """Told of a window that is not stuck, too, in both directions, so that calibration learns how far is usual."""
    before = strings({"a": 800, "b": 200})

    moved = [
        stuck(case(before, strings(now)), MINIMUM).statistics[MOVED]
        for now in ({"a": 100}, {"a": 90, "b": 10}, {"a": 50, "b": 50})
    ]

    assert pytest.approx([0.2, 0.1, 0.3]) == moved


def test_digits():
    """A large number is named in full."""
    result = stuck(case(numbers(1000), stuck_numbers(100, 1234567.5, (0,) * 5)), MINIMUM)

    assert "f is stuck: all 100 values are 1234567.5" == result.summary


def test_category():
    """The evidence says how common the only category was before."""
    result = stuck(case(strings({"a": 700, "b": 200, "c": 100}), strings({"b": 100})), MINIMUM)

    assert (
        Outcome.FINDING,
        "f is stuck: all 100 values are b",
        pytest.approx(0.3),
        (Change("b", 0.2, 1.0, 200, 100),),
    ) == (result.outcome, result.summary, result.effect, result.changes)


def test_new_category():
    """A value that the reference has not had at all can be the one that is stuck."""
    result = stuck(case(strings({"a": 700, "b": 300}), strings({"z": 100})), MINIMUM)

    assert (Outcome.FINDING, (Change("z", 0.0, 1.0, 0, 100),)) == (result.outcome, result.changes)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("common", [1.0, 0.995, 0.7])
def test_quiet_on_the_same_categories(n, common):
    """A feature that was as constant before is not stuck, at any size."""
    rare = n - int(n * common)
    same = strings({"a": n - rare} | ({"b": rare} if rare else {}))

    assert quiet(stuck(case(same, same), MINIMUM))


@pytest.mark.parametrize("n", SIZES)
def test_quiet_on_the_same_numbers(n):
    """Numbers, constant or not, that are as they were are not stuck."""
    for same in (numbers(n), stuck_numbers(n, 3.0, (0, n, 0, 0, 0))):
        assert quiet(stuck(case(same, same), MINIMUM))


def test_common_value_by_chance():
    """Twenty values that are all the one that makes up 90 % are nothing strange."""
    result = stuck(case(strings({"a": 9000, "b": 1000}), strings({"a": 20})), MINIMUM)

    assert pytest.approx(0.9**20, rel=0.02) == result.p_value


def test_too_few():
    """Fewer values than the minimum are answered with insufficient_data."""
    result = stuck(case(numbers(1000), stuck_numbers(19, 1.0, (19, 0, 0, 0, 0))), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 values, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


def test_equal_numbers_among_strings():
    """Equal numbers are not all the values where strings stand beside them."""
    after = FeatureProfile(
        numbers=1,
        strings=999,
        numeric=Numeric(1, 5.0, 0.0, 5.0, 5.0),
        categorical=Categorical({"a": 999}),
    )

    result = stuck(case(strings({"a": 500, "b": 500}), after), MINIMUM)

    assert (Outcome.OK, 1000, ()) == (result.outcome, result.n, result.changes)


def test_odd_number_in_the_reference():
    """One number among the reference's strings does not hide that a string is stuck."""
    before = FeatureProfile(
        numbers=1,
        strings=1000,
        numeric=Numeric(1, 5.0, 0.0, 5.0, 5.0, (4.0, 5.0), (0, 1, 0)),
        categorical=Categorical({"a": 500, "b": 500}),
    )

    result = stuck(case(before, strings({"a": 100})), MINIMUM)

    assert (Outcome.FINDING, Change("a", 500 / 1001, 1.0, 500, 100)) == (
        result.outcome,
        result.changes[0],
    )


def test_type_changed():
    """A feature that changed its type, too, is stuck at a value that was not there."""
    numeric = stuck(case(numbers(1000), strings({"a": 100})), MINIMUM)
    string = stuck(
        case(strings({"a": 500, "b": 500}), stuck_numbers(100, 5.0, (0, 0, 100, 0, 0))), MINIMUM
    )

    assert (Change("a", 0.0, 1.0, 0, 100),) == numeric.changes
    assert (Change("5", 0.0, 1.0, 0, 100),) == string.changes


def test_nothing_to_say():
    """Lists, texts, numbers without histogram and what is not there get no answer."""
    plain = FeatureProfile(numbers=100, numeric=Numeric(100, 1.0, 0.0, 1.0, 1.0))

    assert stuck(undeclared(numbers(100)), MINIMUM) is None
    assert stuck(case(numbers(100), ABSENT, window=100), MINIMUM) is None
    assert stuck(planned(numbers(100), kind="numeric"), MINIMUM) is None
    assert stuck(case(lists(["a"], ["b"]), lists(*[["a"]] * 30)), MINIMUM) is None
    assert stuck(case(texts(100), texts(100)), MINIMUM) is None
    assert stuck(case(plain, plain), MINIMUM) is None
