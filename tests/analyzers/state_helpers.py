"""What the tests of the state file share."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._window import CountSize, TimeSize
from tests.analyzers.value_strategies import hour

ROOT = Path(__file__).parents[2]
HOUR = TimeSize(timedelta(hours=1))
DAY = TimeSize(timedelta(days=1))
THOUSAND = CountSize(1000)


def save_hours(state, *numbers, model="churn"):
    """Save a profile for each of these hours; the hour is its number of events."""
    for number in numbers:
        state.save_profile(model, HOUR, hour(number), 1, "f", WindowProfile(number))


def rows(path):
    """Everything in the file."""
    with sqlite3.connect(path) as database:
        tables = ("profile", "evaluation", "episode", "action")
        found = {name: list(database.execute(f"SELECT rowid, * FROM {name}")) for name in tables}
    database.close()
    return found
