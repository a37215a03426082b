"""From the runs to the rows of the result files."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.analysis.race import Runs
from benchmarks.analysis.subjects import (
    COMPARE,
    MERGED,
    NDJSON,
    PARQUET,
    SPOOL,
    SUBJECTS,
    THEIRS,
    Subject,
    Told,
)

WHOLE = 2.0  # s, `compare` of 100,000 rows with 100,000
TO_FLOOR, GROWTH, FLAT = 1.5, 10.0, 1.25
MERGED_MS = 50.0
FEATURES = 50
SMALL = 100_000
Row = dict[str, Any]


def rows_of(runs: Runs, drifted: frozenset[str]) -> list[Row]:
    """All rows: every subject's figures, then driftlog's ratios."""
    rows = [row for key, told in runs.items() for row in _plain(*key, told, drifted)]
    for size in sorted({size for _, size in runs}):
        rows += _beside_floor(runs, size)
        rows += _beside_peers(runs, size)
        rows += _day(runs, size)
    return rows + list(_growth(runs))


def _plain(key: str, size: int, every: Sequence[Told], drifted: frozenset[str]) -> Iterator[Row]:
    """A subject's own figures at one size."""
    subject = next(one for one in SUBJECTS if one.key == key)
    for phase in subject.phases:
        times = [told.seconds[phase] for told in every if phase in told.seconds]
        yield from _row(subject, size, phase, times, "s")
    yield from _row(subject, size, "peak memory", [t.peak for t in every], "MiB")
    for told in every:
        if told.trouble:
            yield from _row(subject, size, told.trouble, [told.spent], "s")
    said = [told.alerts for told in every if told.alerts is not None]
    if subject.judges and said:
        target = 0.0 if subject in {COMPARE, SPOOL} and size >= SMALL else None
        missed = [float(len(drifted - alerts)) for alerts in said]
        falsely = [float(len(alerts - drifted)) for alerts in said]
        others = FEATURES - len(drifted)
        yield from _row(subject, size, f"missed of {len(drifted)}", missed, "1", target)
        yield from _row(subject, size, f"falsely flagged of {others}", falsely, "1", target)


def _beside_floor(runs: Runs, size: int) -> Iterator[Row]:
    """The run and the whole beside DuckDB's on the same files."""
    for ours, floor, target in ((SPOOL, NDJSON, TO_FLOOR), (COMPARE, PARQUET, None)):
        aimed = target if size >= SMALL else None
        for name, time, aim in (("run", _run, aimed), ("fit and run", whole, None)):
            ratios = _ratios(runs, (ours, size), (floor, size), time)
            yield from _row(ours, size, f"{name}, to {floor.name}", ratios, "x", aim)


def _beside_peers(runs: Runs, size: int) -> Iterator[Row]:
    """`compare` in all, and its share of each peer's time, imports left out on both sides."""
    target = WHOLE if size == SMALL else None
    every = [whole(told) for told in runs.get((COMPARE.key, size), []) if not told.trouble]
    yield from _row(COMPARE, size, "fit and run", every, "s", target)
    ahead = 1.0 if size >= SMALL else None
    for peer in THEIRS:
        ratios = _ratios(runs, (COMPARE, size), (peer, size), whole)
        name = peer.name.partition(",")[0]
        yield from _row(COMPARE, size, f"fit and run, share of {name}'s", ratios, "x", ahead)


def _day(runs: Runs, size: int) -> Iterator[Row]:
    """The stored hours, read and merged."""
    every = [told.seconds for told in runs.get((MERGED.key, size), []) if not told.trouble]
    target = MERGED_MS if size == SMALL else None
    both = [one["read"] + one["merge"] for one in every]
    shares = [took / one["from its rows"] for took, one in zip(both, every, strict=True)]
    yield from _row(MERGED, size, "merge", [1e3 * one["merge"] for one in every], "ms")
    yield from _row(MERGED, size, "read and merge", [1e3 * took for took in both], "ms", target)
    yield from _row(MERGED, size, "read and merge, share of profiling its rows", shares, "x")


def _growth(runs: Runs) -> Iterator[Row]:
    """Ten times the rows, against the same reference."""
    for subject, flat in ((SPOOL, FLAT), (COMPARE, None), (NDJSON, None), (PARQUET, None)):
        large, small = (subject, 10 * SMALL), (subject, SMALL)
        target = GROWTH if subject in {SPOOL, COMPARE} else None
        ratios = _ratios(runs, large, small, _run)
        yield from _row(subject, 10 * SMALL, "run, to that of 100,000", ratios, "x", target)
        ratios = _ratios(runs, large, small, lambda told: told.peak)
        yield from _row(subject, 10 * SMALL, "peak memory, to that of 100,000", ratios, "x", flat)


def _run(told: Told) -> float:
    return told.seconds["run"]


def whole(told: Told) -> float:
    """Fit and run; what was read before is left out, since a peer's user has it in memory."""
    return told.seconds.get("fit", 0.0) + told.seconds["run"]


def _ratios(
    runs: Runs,
    one: tuple[Subject, int],
    other: tuple[Subject, int],
    figure: Callable[[Told], float],
) -> list[float]:
    """Round by round, where both came to an end."""
    mine, theirs = (runs.get((subject.key, size), []) for subject, size in (one, other))
    pairs = zip(mine, theirs, strict=False)
    return [figure(a) / figure(b) for a, b in pairs if not a.trouble and not b.trouble]


def _row(  # noqa: PLR0917 - a part of the row for each argument
    subject: Subject,
    size: int,
    metric: str,
    every: Sequence[float],
    unit: str,
    target: float | None = None,
) -> Iterator[Row]:
    """One row; none where nothing was measured."""
    if every:
        yield {
            "subject": subject.name,
            "case": f"{size:,} rows",
            "metric": metric,
            "value": round(statistics.median(every), 3),
            "unit": unit,
            "spread": [round(min(every), 3), round(max(every), 3)],
            "target": target,
        }
