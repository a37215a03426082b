"""What the labels say of each window. They arrive late, so it is asked again in every run."""

from collections.abc import Mapping, Sequence

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._quality import Quality, compared
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore, QualitySpec
from driftlog_analyzers._window import Window
from driftlog_analyzers.detectors.quality import NAME


def held_against_labels(
    store: EventStore, baseline: Baseline, settings: Settings, windows: Sequence[Window]
) -> Mapping[Window, Quality]:
    """The quality of each window; nothing, and no scan, where the baseline or the log has no labels.

    Raises:
        StoreError: the store could not answer completely.
    """
    if baseline.quality is None or NAME in settings.disabled or not store.labelled(baseline.model):
        return {}
    spec = QualitySpec(baseline.model, compared(baseline.profile.predictions))
    return dict(zip(windows, store.quality(spec, windows), strict=True))
