"""Evidently: the data drift preset's own tests; at its best PSI at 0.2 and the missing values against the reference.

The preset is a drift metric per column and a count of these. Here it is taken without the count, and without what each
metric draws, which takes most of the time; in plain use, it is taken as it is.
"""

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pandas as pd
from evidently import Dataset, Report
from evidently.legacy.calculations import data_drift
from evidently.metrics import MissingValueCount
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
        """The preset's drift metrics of these columns."""
        key = tuple(names)
        if key not in self._columns:
            self._columns[key] = Dataset.from_pandas(self._reference[names])
        with _undrawn():
            return _failed(_metrics(Bare, setting, names), seen, self._columns[key])

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """The preset."""
        metrics = _metrics(DataDriftPreset, setting, list(self._reference))
        return _failed(metrics, window, self._reference)


class Bare(DataDriftPreset):
    """The preset without its count and its own drawings."""

    def generate_metrics(self, context: Any) -> Any:
        """The drift metrics, which come after the count."""
        return super().generate_metrics(context)[1:]

    def render(self, *_: Any, **__: Any) -> list:
        """Nothing."""
        return []


def _metrics(preset: type[DataDriftPreset], setting: str, names: list[str]) -> list:
    if setting == "default":
        return [preset()]
    psi = preset(num_method="psi", cat_method="psi", num_threshold=PSI, cat_threshold=PSI)
    return [psi, *(MissingValueCount(column=name) for name in names)]


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
