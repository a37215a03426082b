"""One round of driftlog's cells: every fault on windows of one size of one split."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from benchmarks.detection.data import Feature, Split, features, windows
from benchmarks.detection.faults import Changes, Chosen, Fault
from benchmarks.detection.metrics import learned, most_powerful
from benchmarks.detection.ours import DriftlogJudge, Raw, decided, exchanged
from benchmarks.detection.subject import Alert, elsewhere, found, right_kinds

from driftlog_analyzers import WindowProfile


@dataclass
class Cell:
    """Counts of one fault, size and data set.

    Attributes:
        runs: windows with the fault.
        detected: those with the right feature and the right kind.
        named: those with the right feature, whatever the kind.
        false: alerts on features that the fault did not touch.
        feature_windows: features that could have such an alert, times windows.
        best: sum of the power that no test exceeds, where it is known.
        learned: the same of a test that knows the rate before from the reference only.
        bounded: how many runs these two sums are of.
        missed: runs without detection by feature.
        kinds: alerts on the touched features by kind.
    """

    runs: int = 0
    detected: int = 0
    named: int = 0
    false: int = 0
    feature_windows: int = 0
    best: float = 0.0
    learned: float = 0.0
    bounded: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault, touched: Sequence[str], alerts: frozenset[Alert], n: int) -> None:
        """Count one window of n features."""
        self.runs += 1
        detected = found(alerts, touched, right_kinds(fault.name, fault.level))
        on_it = [alert for alert in alerts if alert.feature in touched]
        self.detected += detected
        self.named += bool(on_it)
        self.false += elsewhere(alerts, touched)
        self.feature_windows += n - len(touched)
        self.kinds.update(sorted({str(alert.kind) for alert in on_it}))
        if not detected:
            self.missed[" and ".join(touched)] += 1

    def bound(
        self, fault: Fault, feature: Feature, n: int, m: int, chance: np.random.Generator
    ) -> None:
        """Add what a test could reach at most."""
        if fault.binomial is None:
            return
        before, after = fault.binomial(feature, chance)
        self.bounded += 1
        self.best += most_powerful(n, before, after)
        self.learned += learned(n, m, before, after)


Cells = dict[tuple[str, str, int], Cell]


@dataclass(frozen=True)
class _Column:
    """A fault on some windows: the features it befalls and, by alias, the changed columns."""

    fault: Fault
    chosen: Chosen
    aliases: Mapping[str, str]

    @property
    def touched(self) -> list[str]:
        return [feature.name for feature in self.chosen]


def round_of_cells(
    source: Split,
    judge: DriftlogJudge,
    size: int,
    faults: Sequence[Fault],
    *,
    draws: int,
    each: int,
    seed: int,
) -> Cells:
    """Every fault on `draws` random features, in `each` windows per feature, the same windows for all faults."""
    chance = np.random.default_rng(seed)
    known = features(source.reference, source.roles)
    cells: Cells = {}
    for _ in range(draws):
        rows = windows(source.pool, size, each, int(chance.integers(2**31)))
        number = np.arange(len(rows)) // size
        clean = judge.profiles(rows, number)
        raw = {w: judge.raw(profile) for w, profile in clean.items()}
        columns, changed = _inject(rows, size, known, faults, chance)
        profiles = judge.profiles(changed, number, _all_aliases(columns))
        for column in columns:
            cell = cells.setdefault((source.name, column.fault.key, size), Cell())
            for w in range(each):
                cell.add(
                    column.fault,
                    column.touched,
                    _alerts(judge, clean[w], raw[w], profiles[w], column),
                    len(clean[w].features) + len(clean[w].predictions),
                )
            cell.bound(column.fault, column.chosen[0], size, len(source.reference), chance)
    return cells


def _inject(
    rows: pd.DataFrame,
    size: int,
    known: Sequence[Feature],
    faults: Sequence[Fault],
    chance: np.random.Generator,
) -> tuple[list[_Column], pd.DataFrame]:
    """The changed columns of all faults side by side, under aliases."""
    made: list[_Column] = []
    parts: dict[str, pd.Series] = {"kept": pd.Series(np.zeros(len(rows)))}
    for fault in faults:
        eligible = fault.eligible(known)
        if not eligible:
            continue
        chosen = eligible[int(chance.integers(len(eligible)))]
        names = {}
        for name, column in _stacked(rows, size, fault, chosen, chance).items():
            if column is not None:
                alias = f"a{len(parts)}"
                parts[alias], names[alias] = column, name
        made.append(_Column(fault, chosen, names))
    return made, pd.DataFrame(parts)


def _stacked(
    rows: pd.DataFrame, size: int, fault: Fault, chosen: Chosen, chance: np.random.Generator
) -> Changes:
    """The changes of each window, one after the other."""
    each = [
        fault.inject(rows.iloc[begin : begin + size], chosen, chance)
        for begin in range(0, len(rows), size)
    ]
    return {name: _joined([changes[name] for changes in each]) for name in each[0]}


def _joined(columns: Sequence["pd.Series[object] | None"]) -> "pd.Series[object] | None":
    there = [column for column in columns if column is not None]
    return pd.concat(there) if there else None


def _all_aliases(columns: Sequence[_Column]) -> dict[str, str]:
    return {alias: name for column in columns for alias, name in column.aliases.items()}


def _alerts(
    judge: DriftlogJudge, clean: WindowProfile, raw: Raw, changed: WindowProfile, column: _Column
) -> frozenset[Alert]:
    profile = exchanged(clean, changed, column.aliases, column.touched)
    return decided({**raw, **judge.raw(profile, column.touched)})


def merged(parts: Iterator[Cells]) -> Cells:
    """Cells of several rounds, added up."""
    total: Cells = {}
    for cells in parts:
        for key, cell in cells.items():
            add(total.setdefault(key, Cell()), cell)
    return total


def add(total: Cell, cell: Cell) -> None:
    """Add one cell to another."""
    for name in ("runs", "detected", "named", "false", "feature_windows", "bounded"):
        setattr(total, name, getattr(total, name) + getattr(cell, name))
    total.best += cell.best
    total.learned += cell.learned
    total.missed.update(cell.missed)
    total.kinds.update(cell.kinds)
