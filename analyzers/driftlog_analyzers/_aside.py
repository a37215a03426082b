"""What a store set aside of each window, where it reads lines at all."""

from collections.abc import Mapping, Sequence

from driftlog_analyzers._damage import Damaged, DamageStore
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import EventStore
from driftlog_analyzers._window import Window
from driftlog_analyzers.detectors.log_damage import NAME


def damages(
    store: EventStore, model: str, windows: Sequence[Window], settings: Settings
) -> Mapping[Window, Damaged]:
    """The windows with damaged lines; none where the store has no lines.

    Raises:
        StoreError: the store could not answer completely.
    """
    if NAME in settings.disabled or not isinstance(store, DamageStore):
        return {}
    found = zip(windows, store.damaged(model, windows), strict=True)
    return {window: damaged for window, damaged in found if damaged.lines}
