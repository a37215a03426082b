"""Deepchecks: the feature drift check, held against its own condition's limit; it samples 100,000 rows."""

import pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import FeatureDrift

LIMIT = 0.2


class Deepchecks:
    """Deepchecks learns nothing beforehand: it compares the reference with every window."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._categories = [
            name for name in reference if not pd.api.types.is_numeric_dtype(reference[name])
        ]
        self._reference = self._dataset(reference)

    def plain(self, _setting: str, window: pd.DataFrame) -> list[str]:
        """The columns with a score that the condition does not let pass."""
        found = FeatureDrift().run(self._reference, self._dataset(window)).value
        return sorted(name for name, one in found.items() if (one["Drift score"] or 0.0) >= LIMIT)

    def _dataset(self, frame: pd.DataFrame) -> Dataset:
        return Dataset(frame, cat_features=self._categories)
