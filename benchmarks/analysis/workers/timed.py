"""Runs one subject in its own environment: ``python timed.py WORKER JOB`` prints a line of JSON at the end of a phase.

A line is ``{"phase": str, "seconds": float, "peak": MiB so far}``; the last one's phase is ``said`` and has the
features that the subject alerts on as ``alerts``. So a subject that is stopped has told how far it came.
"""

import json
import resource
import sys
import time
import warnings
from importlib import import_module
from typing import TextIO


class Clock:
    """Tells a phase that has ended, and begins the next one."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = time.perf_counter()

    def __call__(self, phase: str, **more: object) -> None:
        """A phase has ended."""
        seconds = time.perf_counter() - self._last
        told = {"phase": phase, "seconds": round(seconds, 5), "peak": peak(), **more}
        print(json.dumps(told), file=self._out, flush=True)
        self._last = time.perf_counter()


def peak() -> float:
    """Peak memory in MiB of this process, with its largest child's."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(sum(resource.getrusage(one).ru_maxrss for one in who) / 1024, 1)


def main() -> None:
    """Import the worker, let it work."""
    worker, job = sys.argv[1], json.loads(sys.argv[2])
    out, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    clock = Clock(out)
    module = import_module(job.get("judge", worker))
    if module.__name__ != worker:
        module = import_module(worker)
    clock("import")
    alerts = module.work(job, clock)
    clock("said", alerts=alerts)


if __name__ == "__main__":
    main()
