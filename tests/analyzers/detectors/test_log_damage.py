import pytest

from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._finding import Change, Outcome, Severity
from driftlog_analyzers.detectors.log_damage import log_damage


def damaged(lines, aside="spool/aside"):
    """So many lines of foreign text."""
    return Damaged({"foreign": lines}, aside)


@pytest.mark.parametrize(
    ("events", "lines", "outcome"),
    [
        (0, 9, Outcome.OK),
        (0, 10, Outcome.FINDING),
        (990, 10, Outcome.FINDING),
        (991, 10, Outcome.OK),
        (100, 5, Outcome.OK),
        (100_000, 1_011, Outcome.FINDING),
        (100_000, 1_000, Outcome.OK),
    ],
)
def test_floor(events, lines, outcome):
    """A finding needs ten damaged lines, and one of a hundred."""
    assert outcome == log_damage(events, damaged(lines)).outcome


def test_what_it_says():
    """The finding counts the lines by reason, the most frequent first, and says where they are."""
    result = log_damage(1_000, Damaged({"foreign": 3, "torn": 17, "zero-filled": 3}, "spool/aside"))

    assert (
        "23 lines of the log (2.2 %) cannot be read as events and were set aside in spool/aside:"
        " torn 17, foreign 3, zero-filled 3"
    ) == result.summary
    assert Change("torn", 0.0, 17 / 1023, 0, 17) == result.changes[0]
    assert (23 / 1023, 1023, None) == (result.effect, result.n, result.p_value)


def test_left_where_they_are():
    """Where nothing can be set aside it says so."""
    assert "were left where they are: " in log_damage(0, damaged(10, "")).summary


def test_severity():
    """One line of ten is grave."""
    assert [Severity.MEDIUM, Severity.HIGH] == [
        log_damage(900, damaged(lines)).severity for lines in (99, 100)
    ]
