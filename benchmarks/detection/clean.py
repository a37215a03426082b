"""How often a window without any fault alerts: rows of real data sets, shuffled, with the shipped defaults."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from benchmarks.detection.data import NAMES, Split, data_set, features, split, windows
from benchmarks.detection.faults import ALLOWED, Fault, faulty, must_stay_quiet
from benchmarks.detection.metrics import Rate
from benchmarks.detection.ours import Driftlog, DriftlogJudge, alerts

SIZES = (100, 500, 1_000, 5_000, 20_000)
LARGE = 20_000
LARGE_POOL = 59_000
MOST = 60
BUDGET = 1.0

Which = Counter[tuple[str, str, str, int]]
Counts = dict[int, Rate]


def measure(
    seeds: Sequence[int],
    sizes: Sequence[int] = SIZES,
    *,
    enough: int = 10_000,
    until: float = float("inf"),
    report: Callable[[str, Counts, Which], None] = lambda *_: None,
) -> tuple[Counts, Which]:
    """Features with an alert among clean feature-windows, by window size, and which alerts they were.

    Args:
        seeds: of the shuffles, as many as are needed.
        sizes: of the windows; `LARGE` ones of large pools only.
        enough: feature-windows of one size after which no further shuffle is cut into windows of that size.
        until: when no shuffle begins any more, by the monotonic clock.
        report: is told of each shuffle.
    """
    counts: Counts = {size: Rate(0, 0) for size in sizes}
    which: Which = Counter()
    for seed in seeds:
        wanted = [size for size in sizes if counts[size].n < enough]
        if not wanted or time.monotonic() > until:
            break
        for name in NAMES:
            source = split(data_set(name), seed)
            for size, found in _shuffle(source, wanted, which).items():
                counts[size] = Rate(counts[size].hits + found.hits, counts[size].n + found.n)
        report(f"clean: seed {seed}", counts, which)
    return counts, which


def _shuffle(source: Split, sizes: Sequence[int], which: Which) -> Counts:
    usable = [size for size in sizes if size < LARGE or len(source.pool) >= LARGE_POOL]
    if not usable:
        return {}
    judge = Driftlog().fit(source.reference, source.roles)
    return {size: _windows(source, judge, size, which) for size in usable}


def _windows(source: Split, judge: DriftlogJudge, size: int, which: Which) -> Rate:
    """Consecutive windows of the pool, so that no two share a row."""
    number = min(MOST, len(source.pool) // size)
    rows = source.pool.iloc[: number * size]
    hits = total = 0
    for profile in judge.profiles(rows, np.arange(len(rows)) // size).values():
        found = alerts(judge.results(profile))
        hits += len({alert.feature for alert in found})
        total += len(profile.features) + len(profile.predictions)
        which.update((source.name, alert.feature, str(alert.kind), size) for alert in found)
    return Rate(hits, total)


def quiet(seeds: Sequence[int], sizes: Sequence[int] = (100, 1_000)) -> dict[str, Rate]:
    """Windows with an alert among those changed by what is no fault, and among those of columns that never vary."""
    counts: dict[str, Rate] = {}
    for seed in seeds:
        for name in NAMES:
            source = _with_constants(split(data_set(name), seed))
            judge = Driftlog().fit(source.reference, source.roles)
            for fault in must_stay_quiet():
                for size in sizes:
                    _quiet(source, judge.allowing(ALLOWED), fault, size, counts)
    return counts


def _quiet(
    source: Split, judge: DriftlogJudge, fault: Fault, size: int, counts: dict[str, Rate]
) -> None:
    seed = source.seed
    chance = np.random.default_rng(seed)
    eligible = fault.eligible(features(source.reference, source.roles))
    if not eligible:
        return
    rows = windows(source.pool, size, 1, seed)
    chosen = eligible[int(chance.integers(len(eligible)))]
    found = {
        alert.feature for alert in judge.judge(faulty(rows, fault.inject(rows, chosen, chance)))
    }
    constants = found & set(CONSTANTS)
    for case, hit in (
        (fault.level, bool(found - constants)),
        ("constant columns", bool(constants)),
    ):
        before = counts.get(case, Rate(0, 0))
        counts[case] = Rate(before.hits + hit, before.n + 1)


CONSTANTS = ("always_null", "constant_text", "constant_number")


def _with_constants(source: Split) -> Split:
    def more(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**dict(zip(CONSTANTS, (None, "x", 7), strict=True)))

    return Split(source.name, source.seed, more(source.reference), more(source.pool), source.roles)
