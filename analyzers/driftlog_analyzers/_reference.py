"""From a reference - a training file, a data frame, good windows of the log - to a baseline."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from driftlog_analyzers._baseline import Baseline, Constraint, infer_constraints
from driftlog_analyzers._file_quality import file_quality
from driftlog_analyzers._joint import SAMPLE, codings, joint
from driftlog_analyzers._late_labels import quality_by_slice
from driftlog_analyzers._outline import histogram_edges, token_counts
from driftlog_analyzers._profile import Counts, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._quality import Quality, compared
from driftlog_analyzers._scan import scan
from driftlog_analyzers._scan_slices import scan_slices
from driftlog_analyzers._slices import largest_slices
from driftlog_analyzers._spool_sample import sampled
from driftlog_analyzers._store import Edges, EventStore, FeatureSpec, ProfileSpec, QualitySpec
from driftlog_analyzers._table import Roles, Table, file_table, frame_table
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import BaselineError, InputError

TOLERANCE = 1e-6
"""Share of the reference's range by which a number may exceed it."""
_TWICE = 2


def baseline_from_file(
    path: Path,
    *,
    model: str,
    version: str,
    roles: Roles | None = None,
    label: str | None = None,
    segments: Sequence[str] = (),
    multivariate: bool = False,
    closed: bool = False,
) -> Baseline:
    """A baseline from a CSV or Parquet file of training data, one row an event.

    Args:
        path: the file.
        model: the model's name.
        version: the version that it is for.
        roles: what the columns are.
        label: the column with the true values of the predictions; None where there is none.
        segments: categorical features whose slices are watched by themselves, see `largest_slices`.
        multivariate: also keep how the features go together, from a sample.
        closed: make the seen values of every feature with few of them the only allowed ones.

    Raises:
        InputError: the file cannot be used, lacks a named column, or a segment has no categorical values there.
    """
    roles = roles or Roles()
    if label is not None:
        roles = replace(roles, ignored=roles.ignored | {label})
    with file_table(path, roles) as table:
        made = _baseline(table, model, version, str(path), segments, closed=closed)
        if label is not None:
            outputs = compared(made.profile.predictions)
            made = replace(made, quality=file_quality(table, label, outputs))
        return _with_joint(made, table) if multivariate else made


def baseline_from_frame(
    frame: pd.DataFrame,
    *,
    model: str,
    version: str,
    roles: Roles | None = None,
    segments: Sequence[str] = (),
    multivariate: bool = False,
    closed: bool = False,
) -> Baseline:
    """A baseline from a data frame of training data, one row an event; see `baseline_from_file`.

    Raises:
        InputError: the frame is empty, lacks a named column, or a segment has no categorical values there.
    """
    with frame_table(frame, roles or Roles()) as table:
        made = _baseline(table, model, version, "a data frame", segments, closed=closed)
        return _with_joint(made, table) if multivariate else made


def profile_frame(
    frame: pd.DataFrame, baseline: Baseline, roles: Roles | None = None
) -> WindowProfile:
    """The profile of a data frame, made as the baseline wants it.

    Raises:
        InputError: the frame is empty or lacks a named column.
    """
    with frame_table(frame, roles or Roles()) as table:
        return _profile(table, profile_spec(baseline))


def baseline_from_store(
    store: EventStore,
    *,
    model: str,
    version: str,
    start: datetime | None = None,
    end: datetime | None = None,
    segments: Sequence[str] = (),
    multivariate: bool = False,
    closed: bool = False,
) -> Baseline:
    """A baseline from the events of the log between start and end, of this model version only.

    Where the log names no version at all, it is of all events.

    Raises:
        BaselineError: there are no events of the model and version there.
        InputError: a segment has no categorical values there.
        StoreError: the store could not answer completely.
    """
    extent = store.extent(model)
    if extent is None:
        raise BaselineError(
            f"the log holds no events of model {model!r}; name one of: {', '.join(store.models()) or 'none'}"
        )
    window = Window(start or extent.first, end or extent.last, end_id="" if end else "\U0010ffff")
    only = _only(model, version, extent.versions)
    edges, vocabulary = store.edges(model, window, only), store.vocabulary(model, window, only)
    spec = replace(_reference_spec(model, edges, vocabulary), version=only)
    profile = next(iter(store.profiles(spec, [window])))
    several = f", version {version} only" if len(extent.versions) > 1 else ""
    if not profile.events:
        raise BaselineError(
            f"model {model!r} has no events from {window}{several}; its events run {extent.first} to {extent.last}"
        )
    if slices := largest_slices(profile, segments):
        profile = next(iter(store.profiles(replace(spec, slices=slices), [window])))
    made = _made(model, version, f"the log, {window}{several}", profile, vocabulary, closed=closed)
    made = replace(made, quality=_quality(store, made, window, only))
    if not multivariate:
        return made
    coded = codings(made.profile)
    names = [coding.feature for coding in coded]
    (rows,) = store.sample(model, [window], names, SAMPLE, only)
    return replace(made, joint=joint(coded, rows))


def _with_joint(baseline: Baseline, table: Table) -> Baseline:
    """The baseline with how the features of the table go together."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return table.connection.execute(sql).fetchall()

    coded = codings(baseline.profile)
    names = [coding.feature for coding in coded]
    found = sampled(rows, table.relation, names, SAMPLE).get(0, [])
    return replace(baseline, joint=joint(coded, [row for _, row in found]))


def _quality(
    store: EventStore, baseline: Baseline, window: Window, version: str | None
) -> Quality | None:
    """What the labels say of the reference; None where none of its predictions has one."""
    if not store.labelled(baseline.model):
        return None
    spec = QualitySpec(baseline.model, compared(baseline.profile.predictions), version)
    (found,) = quality_by_slice(store, spec, tuple(baseline.profile.parts), [window])
    return found if found.labelled else None


def _only(model: str, version: str, versions: Counts) -> str | None:
    """The version that the events must have; None where they have none."""
    if versions and version not in versions:
        raise BaselineError(
            f"the log holds no events of model {model!r}, version {version!r};"
            f" name one of its versions: {', '.join(sorted(versions))}"
        )
    return version if versions else None


def profile_spec(baseline: Baseline) -> ProfileSpec:
    """How windows must be profiled to be compared with this baseline."""
    features = {
        name: FeatureSpec(edges=_edges(feature.numeric))
        for name, feature in baseline.profile.features.items()
    }
    for name, tokens in baseline.vocabulary.items():
        features[name] = replace(features.get(name, FeatureSpec()), vocabulary=frozenset(tokens))
    for name, rule in baseline.constraints.items():
        known = baseline.profile.features.get(name)
        low, high = _tolerant(rule.minimum, rule.maximum, known.numeric if known else None)
        features[name] = replace(features.get(name, FeatureSpec()), minimum=low, maximum=high)
    outputs = {
        name: _output_spec(output.numeric, baseline.outputs.get(name))
        for name, output in baseline.profile.predictions.items()
    }
    return ProfileSpec(baseline.model, features, outputs, slices=tuple(baseline.profile.parts))


def _output_spec(numeric: Numeric | None, rule: Constraint | None) -> FeatureSpec:
    """Outputs without constraints are expected in the reference's own range."""
    if numeric is None:
        return FeatureSpec()
    low, high = (rule.minimum, rule.maximum) if rule else (numeric.minimum, numeric.maximum)
    return FeatureSpec(numeric.edges, *_tolerant(low, high, numeric))


def _tolerant(
    low: float | None, high: float | None, observed: Numeric | None
) -> tuple[float | None, float | None]:
    """The bounds; the reference's own let pass what another order of computing makes of the same number."""
    if observed is None:
        return low, high
    margin = TOLERANCE * (observed.maximum - observed.minimum)
    if not math.isfinite(margin):
        return low, high
    return (
        low - margin if low is not None and low == observed.minimum else low,
        high + margin if high is not None and high == observed.maximum else high,
    )


def _edges(numeric: Numeric | None) -> tuple[float, ...]:
    return numeric.edges if numeric else ()


def _baseline(
    table: Table, model: str, version: str, source: str, segments: Sequence[str], *, closed: bool
) -> Baseline:
    relation = table.relation
    if not relation.features:
        raise InputError(
            f"{source} has no column left that is a feature; name fewer of them as time, id or prediction"
        )
    edges = histogram_edges(table.connection, relation)
    vocabulary = token_counts(table.connection, relation)
    spec = _reference_spec(model, edges, vocabulary)
    profile = _profile(table, spec)
    if slices := largest_slices(profile, segments):
        profile = _profile(table, replace(spec, slices=slices))
    return _made(model, version, source, profile, vocabulary, closed=closed)


def _profile(table: Table, spec: ProfileSpec) -> WindowProfile:
    try:
        roles = spec.features, spec.predictions
        parts = scan_slices(table.connection, table.relation, *roles, spec.slices)
        return scan(table.connection, table.relation, *roles)[0].with_parts(parts.get(0, {}))
    except duckdb.Error as error:
        raise InputError(
            f"the rows could not be profiled: {str(error).partition(chr(10))[0]}"
        ) from error


def _reference_spec(
    model: str, edges: tuple[Edges, Edges], vocabulary: Mapping[str, Counts]
) -> ProfileSpec:
    """How the reference itself is profiled: a token that stands in one text only is unknown to all the others."""
    features, outputs = (
        {name: FeatureSpec(edges=found) for name, found in role.items()} for role in edges
    )
    for name, tokens in vocabulary.items():
        again = frozenset(token for token, texts in tokens.items() if texts >= _TWICE)
        features[name] = replace(features.get(name, FeatureSpec()), vocabulary=again)
    return ProfileSpec(model, features, outputs)


def _made(
    model: str,
    version: str,
    source: str,
    profile: WindowProfile,
    vocabulary: Mapping[str, Counts],
    *,
    closed: bool,
) -> Baseline:
    constraints = infer_constraints(profile, closed=closed)
    outputs = infer_constraints(replace(profile, features=profile.predictions))
    parts = {part: _known(own, vocabulary) for part, own in profile.parts.items()}
    return Baseline(
        model,
        version,
        datetime.now(UTC).replace(microsecond=0),
        source,
        _known(profile, vocabulary).with_parts(parts),
        constraints,
        vocabulary,
        outputs=outputs,
    )


def _known(profile: WindowProfile, texts: Container[str]) -> WindowProfile:
    """The profile with no token of these texts unknown."""
    features = {
        name: _without_tokens(feature) if name in texts else feature
        for name, feature in profile.features.items()
    }
    return replace(profile, features=features)


def _without_tokens(feature: FeatureProfile) -> FeatureProfile:
    """The same without the tokens that stand in one text only: they are in the vocabulary."""
    return (
        replace(feature, text=replace(feature.text, unknown={}, unknown_tail=0))
        if feature.text
        else feature
    )
