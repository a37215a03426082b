"""How often a window without any fault alerts: rows of real data sets, shuffled, with the shipped defaults.

Half of a data set is the reference, the other half is cut into windows; whatever alerts is false. Prints its seeds, and
writes benchmarks/results/false_alerts.json and .md. Run it with ``python benchmarks/false_alerts.py [SEED ...]``.
"""

import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from driftlog_analyzers import Baseline, Roles, Settings, WindowProfile, baseline_from_frame
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._scan import Relation, scan
from driftlog_analyzers._table import frame_table

DATA = Path(os.environ.get("DRIFTLOG_DATA", Path(__file__).parents[2] / "shared" / "data"))
RESULTS = Path(__file__).parent / "results"
SIZES = (100, 500, 1_000, 5_000)
SEEDS = (1, 2, 3, 4, 5)
BUDGET = 1.0


@dataclass(frozen=True)
class Count:
    """Alerts among clean feature-windows of one size."""

    alerts: int
    feature_windows: int

    @property
    def rate(self) -> float:
        """Alerts per 1,000 feature-windows."""
        return 1000.0 * self.alerts / self.feature_windows

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        found = binomtest(self.alerts, self.feature_windows).proportion_ci(method="wilson")
        return 1000.0 * float(found.low), 1000.0 * float(found.high)


def data_sets() -> dict[str, tuple[pd.DataFrame, Roles]]:
    """The four data sets with a time order, as they come."""
    hotel = DATA / "hotel_bookings" / "hotel_bookings.csv.gz"
    return {
        "bank": (
            pd.read_csv(DATA / "bank_marketing" / "bank-additional-full.csv", sep=";"),
            Roles(),
        ),
        "bike": (pd.read_csv(DATA / "bike_sharing" / "hour.csv"), Roles()),
        "hotel": (
            pd.read_csv(hotel, keep_default_na=False, na_values=[""], low_memory=False),
            Roles(),
        ),
        "sotu": (
            pd.read_csv(DATA / "sotu" / "sotu_sentences_1900_2020.csv"),
            Roles(text=frozenset({"text"})),
        ),
    }


def profiles(
    rows: pd.DataFrame, baseline: Baseline, roles: Roles, size: int
) -> Iterator[WindowProfile]:
    """The profiles of consecutive windows of `size` rows, made in one pass."""
    whole = len(rows) // size
    spec = profile_spec(baseline)
    with frame_table(rows.iloc[: whole * size], roles) as table:
        numbered = table.relation.sql.replace("SELECT 0 AS w", f"SELECT rowid // {size} AS w", 1)
        relation = Relation(numbered, table.relation.features, table.relation.predictions)
        found = scan(table.connection, relation, spec.features, spec.predictions)
    return (found[number] for number in range(whole))


def measure(seeds: tuple[int, ...]) -> tuple[dict[int, Count], Counter[tuple[str, str, str, int]]]:
    """Alerts by window size, and which they were."""
    alerts: Counter[int] = Counter()
    total: Counter[int] = Counter()
    which: Counter[tuple[str, str, str, int]] = Counter()
    for seed in seeds:
        for name, (frame, roles) in data_sets().items():
            rows = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
            half = len(rows) // 2
            baseline = baseline_from_frame(rows.iloc[:half], model=name, version="1", roles=roles)
            for size in SIZES:
                for profile in profiles(rows.iloc[half:], baseline, roles, size):
                    found = [
                        result
                        for result in evaluate(profile, baseline, Settings())
                        if result.alerts
                    ]
                    alerts[size] += len({result.feature for result in found})
                    total[size] += len(baseline.constraints)
                    which.update((name, result.feature, result.detector, size) for result in found)
    return {size: Count(alerts[size], total[size]) for size in SIZES}, which


def write(counts: dict[int, Count], seeds: tuple[int, ...]) -> None:
    """Keep the figures as JSON and as a table."""
    rows = [
        {
            "subject": "driftlog",
            "case": f"windows of {size}",
            "metric": "false_alerts_per_1000",
            "value": round(count.rate, 4),
            "unit": "per 1,000 clean feature-windows",
            "spread": [round(bound, 4) for bound in count.interval],
            "target": BUDGET,
        }
        for size, count in counts.items()
    ]
    environment = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "seeds": list(seeds),
    }
    document = {"race": "false_alerts", "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    document |= {"environment": environment, "rows": rows}
    (RESULTS / "false_alerts.json").write_text(json.dumps(document, indent=2) + "\n")
    lines = [
        "# False alerts on shuffled real data",
        "",
        f"`python benchmarks/false_alerts.py {' '.join(map(str, seeds))}`: the numbers are the seeds. Bank, bike,",
        "hotel and State of the Union data, half of each the reference, half the windows; shipped defaults.",
        "",
        "| window size | feature-windows | alerts | per 1,000 | Wilson 95 % | target |",
        "|---|---|---|---|---|---|",
    ]
    for size, count in counts.items():
        low, high = count.interval
        lines.append(
            f"| {size:,} | {count.feature_windows:,} | {count.alerts} | {count.rate:.3f} | "
            f"{low:.3f} to {high:.3f} | at most 1 |"
        )
    (RESULTS / "false_alerts.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Measure, print, keep."""
    if not DATA.exists():
        sys.exit(f"{DATA} is not there; set DRIFTLOG_DATA to the folder with the public data sets")
    seeds = tuple(map(int, sys.argv[1:])) or SEEDS
    begin = time.perf_counter()
    counts, which = measure(seeds)
    write(counts, seeds)
    print((RESULTS / "false_alerts.md").read_text())
    for (name, feature, detector, size), times in which.most_common(20):
        print(f"{times} x {name}.{feature}: {detector}, windows of {size}")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
