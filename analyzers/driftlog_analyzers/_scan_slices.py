"""Windows and all their slices, scanned a group of features after the other.

A row counts once in each slice that it belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import duckdb

from driftlog_analyzers._profile import Slice, WindowProfile
from driftlog_analyzers._relation import Relation, literal
from driftlog_analyzers._scan import scan
from driftlog_analyzers._store import FeatureSpec


def scan_groups(
    connection: duckdb.DuckDBPyConnection,
    relations: Iterable[Relation],
    features: Mapping[str, FeatureSpec],
    predictions: Mapping[str, FeatureSpec],
    slices: Sequence[Slice] = (),
) -> dict[int, WindowProfile]:
    """Profile every window that has events, and its slices.

    Args:
        connection: to scan with.
        relations: the same rows, each with other features.
        features: how features are profiled.
        predictions: how outputs are.
        slices: of which to make profiles, too.

    Returns:
        Profiles by window number.
    """
    found: dict[int, WindowProfile] = {}
    for relation in relations:
        parts = scan_slices(connection, relation, features, predictions, slices)
        for n, profile in scan(connection, relation, features, predictions).items():
            whole = profile.with_parts(parts.get(n, {})) if parts else profile
            found[n] = _beside(found[n], whole) if n in found else whole
    return found


def _beside(a: WindowProfile, b: WindowProfile) -> WindowProfile:
    """The features of both, which are of the same events."""
    return replace(
        a,
        features={**a.features, **b.features},
        predictions={**a.predictions, **b.predictions},
        slices={
            feature: {value: _beside(part, b.slices[feature][value]) for value, part in own.items()}
            for feature, own in a.slices.items()
        },
    )


def scan_slices(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    features: Mapping[str, FeatureSpec],
    predictions: Mapping[str, FeatureSpec],
    slices: Sequence[Slice],
) -> dict[int, dict[Slice, WindowProfile]]:
    """Profile the slices of every window.

    Returns:
        Profiles by window number and slice; of slices that have events.
    """
    inputs = (*relation.features, *relation.further)
    strings = {column.name: column.string for column in inputs if column.string}
    there = [part for part in slices if part[0] in strings]
    if not there:
        return {}
    found: dict[int, dict[Slice, WindowProfile]] = {}
    for number, profile in scan(
        connection, _sliced(relation, there, strings), features, predictions
    ).items():
        window, place = divmod(number, len(there))
        found.setdefault(window, {})[there[place]] = profile
    return found


def _sliced(relation: Relation, slices: Sequence[Slice], strings: Mapping[str, str]) -> Relation:
    """Each row once for each of its slices, which the window number tells: window times slices plus place."""
    places: dict[str, list[str]] = {}
    for place, (feature, value) in enumerate(slices):
        places.setdefault(feature, []).append(f"WHEN {literal(value)} THEN {place}")
    cases = [f"CASE {strings[name]} {' '.join(whens)} END" for name, whens in places.items()]
    sql = f"""
        SELECT * EXCLUDE (w, place), w * {len(slices)} + place AS w
        FROM (SELECT *, unnest([{", ".join(cases)}]) AS place FROM ({relation.sql}))
        WHERE place IS NOT NULL"""
    return Relation(sql, relation.features, relation.predictions)
