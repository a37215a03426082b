"""Evidently: the data drift preset's own tests; at its best PSI at 0.2 and the missing values against the reference.

The preset is a drift metric per column and a count of these. Here the metrics are asked for without the count, and
without what each of them draws, which takes most of the time; in plain use, the preset is used as it is.
"""

from contextlib import ExitStack
from unittest.mock import patch

import pandas as pd
from evidently import Dataset, Report
from evidently.legacy.calculations import data_drift
from evidently.metrics import MissingValueCount, ValueDrift
from evidently.metrics.column_statistics import ValueDriftCalculation
from evidently.presets import DataDriftPreset
from lines import serve

PSI = 0.2


class Evidently:
    """Evidently learns nothing beforehand: it compares the reference with every window."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._reference = reference
        self._columns: dict[tuple, Dataset] = {}

    def look(self, window: pd.DataFrame) -> pd.DataFrame:
        """The window."""
        return window

    def alerts(self, setting: str, seen: pd.DataFrame, names: list[str]) -> list[str]:
        """As the preset: drift of the columns that are there."""
        there = [name for name in names if name in seen]
        metrics = [ValueDrift(column=name) for name in there]
        if setting == "best":
            metrics = [ValueDrift(column=name, method="psi", threshold=PSI) for name in there]
            metrics += [MissingValueCount(column=name) for name in names]
        key = tuple(names)
        if key not in self._columns:
            self._columns[key] = Dataset.from_pandas(self._reference[names])
        with _undrawn():
            return _failed(metrics, seen, self._columns[key])

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """The preset."""
        metrics = [DataDriftPreset()]
        if setting == "best":
            psi = DataDriftPreset(
                num_method="psi", cat_method="psi", num_threshold=PSI, cat_threshold=PSI
            )
            metrics = [psi, *(MissingValueCount(column=name) for name in self._reference)]
        return _failed(metrics, window, self._reference)


def _undrawn() -> ExitStack:
    """No plots, and no data for them."""
    stack = ExitStack()
    stack.enter_context(patch.object(ValueDriftCalculation, "_render", lambda *_: []))
    points = pd.DataFrame(), None
    stack.enter_context(
        patch.object(data_drift, "prepare_df_for_time_index_plot", lambda *_: points)
    )
    return stack


def _failed(metrics: list, window: pd.DataFrame, reference: pd.DataFrame | Dataset) -> list[str]:
    snapshot = Report(metrics, include_tests=True).run(window, reference)
    failed = [test for test in snapshot.dict()["tests"] if test["status"] == "FAIL"]
    columns = {test["metric_config"]["params"].get("column") for test in failed}
    return sorted(columns - {None})


if __name__ == "__main__":
    serve(Evidently)
