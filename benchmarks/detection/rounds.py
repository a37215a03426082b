"""A round of the race: a few columns of one data set, a reference of them, and the windows that all subjects judge.

A lot is a clean window with every fault's column beside it under an alias, so that a faulty window is a choice of the
lot's columns. Each window's chance has a seed of its own, made of the race's seed, the round, the size, the lot and the
fault, so that windows stay the same where other faults come or go; a round's fingerprint tells whether they did.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from benchmarks.detection.data import NAMES, Feature, Split, data_set, features, split, windows
from benchmarks.detection.faults import Chosen, Fault, every_fault
from benchmarks.detection.subject import right_kinds
from benchmarks.detection.targets import SIZES

from driftlog_analyzers import Roles

REFERENCE = 10_000
ROUNDS = 44
RUNS = 5
CLEAN = "clean"
LEVELS = frozenset(
    {
        "vanishes: key absent",
        "vanishes: null",
        "NA rate: × 2",
        "NA rate: × 5",
        "share shift: + 5 points",
        "share shift: + 10 points",
        "share shift: + 20 points",
        "unseen category: 1 %",
        "unseen category: 5 %",
        "unit change: × 100",
        "stuck: last good value",
        "range violation: 1 %",
        "numeric drift: mean + 0.25 sd",
        "swapped columns: like types",
        "casing: categories in upper case",
        "type change: number as string",
        "prediction collapse: one class",
        "prediction collapse: constant score",
        "prediction shift: score × 0.5",
    }
)


@dataclass(frozen=True)
class Task:
    """One window that every subject judges.

    Attributes:
        case: the fault's key, or ``clean``.
        touched: the features that the fault befell.
        kinds: which of driftlog's detectors name it rightly.
        changed: the touched features' columns in the lot, by feature; none for one whose key is absent.
    """

    case: str
    touched: tuple[str, ...]
    kinds: frozenset[str]
    changed: Mapping[str, str]

    def whole(self, names: Sequence[str]) -> dict[str, str]:
        """The lot's columns by feature that make the whole window."""
        there = [name for name in names if name not in self.touched or name in self.changed]
        return {name: self.changed.get(name, name) for name in there}

    @property
    def apart(self) -> bool:
        """Whether the touched features can be judged without the others: they are there."""
        return bool(self.changed) and len(self.changed) == len(self.touched)


@dataclass(frozen=True)
class Lot:
    """Windows of the same rows.

    Attributes:
        size: events of each.
        rows: the clean window's columns by name, the faulty ones by alias.
        tasks: the windows.
    """

    size: int
    rows: pd.DataFrame
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Round:
    """What all subjects are asked.

    Attributes:
        seed: of the race.
        number: of the round.
        source: the data set.
        roles: of the columns.
        reference: rows known to be good.
        lots: of windows.
        fingerprint: of the reference and all windows.
    """

    seed: int
    number: int
    source: str
    roles: Roles
    reference: pd.DataFrame
    lots: tuple[Lot, ...]
    fingerprint: str

    @property
    def names(self) -> list[str]:
        """The features."""
        return list(map(str, self.reference.columns))

    @property
    def windows(self) -> int:
        """How many there are."""
        return sum(len(lot.tasks) for lot in self.lots)


def prepared(seed: int, number: int) -> Round:
    """The round of this number; the same for the same seed."""
    source = split(data_set(NAMES[number % len(NAMES)]), seed + number)
    return of_split(source, seed, number, {key: runs_of(key) for key in LEVELS})


def of_split(source: Split, seed: int, number: int, runs: Mapping[str, int]) -> Round:
    """The round on one shuffle.

    Args:
        source: the shuffle.
        seed: of the race.
        number: of the round.
        runs: how many windows each fault has per size.
    """
    chosen = sorted(f.name for f in _some(source, np.random.default_rng([seed, number])))
    reference = source.reference[chosen].iloc[:REFERENCE].reset_index(drop=True)
    roles = Roles(predictions=source.roles.predictions & frozenset(chosen))
    known = features(reference, roles)
    faults = [
        (f, f.eligible(known)) for f in every_fault() if f.key in runs and source.name in f.streams
    ]
    lots = []
    for size in SIZES:
        for n in range(max(RUNS, *runs.values())):
            mine = [(fault, those) for fault, those in faults if those and n < runs[fault.key]]
            if mine or n < RUNS:
                rows = windows(source.pool[chosen], size, 1, _seed(seed, number, size, n))
                lots.append(_lot(rows, mine, (seed, number, size, n), clean=n < RUNS))
    fingerprint = _fingerprint(reference, lots)
    return Round(seed, number, source.name, roles, reference, tuple(lots), fingerprint)


@cache
def runs_of(key: str) -> int:
    """Windows of a size with this fault in each round of a data set that has a feature for it.

    The fewer the data sets that have one, the more, so that each fault comes to about as many in all.
    """
    fault = next(fault for fault in every_fault() if fault.key == key)
    homes = sum(name in fault.streams and bool(fault.eligible(_known(name))) for name in NAMES)
    return -(-RUNS * len(NAMES) // homes)


@cache
def _known(name: str) -> tuple[Feature, ...]:
    source = data_set(name)
    return features(source.rows, source.roles)


def _some(source: Split, chance: np.random.Generator) -> Iterator[Feature]:
    """Three numeric features, two categorical ones, and the outputs."""
    known = [f for f in features(source.reference, source.roles) if f.kind != "text"]
    for kinds, number in (({"numeric"}, 3), ({"categorical", "boolean"}, 2)):
        found = [f for f in known if f.kind in kinds and not f.output and f.distinct > 1]
        yield from (found[i] for i in chance.permutation(len(found))[:number])
    yield from (f for f in known if f.output)


def _lot(
    rows: pd.DataFrame,
    faults: Sequence[tuple[Fault, list[Chosen]]],
    seed: tuple[int, ...],
    *,
    clean: bool,
) -> Lot:
    tasks = [Task(CLEAN, (), frozenset(), {})] if clean else []
    columns = [rows]
    for fault, eligible in faults:
        chance = np.random.default_rng([*seed, zlib.crc32(fault.key.encode())])
        chosen = eligible[int(chance.integers(len(eligible)))]
        names = tuple(feature.name for feature in chosen)
        changed = {}
        for name, column in fault.inject(rows, chosen, chance).items():
            if column is not None:
                changed[name] = f"{fault.key}~{name}"
                columns.append(column.rename(changed[name]))
        tasks.append(Task(fault.key, names, right_kinds(fault.name, fault.level), changed))
    return Lot(len(rows), pd.concat(columns, axis=1), tuple(tasks))


def _seed(*numbers: int) -> int:
    return int(np.random.default_rng(numbers).integers(2**31))


def _fingerprint(reference: pd.DataFrame, lots: Sequence[Lot]) -> str:
    found = hashlib.sha256()
    for frame in (reference, *(lot.rows for lot in lots)):
        found.update(frame.to_json(orient="split", double_precision=15).encode())
    return found.hexdigest()[:12]
