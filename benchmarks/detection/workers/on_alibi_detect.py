"""alibi-detect: TabularDrift with its Bonferroni correction; at its best with the benchmark's own budget as p-value."""

from typing import Any

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from lines import serve

DEFAULT, BUDGET = 0.05, 0.001


class AlibiDetect:
    """A detector for each column, whose p-value is compared with the corrected level of all columns together.

    Categories become numbers by the reference's list; a value outside it becomes one that nobody counts.
    """

    def __init__(self, reference: pd.DataFrame) -> None:
        self._reference = reference
        self._known = {
            name: {
                value: i
                for i, value in enumerate(sorted(reference[name].dropna().astype(str).unique()))
            }
            for name in reference
            if not pd.api.types.is_numeric_dtype(reference[name])
        }
        self._detectors = {name: self._detector([name], DEFAULT) for name in reference}

    def look(self, window: pd.DataFrame) -> dict[str, float]:
        """P-values, which both settings have in common."""
        encoded = {name: self._encoded(window, [name]) for name in window}
        return {name: self._predicted(name, rows) for name, rows in encoded.items()}

    def _predicted(self, name: str, rows: np.ndarray) -> float:
        found = self._detectors[name].predict(rows, drift_type="feature")["data"]
        return float(found["p_val"][0])

    def alerts(self, setting: str, seen: dict[str, float], names: list[str]) -> list[str]:
        """P-values below the level that Bonferroni's correction leaves of all columns' one."""
        level = self._level(setting) / self._reference.shape[1]
        return [name for name in names if seen[name] < level]

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """One detector with the library's own correction."""
        names = list(self._reference)
        detector = self._detector(names, self._level(setting))
        found = detector.predict(self._encoded(window, names), drift_type="batch")["data"]
        hits = np.atleast_1d(found["p_val"]) < found["threshold"]
        return [name for name, hit in zip(names, hits, strict=True) if hit]

    def _level(self, setting: str) -> float:
        return DEFAULT if setting == "default" else BUDGET * self._reference.shape[1]

    def _detector(self, names: list[str], level: float) -> Any:
        categories = {
            i: len(self._known[name]) for i, name in enumerate(names) if name in self._known
        }
        return TabularDrift(
            self._encoded(self._reference, names),
            p_val=level,
            categories_per_feature=categories,
            correction="bonferroni",
        )

    def _encoded(self, frame: pd.DataFrame, names: list[str]) -> np.ndarray:
        columns = []
        for name in names:
            if name in self._known:
                values, other = self._known[name], len(self._known[name])
                columns.append([values.get(str(value), other) for value in frame[name]])
            else:
                columns.append(frame[name].to_numpy(dtype=float))
        return np.column_stack(columns).astype(np.float32)


if __name__ == "__main__":
    serve(AlibiDetect)
