"""``measure.py MODULE NAME JOB``: measure one contender and print JSON; runs in the contender's own environment."""

import importlib
import json
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import clocks
from event import Contender, Place


def made(module: str, name: str, where: Place) -> Contender:
    """Make a contender."""
    contender: Contender = importlib.import_module(module).CONTENDERS[name](where)
    return contender


def measured(contender: Contender, beside: Contender | None, job: dict[str, Any]) -> dict[str, Any]:
    """Do what the job asks: ``speed``, ``growth``, ``drained`` or ``paced``."""
    if job["what"] in ("growth", "drained"):
        found = getattr(clocks, job["what"])(contender, job["calls"], job["seconds"])
        return dict(found)
    if job["what"] == "paced":
        clocks.enough(contender, job["calls"], 1.0)
        return clocks.paced(contender, job["calls"], job["per_second"])
    calls = clocks.enough(contender, job["calls"], job["seconds"])
    found: dict[str, Any] = {"calls": calls}
    for threads in job["threads"]:
        time = clocks.saturated(contender, calls, threads)
        found[str(threads)] = {"time": time, **clocks.latencies(contender, calls, threads)}
        if beside is not None:
            found[str(threads)]["ratio"] = clocks.ratio(contender, beside, calls, threads)
    if job["memory"]:
        found |= clocks.allocations(contender, min(calls, 2_000))
    return found


def main() -> None:
    """Make the contender, measure, print; end without waiting for what it may have left to do."""
    out, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    job = json.loads(sys.argv[3])
    where = Place(Path(job["folder"]), job["http"], job["tcp"], job.get("url"))
    contender = made(sys.argv[1], sys.argv[2], where)
    beside = None
    if job.get("beside"):
        folder = where.folder / "beside"
        folder.mkdir()
        beside = made(*job["beside"], replace(where, folder=folder))
        clocks.enough(beside, job["calls"], job["seconds"])
    print(json.dumps(measured(contender, beside, job)), file=out, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
