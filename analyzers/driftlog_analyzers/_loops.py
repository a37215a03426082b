"""The feedback loops of some windows beside the reference's, where people ask for them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._finding import Result
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import Window, WindowSize
from driftlog_analyzers.detectors import feedback

FIRST = 10
"""Windows at the log's beginning that stand for a reference that is not in the log."""


def loops(
    store: EventStore,
    baseline: Baseline,
    settings: Settings,
    size: WindowSize,
    windows: Sequence[Window],
) -> Mapping[Window, tuple[Result, ...]]:
    """What the detector says of each window; nothing, and no scan, where nobody asks for it.

    Raises:
        StoreError: the store could not answer completely.
    """
    spec = settings.feedback
    if spec is None or feedback.NAME in settings.disabled or not windows:
        return {}
    before = Followed()
    for followed in store.feedback(baseline.model, spec, _reference(store, baseline, size)):
        before = before.merge(followed)
    found = store.feedback(baseline.model, spec, windows)
    return {
        window: tuple(_asked(spec, before, after, settings.min_events))
        for window, after in zip(windows, found, strict=True)
    }


def _asked(spec: FeedbackSpec, before: Followed, after: Followed, least: int) -> list[Result]:
    return guarded(feedback.NAME, spec.input, feedback.feedback, spec, before, after, least)


def _reference(store: EventStore, baseline: Baseline, size: WindowSize) -> Sequence[Window]:
    first, last = baseline.profile.first, baseline.profile.last
    if first is not None and last is not None:
        return [Window(first, last + timedelta(microseconds=1))]
    return list(islice(store.windows(baseline.model, size), FIRST))
