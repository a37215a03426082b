import pytest

from driftlog_analyzers._finding import Change, Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers.detectors.deployment import deployment
from tests.analyzers.cases import MINIMUM, SIZES, quiet


def window(n, **versions):
    """A window of n events of these versions; `v` stands before each number."""
    return WindowProfile(n, versions={name[1:]: count for name, count in versions.items()})


def test_mixed_versions():
    """A version that the reference does not know, among others, is a finding that names all of them."""
    result = deployment(window(1000, v1=1000), window(100, v1=70, v2=30), "1", MINIMUM)

    assert (
        "deployment",
        "",
        Outcome.FINDING,
        Severity.MEDIUM,
        "version 2 in 30 % of 100 events; the baseline is of version 1",
        100,
        0.3,
        None,
        (Change("1", 1.0, 0.7, 1000, 70), Change("2", 0.0, 0.3, 0, 30)),
    ) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.summary,
        result.n,
        result.effect,
        result.p_value,
        result.changes,
    )


def test_deployed():
    """Where all events are of one new version somebody deployed it, which is a notice."""
    result = deployment(window(1000, v1=1000), window(100, v2=100), "1", MINIMUM)

    assert (Outcome.FINDING, Severity.INFO, False, 1.0) == (
        result.outcome,
        result.severity,
        result.alerts,
        result.effect,
    )


def test_several_new_versions():
    """Several new versions are mixed, the most frequent named first, ties by their name."""
    result = deployment(window(1000, v1=1000), window(100, v4=20, v3=60, v2=20), "1", MINIMUM)

    assert (
        Severity.MEDIUM,
        "version 3 in 60 %, version 2 in 20 %, version 4 in 20 % of 100 events; the baseline is of version 1",
    ) == (result.severity, result.summary)


def test_events_without_version():
    """Events that name no version are a grave finding where the reference's events named theirs."""
    result = deployment(window(1000, v1=1000), window(100, v1=40), "1", MINIMUM)

    assert (
        Outcome.FINDING,
        Severity.HIGH,
        "no version in 60 % of 100 events; the baseline is of version 1",
        0.6,
    ) == (result.outcome, result.severity, result.summary, result.effect)


def test_reference_without_version():
    """A reference from a file names no version: the baseline's own is known, events without are not asked."""
    file = window(1000)

    assert Outcome.OK == deployment(file, window(100, v1=40), "1", MINIMUM).outcome
    assert Outcome.FINDING == deployment(file, window(100, v2=40), "1", MINIMUM).outcome
    assert deployment(file, window(100), "1", MINIMUM) is None


def test_pinned_version():
    """Where people named the only version that may serve, any other is grave, even the baseline's own."""
    reference = window(1000, v1=1000)
    served, own, unnamed = (
        deployment(reference, after, "1", MINIMUM, pinned="2")
        for after in (window(100, v2=100), window(100, v1=100), window(100))
    )

    assert Outcome.OK == served.outcome
    assert (
        Outcome.FINDING,
        Severity.HIGH,
        "version 1 in 100 % of 100 events; only 2 may serve",
    ) == (
        own.outcome,
        own.severity,
        own.summary,
    )
    assert (Outcome.FINDING, "no version in 100 % of 100 events; only 2 may serve") == (
        unnamed.outcome,
        unnamed.summary,
    )
    assert Outcome.FINDING == deployment(window(9), window(100), "1", MINIMUM, pinned="1").outcome


@pytest.mark.parametrize("n", SIZES)
def test_quiet_on_the_same(n):
    """The reference's own versions are known, at any size; several that it had stay known."""
    one, two = window(n, v1=n), window(n, v1=n // 2, v0=n - n // 2)

    assert quiet(deployment(one, one, "1", MINIMUM))
    assert quiet(deployment(two, two, "1", MINIMUM))
    assert quiet(deployment(two, window(n, v0=n), "1", MINIMUM))


def test_a_single_stray_event():
    """Fewer than one event in a hundred of another version are no finding."""
    reference = window(1000, v1=1000)

    assert Outcome.OK == deployment(reference, window(101, v1=100, v2=1), "1", MINIMUM).outcome
    assert Outcome.FINDING == deployment(reference, window(100, v1=99, v2=1), "1", MINIMUM).outcome


def test_too_few():
    """Fewer events than the minimum are answered with insufficient_data."""
    nineteen = deployment(window(9, v1=9), window(19, v2=19), "1", MINIMUM)
    one = deployment(window(9, v1=9), window(1, v2=1), "1", MINIMUM)

    assert (Outcome.INSUFFICIENT, "19 events, at least 20 are needed") == (
        nineteen.outcome,
        nineteen.summary,
    )
    assert "1 event, at least 20 are needed" == one.summary


def test_no_events():
    """A window that may be empty has nothing strange in it."""
    result = deployment(window(9, v1=9), window(0), "1", 0)

    assert (Outcome.OK, 0.0) == (result.outcome, result.effect)
