"""The reference and the windows as files, made once: Parquet for whom reads frames, and a spool written by the logger.

``python -m benchmarks.analysis.stored ROWS`` makes them.
"""

import shutil
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from benchmarks.analysis import places
from benchmarks.analysis.columns import frame
from benchmarks.analysis.places import DAY, MODEL, VERSION

from driftlog import PredictionLogger, SpoolLimits

PART = 100_000


def make(folder: Path, rows: int) -> None:
    """Make ``rows.parquet`` and ``spool`` where the folder is not there."""
    if folder.is_dir():
        return
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    table = frame(rows, window=folder.name.startswith("window"))
    with duckdb.connect() as connection:
        connection.from_df(table).write_parquet(str(making / "rows.parquet"))
    _log(making / "spool", table, places.start(folder))
    making.rename(folder)


def _log(spool: Path, table: pd.DataFrame, start: datetime) -> None:
    """Log the rows evenly over a day.

    Raises:
        SystemExit: not all of them are on disk.
    """
    times = start.timestamp() + np.arange(len(table)) * (DAY.total_seconds() / len(table))
    limits = SpoolLimits(spool_bytes=1 << 40)
    written = 0
    with PredictionLogger(
        model=MODEL, version=VERSION, spool=spool, nan="null", limits=limits
    ) as logger:
        for first in range(0, len(table), PART):
            part = slice(first, first + PART)
            written += logger.log_batch(table.iloc[part], timestamps=times[part].tolist())
    if written != len(table):
        raise SystemExit(f"{spool}: {written} of {len(table)} rows were logged")


if __name__ == "__main__":
    count = int(sys.argv[1])
    make(places.reference(count), places.reference_rows(count))
    make(places.window(count), count)
