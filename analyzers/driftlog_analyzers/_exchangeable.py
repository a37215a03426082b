"""Whether a reference's own windows could be random draws of it, as tests without calibration take them for.

Traffic with a rhythm or growth is none: its windows differ among themselves by more than chance explains, and each
later one will be found. A few windows of the reference, spread over it, tell.
"""

from dataclasses import dataclass

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._floors import within
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import WindowSize

MOST = 12
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Alike:
    """Some of the reference's windows beside all of it.

    Attributes:
        windows: how many were looked at.
        found: how many of them have findings.
        features: with a finding, summed over the windows.
        usual: whether the budget explains as many.
    """

    windows: int
    found: int
    features: int
    usual: bool


def alike(
    store: EventStore, baseline: Baseline, size: WindowSize, settings: Settings
) -> Alike | None:
    """Look at `MOST` windows of the reference; None where it has no times, or the log fewer than `FEWEST` of them.

    Raises:
        StoreError: the store could not answer completely.
    """
    first, last = baseline.profile.first, baseline.profile.last
    if first is None or last is None:
        return None
    every = store.windows(baseline.model, size, first, last)
    inside = [w for w in every if first <= w.start and w.end <= last]
    spread = inside[:: -(-len(inside) // MOST)] if inside else []
    profiles = store.profiles(profile_spec(baseline), spread)
    judged = [
        {result.feature for result in evaluate(profile, baseline, settings) if result.alerts}
        for profile in profiles
        if profile.events >= settings.min_events
    ]
    if len(judged) < FEWEST:
        return None
    features, bad = len(baseline.constraints), sum(map(len, judged))
    return Alike(
        len(judged),
        sum(map(bool, judged)),
        bad,
        usual=within(bad, features * len(judged), settings.budget),
    )
