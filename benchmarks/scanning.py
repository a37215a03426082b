"""What the full profile of one window costs the spool's store, beside raw DuckDB, Polars and pyarrow.

Run it with ``python benchmarks/scanning.py``; ``--small`` tries it out. The spools, of 30 features, are
made once and kept in ``.cache/scanning``; Polars and pyarrow have an environment of their own in
``.cache/benchmarks``. Each figure comes from a fresh process, and every round runs all of them.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from detection.peers import Peer, installed
from figures import HERE, RESULTS, TRIAL, Cost, Row, fresh, keep, parser, row
from scanning_columns import MODEL
from scanning_spools import BEGIN, FORMS, HOME, plain
from scanning_subjects import BASELINE, SUBJECTS, memory_of

from driftlog_analyzers import SpoolStore, baseline_from_store, save_baseline

SIZES = (100_000, 1_000_000)
SMALL = (1_000, 10_000)
ROUNDS = 3
RATIO = 1.3
FLAT = 1.0
OWN = ("driftlog", "driftlog, segments known", "driftlog, analyze by the hour")
PEER = Peer("scanning", ("polars", "pyarrow"))
OTHERS = ("Polars", "pyarrow, parse only")
ABOUT = """# The full profile of one window from the spool

`python benchmarks/scanning.py`: 30 features (15 numbers, 11 strings, 3 nulls, a text) and a prediction. For the numbers
counts, moments and 20-bin histograms; for the strings DuckDB and Polars give the 50 most frequent and how many there
are, driftlog all with their counts, and the text's tokens outside of a vocabulary.

driftlog scans each segment once to learn what it holds, and the first subject includes that; "segments known" is a run
that finds it remembered. "DuckDB" is the floor: declared columns, and sketches for the strings. Every figure is of a
fresh process; rounds are interleaved."""

Runs = Mapping["Case", Sequence[Cost]]


@dataclass(frozen=True, slots=True)
class Case:
    """A subject over so many events in one form."""

    subject: str
    form: str
    events: int

    @property
    def label(self) -> str:
        """The case as the result names it."""
        return f"{self.form}, {self.events:,} events"


def cases(sizes: Sequence[int], others: Sequence[str]) -> Iterator[Case]:
    """All that is raced, those beside each other that are compared."""
    for events in sizes:
        for form in ("NDJSON", "zstd"):
            for subject in SUBJECTS:
                if subject != "DuckDB on Parquet" and subject not in OTHERS:
                    yield Case(subject, form, events)
        yield Case("DuckDB on Parquet", "Parquet", events)
        for subject in others:
            yield Case(subject, "NDJSON", events)


def measured(case: Case) -> Cost:
    """One run in a process of its own."""
    python = PEER.python if case.subject in OTHERS else sys.executable
    folder = FORMS[case.form](case.events)
    return fresh(HERE / "scanning_subjects.py", case.subject, folder, case.events, python=python)


def race(every: Sequence[Case], rounds: int) -> Runs:
    """Run everything in turn, some rounds of it."""
    runs: dict[Case, list[Cost]] = {case: [] for case in every}
    for number in range(rounds):
        for case, costs in runs.items():
            costs.append(measured(case))
            print(f"round {number + 1}: {case.subject}, {case.label}: {costs[-1]}", flush=True)
    return runs


def figures(runs: Runs) -> Iterator[Row]:
    """What each subject costs."""
    for case, costs in runs.items():
        speeds = [cost.done / cost.seconds for cost in costs]
        yield row(case.subject, case.label, ("events a second", "1/s"), speeds)
        spent = [cost.cpu / cost.done * 1e6 for cost in costs]
        yield row(case.subject, case.label, ("CPU per 10⁶ events", "s"), spent)
        yield row(case.subject, case.label, ("peak memory", "MiB"), [cost.mib for cost in costs])


def ratios(runs: Runs) -> Iterator[Row]:
    """How many times as long as raw DuckDB driftlog takes over the same files, in the same round."""
    for case, costs in runs.items():
        if case.subject not in OWN:
            continue
        target = RATIO if case.subject != OWN[-1] else None
        for floor in ("DuckDB", "DuckDB, all that driftlog answers"):
            theirs = runs[Case(floor, case.form, case.events)]
            for metric, name in (("time", "seconds"), ("CPU time", "cpu")):
                pairs = zip(costs, theirs, strict=True)
                every = [getattr(one, name) / getattr(two, name) for one, two in pairs]
                measure = (f"{metric} over {floor}", "x")
                goal = target if floor == "DuckDB" else None
                yield row(case.subject, case.label, measure, every, goal)


def growth(runs: Runs, sizes: Sequence[int]) -> Iterator[Row]:
    """How many times as much memory the most events take as the fewest."""
    few, many = min(sizes), max(sizes)
    for case, costs in runs.items():
        if case.events == many:
            before = runs[Case(case.subject, case.form, few)]
            every = [two.mib / one.mib for one, two in zip(before, costs, strict=True)]
            measure = (f"peak memory, {many:,} events over {few:,}", "x")
            target = FLAT if case.subject in OWN else None
            yield row(case.subject, case.form, measure, every, target)


def make_baseline(events: int) -> None:
    """Save the baseline of the first hour for `analyze`."""
    with SpoolStore(plain(events)) as store:
        hour = BEGIN + timedelta(hours=1)
        made = baseline_from_store(store, model=MODEL, version="7", start=BEGIN, end=hour)
    save_baseline(made, HOME / BASELINE)


def remember(folder: Path) -> None:
    """Look at the segments once, as an earlier run would have done."""
    with SpoolStore(folder, memory=memory_of(folder)) as store:
        store.segments()


def peers() -> Sequence[str]:
    """The subjects that could be installed."""
    if reason := installed(PEER):
        print(f"without {' and '.join(OTHERS)}: {reason}")
        return ()
    return OTHERS


def main() -> None:
    """Make what is missing, race, keep the figures."""
    options = parser(__doc__.splitlines()[0], ROUNDS).parse_args()
    sizes = SMALL if options.small else SIZES
    every = list(cases(sizes, peers()))
    for case in every:
        folder = FORMS[case.form](case.events)
        if case.subject == "driftlog, segments known":
            remember(folder)
    make_baseline(sizes[0])
    runs = race(every, 1 if options.small else options.rounds)
    rows = [*figures(runs), *ratios(runs), *growth(runs, sizes)]
    versions = {"DuckDB": version("duckdb")}
    keep("scanning", ABOUT, rows, versions, TRIAL if options.small else RESULTS)


if __name__ == "__main__":
    main()
