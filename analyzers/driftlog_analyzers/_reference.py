"""From a reference - a training file, a data frame, good windows of the log - to a baseline."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from driftlog_analyzers._baseline import Baseline, infer_constraints
from driftlog_analyzers._outline import histogram_edges, token_counts
from driftlog_analyzers._profile import Counts, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._scan import scan
from driftlog_analyzers._store import Edges, EventStore, FeatureSpec, ProfileSpec
from driftlog_analyzers._table import Roles, Table, file_table, frame_table
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import BaselineError, InputError

_TWICE = 2


def baseline_from_file(
    path: Path, *, model: str, version: str, roles: Roles | None = None, closed: bool = False
) -> Baseline:
    """A baseline from a CSV or Parquet file of training data, one row an event.

    Raises:
        InputError: the file cannot be used, or lacks a named column.
    """
    with file_table(path, roles or Roles()) as table:
        return _baseline(table, model, version, str(path), closed=closed)


def baseline_from_frame(
    frame: pd.DataFrame,
    *,
    model: str,
    version: str,
    roles: Roles | None = None,
    closed: bool = False,
) -> Baseline:
    """A baseline from a data frame of training data, one row an event.

    Raises:
        InputError: the frame is empty or lacks a named column.
    """
    with frame_table(frame, roles or Roles()) as table:
        return _baseline(table, model, version, "a data frame", closed=closed)


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
    closed: bool = False,
) -> Baseline:
    """A baseline from the events of the log between start and end, of this model version only.

    Where the log names no version at all, it is of all events.

    Raises:
        BaselineError: there are no events of the model and version there.
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
    return _made(model, version, f"the log, {window}{several}", profile, vocabulary, closed=closed)


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
        features[name] = replace(
            features.get(name, FeatureSpec()), minimum=rule.minimum, maximum=rule.maximum
        )
    outputs = {
        name: _output_spec(output.numeric) for name, output in baseline.profile.predictions.items()
    }
    return ProfileSpec(baseline.model, features, outputs)


def _output_spec(numeric: Numeric | None) -> FeatureSpec:
    """Outputs are expected in the reference's own range."""
    if numeric is None:
        return FeatureSpec()
    return FeatureSpec(numeric.edges, numeric.minimum, numeric.maximum)


def _edges(numeric: Numeric | None) -> tuple[float, ...]:
    return numeric.edges if numeric else ()


def _baseline(table: Table, model: str, version: str, source: str, *, closed: bool) -> Baseline:
    relation = table.relation
    if not relation.features:
        raise InputError(
            f"{source} has no column left that is a feature; name fewer of them as time, id or prediction"
        )
    edges = histogram_edges(table.connection, relation)
    vocabulary = token_counts(table.connection, relation)
    profile = _profile(table, _reference_spec(model, edges, vocabulary))
    return _made(model, version, source, profile, vocabulary, closed=closed)


def _profile(table: Table, spec: ProfileSpec) -> WindowProfile:
    try:
        return scan(table.connection, table.relation, spec.features, spec.predictions)[0]
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
    profile = replace(
        profile,
        features={
            name: _without_tokens(feature) if name in vocabulary else feature
            for name, feature in profile.features.items()
        },
    )
    return Baseline(
        model,
        version,
        datetime.now(UTC).replace(microsecond=0),
        source,
        profile,
        constraints,
        vocabulary,
    )


def _without_tokens(feature: FeatureProfile) -> FeatureProfile:
    """The same without the tokens that stand in one text only: they are in the vocabulary."""
    return (
        replace(feature, text=replace(feature.text, unknown={}, unknown_tail=0))
        if feature.text
        else feature
    )
