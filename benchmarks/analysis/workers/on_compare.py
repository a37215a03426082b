"""Driftlog's `compare` of two data frames."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import duckdb

from driftlog_analyzers import _compare, compare


def work(job: dict[str, str], clock: Callable[[str], None]) -> list[str]:
    """Compare; what it does to the reference is its fit."""
    frames = [duckdb.read_parquet(job[name]).df() for name in ("reference rows", "window rows")]
    clock("load")
    made = _compare.baseline_from_frame

    def told(*args: Any, **options: Any) -> Any:
        baseline = made(*args, **options)
        clock("fit")
        return baseline

    with patch.object(_compare, "baseline_from_frame", told):
        found = compare(*frames)
    clock("run")
    return sorted({result.feature for result in found.findings})
