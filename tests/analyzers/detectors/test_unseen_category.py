import pytest
from scipy import stats

from driftlog_analyzers._evaluate import decide
from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import FeatureProfile
from driftlog_analyzers.detectors.unseen_category import unseen_category
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
    undeclared,
)

REFERENCE = strings({"a": 6000, "b": 3000, "c": 996, "d": 1, "e": 1, "f": 1, "g": 1})


def decided(result):
    """What becomes of a result that is tested alone."""
    return decide([result], 0.01)[0]


def test_fires():
    """New values of some mass are a finding that names them, beside the usual novelty."""
    after = strings({"a": 600, "b": 340, "x": 50, "y": 8, "z": 1, "w": 1})

    result = unseen_category(case(REFERENCE, after), MINIMUM)

    assert (
        "unseen_category",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: 6 % of 1,000 values are new: 'x', 'y', 'w' and 1 more (usual novelty: 0.04 %)",
        1000,
        pytest.approx(0.0596),
        (
            Change("x", 0.0, 0.05, 0, 50),
            Change("y", 0.0, 0.008, 0, 8),
            Change("w", 0.0, 0.001, 0, 1),
            Change("z", 0.0, 0.001, 0, 1),
        ),
        {"distinct_new_values": 4.0, "usual_novelty": 0.0004},
        Condition("values", "f", ("x", "y", "w", "z")),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.changes,
        result.statistics,
        result.condition,
    )
    assert pytest.approx(stats.hypergeom.sf(59, 11_000, 64, 1000), rel=1e-9) == result.p_value
    assert decided(result).alerts


def test_all_new():
    """A window of nothing but new values is grave."""
    result = unseen_category(case(REFERENCE, strings({"x": 20})), MINIMUM)

    assert (Severity.HIGH, True) == (result.severity, decided(result).alerts)


def test_usual_novelty_is_a_notice():
    """New values as frequent as the reference's own novelty inform and alert nobody."""
    before = strings({"a": 900} | {f"once {i}": 1 for i in range(100)})
    after = strings({"a": 90} | {f"new {i}": 1 for i in range(10)})

    result = decided(unseen_category(case(before, after), MINIMUM))

    assert (Outcome.FINDING, Severity.INFO, False) == (
        result.outcome,
        result.severity,
        result.alerts,
    )
    assert result.summary.endswith("(usual novelty: 10 %)")


def test_significant_but_immaterial():
    """A new value in 0.05 % of a million events is significant, and a notice."""
    before = strings({"a": 1_000_000})
    after = strings({"a": 999_500, "x": 500})

    result = unseen_category(case(before, after), MINIMUM)

    assert result.p_value < 1e-100
    assert (Severity.INFO, Severity.INFO) == (result.severity, decided(result).severity)


@pytest.mark.parametrize("n", SIZES)
def test_quiet_on_the_same(n):
    """The reference's own values are not new, at any size."""
    same = strings({"a": n - n // 3} | ({"b": n // 3} if n >= 3 else {}))

    assert unseen_category(case(same, same), MINIMUM) is None


def test_every_value_once():
    """Where every value is its only one, as ids are, new ones are the usual thing."""
    before = strings({f"id {i}": 1 for i in range(1000)})
    after = strings({f"new {i}": 1 for i in range(1000)})

    assert quiet(unseen_category(case(before, after), MINIMUM))


def test_many_categories_in_few_events():
    """Ten thousand known categories and a hundred events: some are new, as many as usual."""
    before = strings({f"c{i}": 1 + i % 2 for i in range(10_000)})
    after = strings({f"c{i}": 1 for i in range(67)} | {f"new {i}": 1 for i in range(33)})

    assert quiet(unseen_category(case(before, after), MINIMUM))


def test_too_few():
    """Fewer values than the minimum are answered with insufficient_data."""
    result = unseen_category(case(REFERENCE, strings({"x": 19})), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 values, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


@pytest.mark.parametrize("n", [1, 1000])
def test_closed_domain(n):
    """Where only known values are allowed one new one is a finding by rule."""
    after = strings({"x": 1} | ({"a": n - 1} if n > 1 else {}))

    result = unseen_category(case(REFERENCE, after, min_domain_mass=1.0), MINIMUM)

    assert (Outcome.FINDING, None, True) == (result.outcome, result.p_value, decided(result).alerts)
    assert result.summary.endswith("new: 'x' (only known values are allowed)")


@pytest.mark.parametrize("mass", [0.1, 0.3, 0.7, 0.9])
def test_tolerated_mass(mass):
    """Exactly the tolerated mass of new values informs; one value more is a finding by rule."""
    new = round(1000 * (1 - mass))

    tolerated, broken = (
        unseen_category(
            case(REFERENCE, strings({"a": 1000 - x, "x": x}), min_domain_mass=mass), MINIMUM
        )
        for x in (new, new + 1)
    )

    assert (Outcome.FINDING, Severity.INFO, None) == (
        tolerated.outcome,
        tolerated.severity,
        tolerated.p_value,
    )
    assert f"({100 * mass:g} % must be known)" in tolerated.summary
    assert (False, True) == (decided(tolerated).alerts, decided(broken).alerts)


def test_added_value():
    """A value that people added is known."""
    rule = ("a", "b", "c", "d", "e", "f", "g", "x")

    result = unseen_category(case(REFERENCE, strings({"a": 900, "x": 100}), values=rule), MINIMUM)

    assert result is None


def test_removed_value():
    """A value that people removed is new again, and the evidence says that the reference had it."""
    rule = ("a", "b", "d", "e", "f", "g")

    result = unseen_category(case(REFERENCE, strings({"a": 900, "c": 100}), values=rule), MINIMUM)

    assert (Change("c", 0.0996, 0.1, 996, 100),) == result.changes
    assert decided(result).alerts


def test_no_listed_values():
    """Where the constraint lists no values, those of the reference are known."""
    after = strings({"a": 990, "g": 10})

    assert unseen_category(case(REFERENCE, after, values=None), MINIMUM) is None


def test_tails():
    """Unlisted values of the window are new; a reference with unlisted values cannot tell."""
    after = strings({"a": 900}, tail=100)

    result = unseen_category(case(REFERENCE, after), MINIMUM)
    unknown = unseen_category(case(strings({"a": 10}, tail=10), after), MINIMUM)

    assert (pytest.approx(0.1 - 0.0004), (), None) == (result.effect, result.changes, unknown)
    assert (
        result.summary
        == "f: 10 % of 1,000 values are new: too many to be listed (usual novelty: 0.04 %)"
    )


def test_lists_are_the_unit():
    """Fifty of two hundred items count as a quarter of a hundred lists."""
    before = lists(*[["a", "b"]] * 500, *[["a", "c"]] * 500)
    after = lists(*[["a", "b"]] * 50, *[["a", "new"]] * 50)

    result = unseen_category(case(before, after), MINIMUM)

    assert (Change("new", 0.0, 0.25, 0, 50),) == result.changes
    assert pytest.approx(stats.hypergeom.sf(24, 1100, 25, 100), rel=1e-9) == result.p_value


def test_nothing_to_say():
    """Undeclared, absent, numeric, all null and never seen features get no answer."""
    assert unseen_category(undeclared(strings({"a": 9})), MINIMUM) is None
    assert unseen_category(case(REFERENCE, ABSENT, window=9), MINIMUM) is None
    assert unseen_category(case(REFERENCE, FeatureProfile(nulls=9)), MINIMUM) is None
    assert unseen_category(case(numbers(9), numbers(9)), MINIMUM) is None
    assert unseen_category(planned(strings({"a": 9}), kind="categorical"), MINIMUM) is None
    assert unseen_category(case(REFERENCE, lists([], [])), MINIMUM) is None
