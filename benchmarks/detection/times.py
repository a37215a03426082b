"""How many events a fault that begins inside a window goes unseen, and how many alerts it makes of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from benchmarks.detection.data import Split, features, windows
from benchmarks.detection.faults import Chosen, Fault
from benchmarks.detection.ours import DriftlogJudge, Raw, alerts, decided_results, exchanged
from benchmarks.detection.subject import found, right_kinds

from driftlog_analyzers import (
    EpisodeSettings,
    Evaluation,
    FeatureProfile,
    Result,
    Window,
    WindowProfile,
)
from driftlog_analyzers._episode import fold
from driftlog_analyzers._incident import incidents as grouped

WINDOWS = 6
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Incident:
    """One fault that began and stayed.

    Attributes:
        fault: its name.
        events: from its onset to the end of the window that showed it rightly; infinite where none did.
        alerts: what people are told of: alerts on any feature, those that began together and share a cause as one.
    """

    fault: str
    events: float
    alerts: int


@dataclass(frozen=True)
class _Stream:
    """Consecutive windows, with what is known of them before any fault."""

    rows: pd.DataFrame
    size: int
    onset: int
    clean: Mapping[int, WindowProfile]
    raw: Mapping[int, Raw]
    before: WindowProfile


def incidents(
    source: Split,
    judge: DriftlogJudge,
    size: int,
    faults: Sequence[Fault],
    *,
    streams: int,
    seed: int,
) -> list[Incident]:
    """Every fault on one random feature of each of so many streams, from a random event of the first window on."""
    chance = np.random.default_rng(seed)
    known = features(source.reference, source.roles)
    made = []
    for _ in range(streams):
        stream = _stream(source, judge, size, chance)
        for fault in faults:
            eligible = fault.eligible(known)
            if eligible:
                chosen = eligible[int(chance.integers(len(eligible)))]
                made.append(_incident(judge, stream, fault, chosen, chance))
    return made


def _stream(source: Split, judge: DriftlogJudge, size: int, chance: np.random.Generator) -> _Stream:
    rows = windows(source.pool, size * WINDOWS, 1, int(chance.integers(2**31)))
    onset = int(chance.integers(1, size))
    clean = judge.profiles(rows, np.arange(len(rows)) // size)
    before = judge.profiles(rows.iloc[:onset], np.zeros(onset, dtype=np.int64))[0]
    return _Stream(rows, size, onset, clean, {w: judge.raw(p) for w, p in clean.items()}, before)


def _incident(
    judge: DriftlogJudge, stream: _Stream, fault: Fault, chosen: Chosen, chance: np.random.Generator
) -> Incident:
    touched = [feature.name for feature in chosen]
    after = stream.rows.iloc[stream.onset :].reset_index(drop=True)
    columns = {n: c for n, c in fault.inject(after, chosen, chance).items() if c is not None}
    number = (np.arange(len(after)) + stream.onset) // stream.size
    changed = judge.profiles(pd.DataFrame({"kept": 0.0 * number} | columns), number)
    names = {name: name for name in columns}
    kinds, results = right_kinds(fault.name, fault.level), []
    for w in range(WINDOWS):
        clean = exchanged(stream.clean[w], changed[w], names, touched)
        profile = clean if w else _mixed(stream, clean, touched)
        results.append(decided_results({**stream.raw[w], **judge.raw(profile, touched)}))
    first = next((w for w, r in enumerate(results) if found(alerts(r), touched, kinds)), None)
    events = np.inf if first is None else (first + 1) * stream.size - stream.onset
    return Incident(fault.name, float(events), _told(results))


def _mixed(stream: _Stream, window: WindowProfile, touched: Sequence[str]) -> WindowProfile:
    """The first window: the touched columns as they were before the onset, merged with what they were after it."""

    def both(
        old: Mapping[str, FeatureProfile], new: Mapping[str, FeatureProfile]
    ) -> dict[str, FeatureProfile]:
        parts = {name: old[name] for name in touched if name in old}
        merged = {
            name: part.merge(new[name]) if name in new else part for name, part in parts.items()
        }
        return {**new, **merged}

    return replace(
        window,
        features=both(stream.before.features, window.features),
        predictions=both(stream.before.predictions, window.predictions),
    )


def _told(results: Sequence[Sequence[Result]]) -> int:
    """How many things a reader of these windows is told of."""
    hour = timedelta(hours=1)
    evaluations = [
        Evaluation(
            "bench", Window(BEGIN + w * hour, BEGIN + (w + 1) * hour), 1, "bench", tuple(found), 0
        )
        for w, found in enumerate(results)
    ]
    raised = [e for e in fold(evaluations, EpisodeSettings()) if e.raised is not None]
    return len(grouped(raised))
