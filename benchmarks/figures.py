"""What races share: the cost of a piece of work, a fresh process for it, the rows and files of a result.

Only the standard library, since peers import it in environments of their own.
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
RESULTS = HERE / "results"
TRIAL = CACHE / "benchmarks" / "results"
"""Where figures of a small or partial run go, so that they replace no real ones."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work cost.

    Attributes:
        seconds: by the clock.
        cpu: processor seconds of all threads, which a busy machine does not stretch.
        mib: the most memory that the process ever held.
        done: how much of it there was, such as events.
    """

    seconds: float
    cpu: float
    mib: float
    done: int


def peak_mib() -> float:
    """The most memory that this process held, in MiB.

    Linux's ``ru_maxrss`` is no such figure: a process that Python starts begins with its parent's.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def cost_of(work: Callable[[], int]) -> Cost:
    """Do a piece of work, which says how much it did."""
    begin, cpu = time.perf_counter(), time.process_time()
    done = work()
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - begin
    return Cost(seconds, cpu, peak_mib(), done)


def tell(cost: Cost) -> None:
    """Print the cost for `fresh`."""
    print(json.dumps(asdict(cost)))


def fresh(script: Path, *words: object, python: str | Path = sys.executable) -> Cost:
    """Run a script that ends with `tell` in a process of its own."""
    command = [str(python), str(script), *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def row(
    subject: str,
    case: str,
    measure: tuple[str, str],
    every: Sequence[float],
    target: float | None = None,
) -> Row:
    """One row of a result, of a metric and its unit over all rounds; it is printed, too."""
    metric, unit = measure
    value = statistics.median(every)
    print(f"{subject:28} {case:36} {metric:36} {value:14,.3f} {unit}", flush=True)
    return {
        "subject": subject,
        "case": case,
        "metric": metric,
        "value": round(value, 3),
        "unit": unit,
        "spread": [round(min(every), 3), round(max(every), 3)],
        "target": target,
    }


def exponent(points: Mapping[int, float]) -> float:
    """The power of the size that gives the figure, by least squares of the logarithms over the upper decades.

    These are the largest size's own and the one below it: smaller sizes are ruled by what has a fixed cost.
    """
    upper = {size: value for size, value in points.items() if size * 100 >= max(points)}
    xs = [math.log(size) for size in upper]
    ys = [math.log(value) for value in upper.values()]
    return statistics.linear_regression(xs, ys).slope


def keep(race: str, about: str, rows: Sequence[Row], more: Mapping[str, str], home: Path) -> None:
    """Write the figures as JSON and as a table.

    Args:
        race: its name.
        about: what stands above the table.
        rows: of `row`.
        more: versions of what was measured.
        home: the folder.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    environment = {
        "python": platform.python_version(),
        **more,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }
    result = {"race": race, "date": now, "environment": environment, "rows": rows}
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{race}.json").write_text(json.dumps(result, indent=2) + "\n")
    words = ", ".join(f"{name} {value}" for name, value in environment.items())
    table = [
        f"{about}\n\n{now}; {words}.\n",
        "| subject | case | metric | median | from | to | unit | target |",
        "|---|---|---|---:|---:|---:|---|---:|",
        *map(_line, rows),
    ]
    (home / f"{race}.md").write_text("\n".join(table) + "\n")
    print(f"kept in {home / race}.json and .md")


def _line(one: Row) -> str:
    low, high = one["spread"]
    target = "" if one["target"] is None else one["target"]
    return (
        f"| {one['subject']} | {one['case']} | {one['metric']} | {one['value']:,} "
        f"| {low:,} | {high:,} | {one['unit']} | {target} |"
    )


def parser(about: str, rounds: int) -> argparse.ArgumentParser:
    """The options that races have in common."""
    options = argparse.ArgumentParser(description=about)
    options.add_argument("--rounds", type=int, default=rounds, help="default: %(default)s")
    options.add_argument(
        "--small", action="store_true", help="one round at small sizes, kept apart from the results"
    )
    return options
