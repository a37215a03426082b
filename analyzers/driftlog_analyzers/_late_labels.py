"""What the labels say of each window. They arrive late, so it is asked again in every run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._profile import Slice, slice_name
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
    slices = tuple(baseline.profile.parts)
    return dict(zip(windows, quality_by_slice(store, spec, slices, windows), strict=True))


def quality_by_slice(
    store: EventStore, spec: QualitySpec, slices: Sequence[Slice], windows: Sequence[Window]
) -> list[Quality]:
    """The quality of each window with that of its slices; a scan for each.

    Raises:
        StoreError: the store could not answer completely.
    """
    found = list(store.quality(spec, windows))
    for part in slices:
        own = store.quality(replace(spec, part=part), windows)
        name = slice_name(part)
        found = [
            replace(whole, parts={**whole.parts, name: quality})
            for whole, quality in zip(found, own, strict=True)
        ]
    return found
