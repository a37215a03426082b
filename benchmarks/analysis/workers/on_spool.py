"""Driftlog from the spool: what `analyze` does with one window."""

from collections.abc import Callable
from datetime import datetime

from driftlog_analyzers import Settings, SpoolStore, Window, baseline_from_store
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._reference import profile_spec


def work(job: dict[str, str], clock: Callable[[str], None]) -> list[str]:
    """A baseline of the reference's spool; then the window's spool is looked at for the first time."""
    with SpoolStore(job["reference spool"]) as store:
        baseline = baseline_from_store(store, model=job["model"], version=job["version"])
    clock("fit")
    window = Window(*(datetime.fromisoformat(job[f"window {end}"]) for end in ("start", "end")))
    with SpoolStore(job["window spool"]) as store:
        (profile,) = store.profiles(profile_spec(baseline), [window])
    results = evaluate(profile, baseline, Settings())
    clock("run")
    return sorted({result.feature for result in results if result.alerts})
