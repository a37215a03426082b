import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile
from driftlog_analyzers._statistics import more_or_less_often
from driftlog_analyzers.detectors._homogeneity import homogeneity
from driftlog_analyzers.detectors._shares import shares
from driftlog_analyzers.detectors.category_shift import (
    _deviance,
    _pooled,
    _single_values,
    category_shift,
)
from tests.analyzers.cases import (
    ABSENT,
    MINIMUM,
    SIZES,
    case,
    lists,
    numbers,
    planned,
    quiet,
    random_source,
    strings,
    undeclared,
)


def side_by_side(before, after):
    """Two lists of counts as `Shares`; values that occur nowhere are left out."""
    tables = ({str(i): int(c) for i, c in enumerate(counts) if c} for counts in (before, after))
    return shares(*(Categorical(table) for table in tables))


def test_rare_value_became_common():
    """A rare value that became common is named first, with its counts before and after."""
    before = strings({"a": 6000, "b": 3970, "c": 30})
    after = strings({"a": 500, "b": 300, "c": 200})

    result = category_shift(case(before, after), MINIMUM)

    assert (
        "category_shift",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: 'c', rare before (0.3 %), now makes up 20 % of 1,000 values",
        1000,
        pytest.approx(0.197),
        (
            Change("c", 0.003, 0.2, 30, 200),
            Change("a", 0.6, 0.5, 6000, 500),
            Change("b", 0.397, 0.3, 3970, 300),
        ),
        Condition("values", "f", ("c",)),
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
    assert result.p_value < 1e-100
    assert result.statistics["l_infinity"] == result.effect
    assert jensenshannon([0.6, 0.397, 0.003], [0.5, 0.3, 0.2], base=2.0) == pytest.approx(
        result.statistics["jensen_shannon"]
    )


def test_common_value_went():
    """A common value that went is named as such; an example shows what came instead."""
    before, after = strings({"a": 6000, "b": 4000}), strings({"a": 995, "b": 5})

    result = category_shift(case(before, after), MINIMUM)

    assert ("f: 'a' went from 60 % to 99.5 % of 1,000 values", Severity.HIGH, ("a",)) == (
        result.summary,
        result.severity,
        result.condition.values,
    )


def test_common_value_down():
    """Where the value that moved most is the one that went, the sentence says that it is down."""
    before = strings({"a": 4000, "b": 3000, "c": 3000})
    after = strings({"a": 5, "b": 500, "c": 495})

    result = category_shift(case(before, after), MINIMUM)

    assert "f: 'a', 40 % before, is down to 0.5 % of 1,000 values" == result.summary


def test_all_new_against_a_large_reference():
    """Twenty values that are all new beside a reference of ten thousand are a finding."""
    result = category_shift(case(strings({"a": 5000, "b": 5000}), strings({"c": 20})), MINIMUM)

    assert (Outcome.FINDING, 1.0) == (result.outcome, result.effect)
    assert result.p_value < 1e-50


def test_all_new_against_a_small_reference():
    """A reference of eleven events of which no value is left is enough."""
    result = category_shift(case(strings({"c": 11}), strings({"a": 5000, "b": 5000})), MINIMUM)

    assert Outcome.FINDING == result.outcome
    assert result.p_value < 1e-30


def test_many_small_moves():
    """Values that moved by half are a finding together, though none moved two points."""
    before = strings({f"v{i:03}": 1000 for i in range(100)})
    after = strings({f"v{i:03}": 50 if i < 50 else 150 for i in range(100)})

    result = category_shift(case(before, after), MINIMUM)

    assert Outcome.FINDING == result.outcome
    assert result.statistics["l_infinity"] < 0.02
    assert result.effect > 0.2
    assert result.p_value < 1e-100
    assert 10 == len(result.changes)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("common", [1.0, 0.995, 0.7])
def test_quiet_on_the_same(n, common):
    """The reference's own shares are no finding, at any size; a constant feature cannot shift."""
    rare = n - int(n * common)
    same = strings({"a": n - rare} | ({"b": rare // 2, "c": rare - rare // 2} if rare > 1 else {}))

    assert quiet(category_shift(case(same, same), MINIMUM))


@pytest.mark.parametrize("n", [20, 100, 5000, 100_000])
def test_quiet_on_the_same_proportions(n):
    """A window in exact proportion to the reference is no finding, and no distance is below 0."""
    rng = random_source(n)
    for _ in range(20):
        counts = rng.integers(n, 10 * n, rng.integers(2, 30))
        before = strings({str(i): int(c) * 3 for i, c in enumerate(counts)})
        after = strings({str(i): int(c) for i, c in enumerate(counts)})
        result = category_shift(case(before, after), MINIMUM)

        assert quiet(result)
        assert 0 <= result.statistics["jensen_shannon"] < 1e-6


def test_many_categories_in_few_events():
    """A hundred events of ten thousand equally frequent categories are what they must be."""
    drawn = random_source().integers(0, 10_000, 100)
    before = strings({f"c{i}": 10 for i in range(10_000)})
    after = strings(
        {
            f"c{value}": int(count)
            for value, count in zip(*np.unique(drawn, return_counts=True), strict=True)
        }
    )

    assert quiet(category_shift(case(before, after), MINIMUM))


def test_one_of_many_categories_became_common():
    """Ten events in a hundred of one of ten thousand categories are found."""
    before = strings({f"c{i}": 10 for i in range(10_000)})
    after = strings({f"c{i}": 1 for i in range(90)} | {"c9999": 10})

    result = category_shift(case(before, after), MINIMUM)

    assert (Outcome.FINDING, Change("c9999", 0.0001, 0.1, 10, 10)) == (
        result.outcome,
        result.changes[0],
    )
    assert result.p_value < 1e-8


def test_significant_but_small():
    """A point in a million events is significant and no finding."""
    before, after = (strings({"a": a, "b": 1_000_000 - a}) for a in (500_000, 510_000))

    result = category_shift(case(before, after), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-40


def test_too_few():
    """Fewer values than the minimum are answered with insufficient_data."""
    result = category_shift(case(strings({"a": 90, "b": 10}), strings({"b": 19})), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 values, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


def test_tails():
    """Unlisted values count in the shares of the listed ones and in the test."""
    before = strings({"a": 500}, tail=500)
    shifted, same = strings({"a": 95}, tail=5), strings({"a": 50}, tail=50)

    result = category_shift(case(before, shifted), MINIMUM)

    assert (Outcome.FINDING, (Change("a", 0.5, 0.95, 500, 95),)) == (result.outcome, result.changes)
    assert quiet(category_shift(case(before, same), MINIMUM))
    assert category_shift(case(strings({}, tail=100), strings({}, tail=100)), MINIMUM) is None


def test_only_the_tail_is_left():
    """A window without any listed value has the greatest distance and no value that came."""
    result = category_shift(case(strings({"a": 500}), strings({}, tail=100)), MINIMUM)

    assert (Outcome.FINDING, 1.0, ()) == (
        result.outcome,
        result.statistics["jensen_shannon"],
        result.condition.values,
    )


def test_lists_are_the_unit():
    """Lists are tested and not items: four items that always come together prove no more."""
    together, other = ["a", "b", "c", "d"], ["e", "f", "g", "h"]
    before = lists(*[together] * 500, *[other] * 500)
    after = lists(*[together] * 60, *[other] * 40)

    result = category_shift(case(before, after), MINIMUM)

    single = 2 * stats.hypergeom.sf(59, 1100, 560, 100)
    assert pytest.approx(8 * single if 8 * single < 1 else 1.0) == result.p_value


def test_list_item_became_common():
    """An item that comes to stand in many lists is found."""
    before = lists(*[["a", "b"]] * 990, *[["a", "rare"]] * 10)
    after = lists(*[["a", "b"]] * 80, *[["a", "rare"]] * 20)

    result = category_shift(case(before, after), MINIMUM)

    assert (Outcome.FINDING, {"b", "rare"}) == (
        result.outcome,
        {change.value for change in result.changes[:2]},
    )
    assert result.p_value < 1e-8


def test_nothing_to_say():
    """Undeclared, absent, numeric, all null and never seen features get no answer."""
    two = strings({"a": 50, "b": 50})

    assert category_shift(undeclared(two), MINIMUM) is None
    assert category_shift(case(two, ABSENT, window=9), MINIMUM) is None
    assert category_shift(case(two, FeatureProfile(nulls=9)), MINIMUM) is None
    assert category_shift(case(numbers(9), numbers(9)), MINIMUM) is None
    assert category_shift(planned(two, kind="categorical"), MINIMUM) is None
    assert category_shift(case(lists([], []), lists([], [])), MINIMUM) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [([50, 50], [60, 40]), ([500, 300, 200], [40, 35, 25]), ([10, 20, 30, 40], [100, 100, 50, 50])],
)
def test_homogeneity_is_scipys(before, after):
    """Where every value has enough occurrences, the test is Pearson's of the whole table."""
    expected = stats.chi2_contingency([before, after], correction=False)

    assert expected.pvalue == pytest.approx(homogeneity(_pooled(side_by_side(before, after))))


def test_homogeneity_pools_the_tail():
    """Values that expect fewer than five occurrences in the smaller sample are tested as one."""
    both = side_by_side([500, 400, *[10] * 10], [40, 50, *[1] * 10])
    pooled = [[500, 400, 100], [40, 50, 10]]
    expected = stats.chi2_contingency(pooled, correction=False)

    assert expected.pvalue == pytest.approx(homogeneity(_pooled(both)))


def test_deviance_is_the_g_statistic():
    """The statistic that chooses the candidates is that of the value's own table."""
    both = side_by_side([500, 300, 200], [40, 35, 25])
    expected = [
        stats.chi2_contingency(
            [[b, 1000 - b], [a, 100 - a]], correction=False, lambda_="log-likelihood"
        ).statistic
        for b, a in zip(both.before, both.after, strict=True)
    ]

    actual = _deviance(both.after, 100, both.before + both.after, 1100)

    assert pytest.approx(expected) == actual.tolist()


def exhaustive(both):
    """The smallest p-value of all values, times their number."""
    smallest = min(
        more_or_less_often(int(a), both.n, int(b), both.m)
        for b, a in zip(both.before, both.after, strict=True)
    )
    return min(1.0, len(both.values) * smallest)


def test_single_values_need_no_exhaustive_search():
    """The few candidates hold the smallest p-value, or one that means the same."""
    rng = random_source()
    for _ in range(300):
        k = int(rng.integers(2, 80))
        shape = rng.choice([0.05, 0.3, 3.0])
        source = rng.dirichlet(np.full(k, shape))
        moved = rng.dirichlet(source * rng.choice([20, 200, 2000]) + 1e-3)
        both = side_by_side(
            rng.multinomial(rng.integers(50, 20_000), source),
            rng.multinomial(rng.integers(20, 5_000), moved),
        )
        expected, actual = exhaustive(both), _single_values(both, both.n, both.m)

        assert expected <= actual <= max(3 * expected, 1e-300)


def test_single_values_with_a_frequent_one():
    """A value of 90 % that lost ten points is a candidate even beside nine new ones."""
    both = side_by_side([9000, 1000, *[0] * 9], [800, 101, *[11] * 9])

    assert exhaustive(both) == _single_values(both, both.n, both.m)


def test_false_findings():
    """Samples of one source have a p-value under 1 % in no more than 1 % of all tries."""
    rng = random_source()
    tries, found = 1500, 0
    for _ in range(tries):
        k = int(rng.integers(2, 60))
        source = rng.dirichlet(np.full(k, 0.5))
        before, after = (
            rng.multinomial(5000, source),
            rng.multinomial(rng.integers(20, 2000), source),
        )
        tables = (
            strings({str(i): int(c) for i, c in enumerate(counts) if c})
            for counts in (before, after)
        )
        result = category_shift(case(*tables), MINIMUM)
        found += result is not None and result.p_value < 0.01

    assert found <= 0.01 * tries + 3 * math.sqrt(0.01 * tries)
