"""A day of which 24 hourly profiles are stored: merged, and profiled from its rows."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from pathlib import Path

from driftlog_analyzers import (
    SpoolStore,
    StateFile,
    Window,
    WindowProfile,
    baseline_from_store,
    parse_size,
)
from driftlog_analyzers._reference import profile_spec

HOUR, PRINT = parse_size("1h"), "the same"


def work(job: dict[str, str], clock: Callable[[str], None]) -> list[str]:
    """Store the hours; then profile the day from its rows, read the hours, merge them.

    Raises:
        SystemExit: the two days are not the same.
    """
    model = job["model"]
    start, end = (datetime.fromisoformat(job[f"window {name}"]) for name in ("start", "end"))
    with SpoolStore(job["reference spool"]) as store:
        made = baseline_from_store(store, model=model, version=job["version"])
    spec = profile_spec(made)
    with tempfile.TemporaryDirectory() as folder, StateFile(Path(folder) / "state.db") as state:
        with SpoolStore(job["window spool"]) as store:
            hours = list(HOUR.windows(start, end))
            for hour, profile in zip(hours, store.profiles(spec, hours), strict=True):
                state.save_profile(model, HOUR, hour, 0, PRINT, profile)
        clock("store")
        with SpoolStore(job["window spool"]) as store:
            (day,) = store.profiles(spec, [Window(start, end)])
        clock("from its rows")
        stored = [profile for _, _, profile in state.profiles(model, HOUR, start, end)]
        clock("read")
        merged = reduce(WindowProfile.merge, stored, WindowProfile())
        clock("merge")
    if (merged.events, len(merged.features)) != (day.events, len(day.features)):
        raise SystemExit(f"merged: {merged.events} events, from the rows: {day.events}")
    return []
