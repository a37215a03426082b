"""``driftlog across``: whether windows differ among themselves."""

import pytest

from tests.analyzers.rhythms import growing, log_days

WINDOW = ("--window", "1d")


@pytest.fixture
def spool(tmp_path, driftlog):
    """Two weeks of growing traffic, analyzed by the day."""
    folder = log_days(tmp_path / "spool", growing, 14)
    assert 0 == driftlog("baseline", "--spool", folder).code
    assert 0 == driftlog("analyze", "--spool", folder, *WINDOW).code
    return folder


def test_growth_differs_from_day_to_day(spool, driftlog):
    """All three tests see it, over all windows or the two that are named."""
    kruskal = driftlog("across", "--spool", spool, *WINDOW, "--json").json
    anova = driftlog("across", "--spool", spool, *WINDOW, "--test", "anova", "--json").json
    days = kruskal["amount"]["windows"]
    told = driftlog("across", "--spool", spool, *WINDOW, "--test", "t", "--feature", "amount")

    assert days > 10
    assert anova["amount"]["windows"] == days
    assert max(kruskal["amount"]["p_value"], anova["amount"]["p_value"]) < 1e-6
    assert (1, f"needs exactly two windows with numbers, and there are {days}" in told.err) == (
        told.code,
        True,
    )


def test_what_was_not_analyzed_or_is_no_number_is_told(spool, driftlog):
    """A size without windows names the command that makes them; an unknown feature those there are."""
    size = driftlog("across", "--spool", spool, "--window", "2h")
    feature = driftlog("across", "--spool", spool, *WINDOW, "--feature", "nope")

    assert (1, True) == (size.code, "analyze --model" in size.err)
    assert (1, True) == (feature.code, "numeric features: " in feature.err)
