"""The parts of the benchmark, each kept in a file of its own as it goes on, so that none is lost with another."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from benchmarks.detection.cells import Cells, merged, round_of_cells
from benchmarks.detection.clean import Counts, Which, measure, quiet
from benchmarks.detection.data import NAMES, data_set, split
from benchmarks.detection.faults import every_fault
from benchmarks.detection.ours import Driftlog
from benchmarks.detection.peers import CACHE, PEERS, SETTINGS, Worker, installed
from benchmarks.detection.race import Entrant, Ours, Theirs, race
from benchmarks.detection.standings import Standing, load, save
from benchmarks.detection.targets import SIZES
from benchmarks.detection.times import incidents

KEPT = CACHE / "detection"
RACE = KEPT / "race"
STREAMS = (*NAMES, "accented")
DRAWS, EACH = 5, 5
TIMED = 1_000
CLEAN_SEEDS = 400
QUIET_SEEDS = 5


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        seed: of the first shuffle; each further one has the next.
        runs: per fault, window size and data set.
        rounds: of the race with the peers.
        seconds: after which a peer begins no further round of the race.
        subjects: of the race, by name.
        until: when no further shuffle or round begins, by the monotonic clock.
    """

    seed: int
    runs: int
    rounds: int
    seconds: float
    subjects: tuple[str, ...]
    until: float


def keep(part: str, figures: dict[str, Any]) -> None:
    """Write a part's figures so far."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{part}.json"
    path.with_suffix(".new").write_text(json.dumps(figures))
    path.with_suffix(".new").replace(path)


def kept(part: str) -> dict[str, Any]:
    """A part's figures, none if it has not run."""
    path = KEPT / f"{part}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def run_quiet(extent: Extent) -> None:
    """Alerts on what is no fault."""
    found = quiet(range(extent.seed, extent.seed + QUIET_SEEDS))
    keep("quiet", {case: [rate.hits, rate.n] for case, rate in found.items()})


def run_clean(extent: Extent) -> None:
    """False alerts on clean windows."""
    seeds = range(extent.seed, extent.seed + CLEAN_SEEDS)

    def report(text: str, counts: Counts, which: Which) -> None:
        print(text, counts, flush=True)
        keep(
            "clean",
            {
                "seed": extent.seed,
                "counts": [[size, rate.hits, rate.n] for size, rate in counts.items()],
                "which": [[*key, times] for key, times in which.most_common()],
            },
        )

    measure(seeds, until=extent.until, report=report)


def run_cells(extent: Extent) -> None:
    """Detection by fault, window size and data set: rounds of `DRAWS` features with `EACH` windows."""
    total: Cells = {}
    for number in range(-(-extent.runs // (DRAWS * EACH))):
        seed = extent.seed + number
        for name in STREAMS:
            if time.monotonic() > extent.until:
                return
            total = merged(iter((total, _cells_of(name, seed))))
            cells = [[*key, vars(cell)] for key, cell in total.items()]
            keep("cells", {"seed": extent.seed, "each": EACH, "cells": cells})
        print(f"cells: shuffle {seed}", flush=True)


def _cells_of(name: str, seed: int) -> Cells:
    source = split(data_set(name), seed)
    judge = Driftlog().fit(source.reference, source.roles)
    faults = [fault for fault in every_fault() if name in fault.streams]
    return merged(
        round_of_cells(
            source, judge, size, faults, draws=DRAWS, each=EACH, seed=seed * 100_000 + size
        )
        for size in SIZES
    )


def run_times(extent: Extent) -> None:
    """Time from onset to detection, and alerts per incident."""
    found: list[list[Any]] = []
    for number in range(-(-extent.runs // 4)):
        for name in STREAMS:
            if time.monotonic() > extent.until:
                return
            source = split(data_set(name), extent.seed + number)
            judge = Driftlog().fit(source.reference, source.roles)
            faults = [fault for fault in every_fault() if name in fault.streams]
            made = incidents(source, judge, TIMED, faults, streams=4, seed=extent.seed + number)
            found += [
                [i.fault, i.events if np.isfinite(i.events) else None, i.alerts] for i in made
            ]
            keep("times", {"seed": extent.seed, "size": TIMED, "incidents": found})
        print(f"times: shuffle {extent.seed + number}, {len(found)} incidents", flush=True)


def run_race(extent: Extent) -> None:
    """Driftlog and the peers on the same windows.

    Driftlog judges all rounds anew. A peer of the same packages judges those it lacks; subjects that are not asked keep
    their standing.
    """
    lock = Lock()
    standings, entrants = _entrants(extent.subjects)

    def report(text: str, grown: Iterable[str]) -> None:
        with lock:
            print(text, flush=True)
            for name in grown:
                save(RACE, standings[name])

    try:
        race(
            entrants,
            standings,
            seed=extent.seed,
            rounds=extent.rounds,
            seconds=extent.seconds,
            until=extent.until,
            report=report,
        )
    finally:
        for entrant in entrants:
            entrant.stop()


def _entrants(subjects: Sequence[str]) -> tuple[dict[str, Standing], list[Entrant]]:
    """Who takes part, with the standings so far; a peer that cannot be installed is noted as missing."""
    standings = {"driftlog": Standing("driftlog")}
    entrants: list[Entrant] = [Ours()] if "driftlog" in subjects else []
    before = load(RACE)
    for peer in (peer for peer in PEERS if peer.name in subjects):
        print(f"race: {peer.name} is being installed, where it is not", flush=True)
        missing = installed(peer)
        packages = (*peer.packages, *peer.alone)
        for name in (f"{peer.name}, {setting}" for setting in SETTINGS):
            kept_one = before.get(name)
            same = kept_one is not None and kept_one.made_of == packages
            rounds = kept_one.rounds if kept_one is not None and same else []
            standings[name] = Standing(name, packages, missing, rounds)
            save(RACE, standings[name])
        if missing:
            print(f"race: {peer.name} is not there: {missing}", flush=True)
        else:
            entrants.append(Theirs(Worker(peer)))
    return standings, entrants


PARTS = {
    "quiet": run_quiet,
    "clean": run_clean,
    "cells": run_cells,
    "times": run_times,
    "race": run_race,
}
