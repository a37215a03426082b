"""A month of five-minute windows in simulated time: what two analyzers lose, do twice, and alert about without a fault.

Run it with ``python benchmarks/month.py [DAYS [KILLS [SEED]]]``. It ends with 1 where a window was lost or saved twice,
or an alert was to be told twice. The suite does the same on fewer days.
"""

import json
import os
import platform
import random
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.faults.month import Month, simulate  # noqa: E402 - the project's root is no package

FEATURES, PER_WINDOW = 50, 30
DELAY = 2  # the default for windows of less than an hour
DEFAULTS = (30, 60, random.SystemRandom().randrange(1 << 32))


def _or_empty(target: float | None) -> str:
    return "" if target is None else f"{target:g}"


def rows(found: Month) -> list[dict[str, Any]]:
    """Give the figures as rows of a result file."""
    case = (
        f"{found.windows:,} windows of 5 minutes, {FEATURES} features, {found.kills} kills,"
        f" {found.jumps} clock jumps"
    )
    figures = [
        (case, "windows_lost", found.lost, "windows", 0),
        (case, "windows_saved_twice", found.twice, "revisions", 0),
        (case, "double_notifications", found.doubled, "intents", 0),
    ]
    figures += [
        (
            f"{case}, alerts.delay = {delay}{', the default' if delay == DELAY else ''}",
            "alerts_per_week_without_fault",
            alerts / found.weeks,
            "alerts",
            1.0 if delay == DELAY else None,
        )
        for delay, alerts in sorted(found.alerts.items(), reverse=True)
    ]
    return [
        {
            "subject": "driftlog",
            "case": name,
            "metric": metric,
            "value": round(value, 3),
            "unit": unit,
            "spread": None,
            "target": target,
        }
        for name, metric, value, unit, target in figures
    ]


def keep(found: Month) -> None:
    """Write the figures as JSON and as a table."""
    lines = rows(found)
    result = {
        "race": "month",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load": [round(load, 1) for load in os.getloadavg()],
        },
        "simulated": asdict(found),
        "rows": lines,
    }
    (HERE / "results" / "month.json").write_text(json.dumps(result, indent=2) + "\n")
    table = ["| case | metric | value | target |", "|---|---|---|---|"]
    table += [
        f"| {r['case']} | {r['metric']} | {r['value']:g} {r['unit']} | {_or_empty(r['target'])} |"
        for r in lines
    ]
    head = (
        f"# A month in simulated time\n\n{lines[0]['case']}, {found.turns:,} runs, {found.late:,} late events, seed"
        f" {found.seed}. `python benchmarks/month.py`\n\n"
    )
    (HERE / "results" / "month.md").write_text(head + "\n".join(table) + "\n")


def main() -> int:
    """Run it and keep what came of it."""
    given = [int(number) for number in sys.argv[1:4]]
    days, kills, seed = (*given, *DEFAULTS[len(given) :])
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        found = simulate(
            Path(folder),
            days=days,
            features=FEATURES,
            per_window=PER_WINDOW,
            kills=kills,
            seed=seed,
        )
    keep(found)
    print(json.dumps(asdict(found), indent=2))
    return int(bool(found.lost or found.twice or found.doubled))


if __name__ == "__main__":
    sys.exit(main())
