"""A peer in plain use, by the judge that it has in the detection benchmark or here. Runs in the peer's environment."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import pandas as pd


def work(job: dict[str, str], clock: Callable[[str], None]) -> list[str]:
    """Fit, then judge the window."""
    module = import_module(job["judge"])
    frames = [pd.read_parquet(job[name]) for name in ("reference rows", "window rows")]
    clock("load")
    judge = getattr(module, job["class"])(frames[0])
    if job["judge"] == "on_nannyml":
        _fit_now(module, judge, job["setting"], *frames)
    clock("fit")
    alerts = judge.plain(job["setting"], frames[1])
    clock("run")
    return sorted(alerts)


def _fit_now(
    module: ModuleType, judge: Any, setting: str, reference: pd.DataFrame, window: pd.DataFrame
) -> None:
    """Fit what NannyML's judge else fits with the first window of a size."""
    names, size = tuple(reference.columns), len(window)
    calculators = module._calculators(reference, setting, size)  # noqa: SLF001 - the judge's own
    fitted = [calculator.fit(reference) for calculator in calculators]
    judge._fitted[setting, size, names] = fitted  # noqa: SLF001 - as above
