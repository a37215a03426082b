"""The rounds: every subject at every size in turn, each time in a fresh process."""

import subprocess
import sys
from collections.abc import Sequence

from benchmarks.analysis import places
from benchmarks.analysis.subjects import SUBJECTS, Subject, Told, once, ready

Runs = dict[tuple[str, int], list[Told]]
"""By a subject's key and the rows of the window, its runs, a round after the other."""


def prepare(sizes: Sequence[int]) -> None:
    """Make the files that are missing, in processes of their own."""
    for rows in sizes:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.analysis.stored", str(rows)],
            check=True,
            cwd=places.ROOT,
        )


def race(subjects: Sequence[Subject], sizes: Sequence[int], rounds: int, limit: float) -> Runs:
    """Run them; one that came to no end is not asked again, neither at that size nor at a larger one."""
    runs: Runs = {}
    away = {subject.key: reason for subject in subjects if (reason := ready(subject))}
    for key, reason in away.items():
        print(f"{key} cannot be installed: {reason}", flush=True)
    for number in range(rounds):
        for rows in sorted(sizes):
            for subject in subjects:
                if subject.key not in away and not gave_up(runs, subject, rows):
                    told = once(subject, rows, limit)
                    runs.setdefault((subject.key, rows), []).append(told)
                    print(f"round {number + 1}: {_line(subject, rows, told)}", flush=True)
    return runs


def gave_up(runs: Runs, subject: Subject, rows: int) -> bool:
    """Whether it came to no end at this size or at a smaller one."""
    return any(
        told.trouble
        for (key, size), every in runs.items()
        for told in every
        if key == subject.key and size <= rows
    )


def chosen(keys: Sequence[str]) -> list[Subject]:
    """The subjects of these keys; all, where there are none."""
    return [subject for subject in SUBJECTS if not keys or subject.key in keys]


def _line(subject: Subject, rows: int, told: Told) -> str:
    times = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in told.seconds.items())
    return f"{subject.name}, {rows:,} rows: {times} s; {told.peak:.0f} MiB; {told.trouble or 'ok'}"
