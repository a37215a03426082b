"""From a sample of each window's events to what is said of how its features go together."""

from collections.abc import Mapping, Sequence

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._evaluate import level_of
from driftlog_analyzers._finding import Result
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._joint import SAMPLE, joint
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import Window
from driftlog_analyzers.detectors.multivariate import NAME, multivariate


def going_together(
    store: EventStore, baseline: Baseline, settings: Settings, windows: Sequence[Window]
) -> Mapping[Window, list[Result]]:
    """What is said of each window; nothing, and no scan, where the baseline was not made for that.

    Raises:
        StoreError: the store could not answer completely.
    """
    before = baseline.joint
    if before is None or NAME in settings.disabled:
        return {}
    features = [coding.feature for coding in before.codings]
    level = level_of(settings.budget, len(features))
    samples = store.sample(baseline.model, windows, features, SAMPLE)
    return {
        window: guarded(NAME, "", multivariate, before, joint(before.codings, rows), level)
        for window, rows in zip(windows, samples, strict=True)
        if rows
    }
