"""The join behind ``driftlog skew``: a file's rows beside the log's events of the same ids, a chunk at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from driftlog_analyzers._logged import Logged
from driftlog_analyzers._offline import Offline, cell
from driftlog_analyzers._skew import (
    MINIMUM_SHARE,
    TOLERANCE,
    Compared,
    SkewReport,
    most_skewed,
    skew_of,
)
from driftlog_analyzers._skew_causes import cause, lagged
from driftlog_analyzers._store import EventStore
from driftlog_analyzers.errors import InputError

SAMPLE = 10_000

_Rows = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Joined:
    """What was counted so far."""

    features: dict[str, Compared]
    sampled: int = 0
    matched: int = 0
    repeated: int = 0


def find_skew(
    store: EventStore,
    model: str,
    offline: Offline,
    *,
    sample: int | None = SAMPLE,
    tolerance: float = TOLERANCE,
    minimum: float = MINIMUM_SHARE,
    entity: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SkewReport:
    """Compare logged features with an offline recomputation, value by value.

    Args:
        store: where the events are.
        model: whose events.
        offline: the recomputation.
        sample: rows to look up; None, all.
        tolerance: relative, of numbers.
        minimum: share of disagreeing events that a finding must exceed, 0 to 1.
        entity: column by which rows belong together, for values that lag a row behind.
        progress: is told how many of how many rows are done.

    Raises:
        InputError: no row has an event in the log.
        StoreError: the store could not answer completely.
    """
    joined = _Joined({name: Compared() for name in offline.columns})
    total = offline.rows.count if sample is None else min(sample, offline.rows.count)
    for ids in offline.sample(sample):
        by_id: dict[str, list[Logged]] = {}
        for event in store.values(model, ids, tuple(offline.columns)):
            by_id.setdefault(event.id, []).append(event)
        _add(joined, by_id, offline.values(list(by_id)), tolerance)
        joined.sampled += len(ids)
        if progress:
            progress(joined.sampled, total)
    if not joined.matched:
        raise InputError(
            f"no event of model {model!r} has one of the {joined.sampled:,} ids looked up from column"
            f" {offline.id!r} of {offline.rows.path}; name the column that holds what log() returned"
        )
    return _report(store, model, offline, joined, minimum, entity)


def _add(joined: _Joined, by_id: Mapping[str, list[Logged]], rows: _Rows, tolerance: float) -> None:
    joined.matched += len(by_id)
    for name in sorted(by_id):
        event, *more = by_id[name]
        if more:
            joined.repeated += 1
            continue
        for feature, value in rows[name].items():
            logged = event.cells.get(feature)
            joined.features[feature].add(name, logged, cell(value, logged), tolerance)


def _report(  # noqa: PLR0917 - what was joined, and how
    store: EventStore,
    model: str,
    offline: Offline,
    joined: _Joined,
    minimum: float,
    entity: str | None,
) -> SkewReport:
    there = {name: found for name, found in joined.features.items() if found.present}
    skews = []
    for name, found in there.items():
        words = cause(found.pairs) or _lag(offline, name, found, entity)
        skews.append(skew_of(name, found, minimum, words))
    extent = store.extent(model)
    return SkewReport(
        most_skewed(skews),
        offline.rows.count,
        joined.sampled,
        joined.matched,
        joined.repeated,
        extent.events if extent else 0,
        tuple(sorted(joined.features.keys() - there.keys())),
    )


def _lag(offline: Offline, feature: str, found: Compared, entity: str | None) -> str:
    if not found.pairs:
        return ""
    before = offline.before(feature, [pair.id for pair in found.pairs], entity)
    cells = [
        None if (raw := before.get(pair.id)) is None else cell(raw, pair.logged)
        for pair in found.pairs
    ]
    return lagged(found.pairs, cells)
