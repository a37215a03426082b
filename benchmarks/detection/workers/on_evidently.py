"""Evidently: the data drift preset's own tests; at its best PSI at 0.2 and the missing values against the reference."""

import pandas as pd
from evidently import Report
from evidently.metrics import MissingValueCount
from evidently.presets import DataDriftPreset
from lines import Judge, serve

PSI = 0.2


def fit(reference: pd.DataFrame, setting: str) -> Judge:
    """Evidently learns nothing beforehand: it reads the reference with every window."""
    presets: list = [DataDriftPreset()]
    if setting == "best":
        missing = [MissingValueCount(column=name) for name in reference.columns]
        presets = [_psi(), *missing]

    def judge(window: pd.DataFrame) -> list[str]:
        snapshot = Report(presets, include_tests=True).run(window, reference)
        failed = [test for test in snapshot.dict()["tests"] if test["status"] == "FAIL"]
        return [name for test in failed if (name := _column(test)) is not None]

    return judge


def _psi() -> DataDriftPreset:
    return DataDriftPreset(num_method="psi", cat_method="psi", num_threshold=PSI, cat_threshold=PSI)


def _column(test: dict) -> str | None:
    return test["metric_config"]["params"].get("column")


if __name__ == "__main__":
    serve(fit)
