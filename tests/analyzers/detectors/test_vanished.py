import pytest

from driftlog_analyzers._finding import Change, Condition, Outcome, Severity
from driftlog_analyzers.detectors.vanished import vanished
from tests.analyzers.cases import ABSENT, SIZES, case, numbers, planned, quiet, strings, undeclared


def test_gone_altogether():
    """A feature that no event carries has vanished, and the counts say so."""
    result = vanished(case(numbers(5000), ABSENT, window=1000))

    assert (
        "vanished",
        "f",
        Outcome.FINDING,
        Severity.CRITICAL,
        "f vanished: it is absent from 100 % of 1,000 events (before: 0 %)",
        1000,
        1.0,
        (Change("absent", 0.0, 1.0, 0, 1000),),
        Condition("absent", "f"),
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
    assert result.p_value < 1e-300


def test_gone_in_part():
    """A feature that five in a hundred events lack is absent from them, not vanished."""
    result = vanished(case(numbers(5000), numbers(950), window=1000))

    assert (
        Outcome.FINDING,
        Severity.HIGH,
        "f is absent from 5 % of 1,000 events (before: 0 %)",
        (Change("absent", 0.0, 0.05, 0, 50),),
    ) == (result.outcome, result.severity, result.summary, result.changes)
    assert result.p_value < 1e-30


def test_a_stray_event_is_no_finding():
    """One event in a thousand without the feature stays under the floor."""
    result = vanished(case(numbers(5000), numbers(999), window=1000))

    assert Outcome.OK == result.outcome


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("missing", [0.0, 0.0005, 0.3])
def test_quiet_on_the_same_rate(n, missing):
    """The reference's own absence rate is no finding, at any size."""
    gone = int(n * missing)

    assert quiet(vanished(case(numbers(n - gone), numbers(n - gone), events=n, window=n)))


def test_nulls_are_present():
    """A feature that is null in every event has not vanished."""
    result = vanished(case(numbers(5000), strings({}, nulls=100)))

    assert (Outcome.OK, 0.0) == (result.outcome, result.effect)


def test_one_event():
    """One event without the feature proves little against a reference of one."""
    result = vanished(case(numbers(1), ABSENT, window=1))

    assert 0.5 == pytest.approx(result.p_value)


def test_optional_feature_vanishes():
    """A feature of every other event that is in none any more has vanished, too."""
    result = vanished(case(numbers(2500), ABSENT, events=5000, window=200))

    assert (
        Outcome.FINDING,
        Severity.CRITICAL,
        "f vanished: it is absent from 100 % of 200 events (before: 50 %)",
        0.5,
    ) == (result.outcome, result.severity, result.summary, result.effect)
    assert result.p_value < 1e-40


def test_optional_feature_may_become_rarer():
    """A feature of every other event may come in every third: nobody said that it is required."""
    result = vanished(case(numbers(2500), numbers(333), events=5000, window=1000))

    assert Outcome.OK == result.outcome


def test_people_may_let_it_go():
    """A feature that the reference always has, marked as not required, may vanish."""
    assert vanished(case(numbers(5000), ABSENT, window=1000, required=False)) is None


def test_people_may_require_it():
    """A feature marked as required is still compared with its usual rate."""
    half = numbers(2500)

    same = vanished(case(half, numbers(500), events=5000, window=1000, required=True))
    worse = vanished(case(half, numbers(300), events=5000, window=1000, required=True))

    assert (Outcome.OK, Outcome.FINDING) == (same.outcome, worse.outcome)


def test_nothing_to_say():
    """An undeclared feature, and a window without events, are no business of this detector."""
    assert vanished(undeclared(ABSENT, window=10)) is None
    assert vanished(case(numbers(10), ABSENT, window=0)) is None


def test_never_there():
    """A planned feature that never came has not vanished."""
    result = vanished(planned(ABSENT, kind="numeric", window=1000))

    assert Outcome.OK == result.outcome


def test_empty_reference():
    """Against a reference without events nothing is significant."""
    result = vanished(case(ABSENT, ABSENT, events=0, window=100, required=True))

    assert 1.0 == result.p_value
