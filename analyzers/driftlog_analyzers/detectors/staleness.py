"""Staleness: the model version that serves is older than people want it to become.

A rule that is off unless people say how old a version may become. Nothing is said of a version that the baseline is
not of: its age is not known.
"""

from datetime import datetime, timedelta

from driftlog_analyzers._finding import Outcome, Result, Severity
from driftlog_analyzers._profile import WindowProfile

NAME = "staleness"
NOTICE = 0.9


def staleness(
    before: WindowProfile,
    after: WindowProfile,
    version: str,
    created: datetime,
    max_age: timedelta,
) -> Result | None:
    """Compare the version's age with the oldest it may become; the effect is the first over the second.

    A notice from nine tenths of that age on, a finding beyond it.

    Args:
        before: the reference's profile, whose first event may be older than the baseline.
        after: the window's profile.
        version: the baseline's.
        created: when the baseline was made, UTC.
        max_age: the oldest that the version may become.
    """
    if after.last is None or (after.versions and version not in after.versions):
        return None
    since = min(created, before.first or created)
    age = after.last - since
    share = age / max_age
    return Result(
        NAME,
        "",
        Outcome.FINDING if share >= NOTICE else Outcome.OK,
        f"version {version} is {age.days:,} days old, and may become {max_age.days:,}; train it anew",
        severity=Severity.LOW if share > 1 else Severity.INFO,
        n=after.events,
        effect=share,
        statistics={"days": age / timedelta(days=1)},
    )
