import pytest

from driftlog_analyzers._finding import Change, Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers.detectors.deployment import deployment
from tests.analyzers.cases import MINIMUM


def window(versions, schemas):
    """A window with these events by version and by schema."""
    return WindowProfile(sum(versions.values()), versions=versions, schemas=schemas)


KNOWN = window({"7": 1000}, {"aa": 1000})


def told(before, after, version="7", **settings):
    """What the detector says of a window."""
    return deployment(before, after, version, MINIMUM, **settings)


def test_changed_within_a_version():
    """A known version with an unknown schema is a finding that shows both schemas."""
    result = told(KNOWN, window({"7": 100}, {"aa": 60, "bb": 40}))

    assert (Outcome.FINDING, Severity.HIGH, 0.4) == (
        result.outcome,
        result.severity,
        result.effect,
    )
    assert result.summary.startswith("schema changed within version 7 in 40 % of 100 events: ")
    assert (Change("aa", 1.0, 0.6, 1000, 60), Change("bb", 0.0, 0.4, 0, 40)) == result.changes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (KNOWN, window({"7": 100}, {"aa": 100})),
        (KNOWN, window({"7": 100}, {})),
        (window({"7": 1000}, {}), window({"7": 100}, {"bb": 100})),
        (KNOWN, window({"7": 1000}, {"aa": 991, "bb": 9})),
        (WindowProfile(), window({"7": 100}, {"aa": 100})),
    ],
    ids=["the same", "not logged", "reference without", "under a hundredth", "empty reference"],
)
def test_no_change(before, after):
    """The same schema, or none to compare with, is ok."""
    assert Outcome.OK is told(before, after).outcome


def test_another_version_may_have_another_schema():
    """A new version brings its schema: that is told as a version, and no more."""
    whole = told(KNOWN, window({"8": 100}, {"bb": 100}))
    mixed = told(KNOWN, window({"7": 60, "8": 40}, {"aa": 60, "bb": 40}))

    assert (Outcome.FINDING, Severity.INFO) == (whole.outcome, whole.severity)
    assert (Outcome.FINDING, Severity.MEDIUM) == (mixed.outcome, mixed.severity)
    assert "schema" not in whole.summary + mixed.summary


def test_more_of_the_schema_than_of_the_version():
    """What the new version cannot explain is told beside it."""
    result = told(KNOWN, window({"7": 60, "8": 40}, {"aa": 30, "bb": 70}))

    assert "version 8 in 40 %" in result.summary
    assert "; schema changed within version 7 in 30 % of 100 events" in result.summary
    assert (Severity.HIGH, 0.4) == (result.severity, result.effect)
    assert {"7", "8", "aa", "bb"} == {change.value for change in result.changes}


def test_two_schemas_of_one_unknown_version():
    """A version that the reference does not know contradicts itself with two schemas."""
    result = told(KNOWN, window({"8": 100}, {"bb": 50, "cc": 50}))

    assert "schema changed within version 8 in 50 % of 100 events" in result.summary
    assert Severity.HIGH is result.severity


def test_too_few_events():
    """Under the minimum nothing is said of schemas either."""
    assert Outcome.INSUFFICIENT is told(KNOWN, window({"7": 9}, {"bb": 9})).outcome
