"""All slices of all windows in one scan: a row counts once in each slice that it belongs to."""

from collections.abc import Mapping, Sequence

import duckdb

from driftlog_analyzers._profile import Slice, WindowProfile
from driftlog_analyzers._relation import Relation, literal
from driftlog_analyzers._scan import scan
from driftlog_analyzers._store import FeatureSpec


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
    strings = {column.name: column.string for column in relation.features if column.string}
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
