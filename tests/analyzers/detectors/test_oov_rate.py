import math

import numpy as np
import pytest
from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers._profile import FeatureProfile, Text
from driftlog_analyzers.detectors.oov_rate import _variance, oov_rate
from tests.analyzers.cases import (
    ABSENT,
    MINIMUM,
    SIZES,
    case,
    planned,
    quiet,
    random_source,
    strings,
    texts,
    undeclared,
)


def read(tokens, oov, unknown=None):
    """The summary of texts with these numbers of tokens and of unknown tokens."""
    tokens, oov = np.asarray(tokens), np.asarray(oov)
    return Text(
        n=len(tokens),
        tokens=int(tokens.sum()),
        oov=int(oov.sum()),
        tokens_sq=int((tokens * tokens).sum()),
        oov_sq=int((oov * oov).sum()),
        tokens_oov=int((tokens * oov).sum()),
        unknown=unknown or {},
    )


def some_unknown(n, hit, unknown):
    """Texts of ten tokens; the first `hit` hold one unknown token each."""
    return FeatureProfile(texts=n, text=read([10] * n, [1] * hit + [0] * (n - hit), unknown))


def test_fires():
    """Tokens outside the vocabulary are a finding that names the most frequent ones."""
    before = some_unknown(10_000, 1000, {})
    after = some_unknown(200, 120, {"zot": 80, "blip": 39, "rare": 1})

    result = oov_rate(case(before, after), MINIMUM)

    assert (
        "oov_rate",
        "f",
        Outcome.FINDING,
        Severity.MEDIUM,
        "f: 6 % of 2,000 tokens are unknown (before: 1 %), most of all 'zot', 'blip', 'rare'",
        200,
        pytest.approx(0.05),
        (
            Change("zot", 0.0, 0.4, 0, 80),
            Change("blip", 0.0, 0.195, 0, 39),
            Change("rare", 0.0, 0.005, 0, 1),
        ),
        {"oov_rate": 0.06, "usual_oov_rate": 0.01, "tokens_per_text": 10.0},
        Condition("unknown_tokens", "f", ("zot", "blip", "rare")),
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
    spread = math.sqrt(_variance(after.text) + _variance(before.text))
    assert pytest.approx(stats.norm.sf(0.05 / spread)) == result.p_value
    assert result.p_value < 1e-20


def test_tokens_that_were_always_unknown():
    """A token that was always unknown is not what moved: the newcomer stands first."""
    before = some_unknown(1000, 400, {"always": 400})
    after = some_unknown(100, 90, {"always": 41, "new": 40, "gone": 9})

    result = oov_rate(case(before, after), MINIMUM)

    assert (
        Change("new", 0.0, 0.4, 0, 40),
        Change("gone", 0.0, 0.09, 0, 9),
        Change("always", 0.4, 0.41, 400, 41),
    ) == result.changes


def test_unknown_tokens_without_names():
    """Where no token is listed the sentence names none."""
    result = oov_rate(case(some_unknown(1000, 0, {}), some_unknown(100, 90, {})), MINIMUM)

    assert "f: 9 % of 1,000 tokens are unknown (before: 0 %)" == result.summary


def test_all_unknown():
    """Another language is grave."""
    result = oov_rate(case(texts(1000), texts(100, oov=10)), MINIMUM)

    assert (Outcome.FINDING, Severity.HIGH, 1.0) == (result.outcome, result.severity, result.effect)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("oov", [0, 1, 10])
def test_quiet_on_the_same(n, oov):
    """The reference's own rate is no finding, at any size."""
    same = texts(n, oov=oov)

    assert quiet(oov_rate(case(same, same), MINIMUM))


def test_fewer_is_no_fault():
    """Fewer unknown tokens than before are fine."""
    result = oov_rate(case(texts(1000, oov=5), texts(1000, oov=1)), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value > 0.999


def test_significant_but_small():
    """A fifth of a high rate more is needed, however many the texts."""
    before, after = some_unknown(100_000, 50_000, {}), some_unknown(100_000, 56_000, {})

    result = oov_rate(case(before, after), MINIMUM)

    assert Outcome.OK == result.outcome
    assert result.p_value < 1e-100


def test_too_few():
    """Fewer texts than the minimum are answered with insufficient_data."""
    result = oov_rate(case(texts(1000), texts(19, oov=10)), MINIMUM)

    assert (Outcome.INSUFFICIENT, "f: 19 texts, at least 20 are needed") == (
        result.outcome,
        result.summary,
    )


def test_nothing_to_say():
    """Undeclared, absent, all null, never seen, wordless and other features get no answer."""
    some = texts(100)

    assert oov_rate(undeclared(some), MINIMUM) is None
    assert oov_rate(case(some, ABSENT, window=9), MINIMUM) is None
    assert oov_rate(case(some, FeatureProfile(nulls=9)), MINIMUM) is None
    assert oov_rate(planned(some, kind="text"), MINIMUM) is None
    assert oov_rate(case(some, texts(100, tokens=0)), MINIMUM) is None
    assert oov_rate(case(texts(100, tokens=0), some), MINIMUM) is None
    assert oov_rate(case(strings({"a": 9}), some), MINIMUM) is None


def test_variance_against_the_bootstrap():
    """Drawn again with their unknown tokens in clumps, texts scatter as the variance says."""
    rng = random_source()
    tokens = rng.integers(1, 40, 2000)
    oov = rng.binomial(tokens, rng.choice([0.01, 0.5], 2000, p=[0.9, 0.1]))
    again = rng.integers(0, 2000, (4000, 2000))
    rates = oov[again].sum(axis=1) / tokens[again].sum(axis=1)

    assert pytest.approx(rates.var(), rel=0.1) == _variance(read(tokens, oov))


def test_false_findings():
    """Texts of one source have a p-value under 1 % in no more than 1 % of all tries."""
    rng = random_source()
    tries, found = 2000, 0
    for _ in range(tries):
        sides = []
        for n in (2000, int(rng.integers(20, 500))):
            tokens = rng.integers(1, 30, n)
            oov = rng.binomial(tokens, rng.choice([0.005, 0.3], n, p=[0.97, 0.03]))
            sides.append(FeatureProfile(texts=n, text=read(tokens, oov)))
        found += oov_rate(case(*sides), MINIMUM).p_value < 0.01

    assert found <= 0.01 * tries + 3 * math.sqrt(0.01 * tries)
