"""The rate that a finding is about, in any window's profile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._finding import Condition, Result
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._report._format import clip

Ratio = tuple[int, int]
_PREDICTION = "prediction."


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate as a plot names it.

    Attributes:
        title: what it says, in words.
        unit: its axis.
        ratio: (cases, trials) of one feature in one window.
    """

    title: str
    unit: str
    ratio: Callable[[WindowProfile, Condition], Ratio]


def feature_of(profile: WindowProfile, name: str) -> FeatureProfile:
    """An input by name or an output as ``prediction.<name>``; empty where there is none of it."""
    if name in profile.features:
        return profile.features[name]
    if name.startswith(_PREDICTION):
        return profile.predictions.get(name.removeprefix(_PREDICTION), FeatureProfile())
    return FeatureProfile()


def condition_of(result: Result, baseline: WindowProfile) -> Condition | None:
    """What to count over time for a result: its condition, or the nearest thing that can be."""
    feature, condition = result.feature, result.condition
    if condition is None or not feature:
        return None
    if not feature_of(baseline, feature).present:
        return Condition("any", feature)
    moved = tuple(change.value for change in result.changes[:1])
    if condition.kind == "any" and moved and feature_of(baseline, feature).categorical:
        return Condition("values", feature, moved)
    if condition.kind == "values" and not condition.values:
        return Condition("values", feature, moved)
    return None if condition.kind == "any" else condition


def measure_of(condition: Condition) -> Measure | None:
    """The rate that shows what the condition selects; None where none does."""
    measure = MEASURES.get(condition.kind)
    if measure and condition.kind in {"values", "type"}:
        names = ", ".join(clip(value, 24) for value in condition.values[:2])
        more = len(condition.values) - 2
        return replace(
            measure, unit=f"{measure.unit}: {names}" + (f" and {more} more" if more > 0 else "")
        )
    return measure


def _absent(profile: WindowProfile, condition: Condition) -> Ratio:
    return profile.events - feature_of(profile, condition.feature).present, profile.events


def _null(profile: WindowProfile, condition: Condition) -> Ratio:
    feature = feature_of(profile, condition.feature)
    return feature.nulls, feature.present


def _nonfinite(profile: WindowProfile, condition: Condition) -> Ratio:
    feature = feature_of(profile, condition.feature)
    return feature.nonfinite, feature.present


def _type(profile: WindowProfile, condition: Condition) -> Ratio:
    feature = feature_of(profile, condition.feature)
    return sum(feature.kinds.get(kind, 0) for kind in condition.values), feature.values


def _values(profile: WindowProfile, condition: Condition) -> Ratio:
    values = feature_of(profile, condition.feature).categorical or Categorical({})
    return sum(values.counts.get(value, 0) for value in condition.values), values.n


def _unknown(profile: WindowProfile, condition: Condition) -> Ratio:
    text = feature_of(profile, condition.feature).text
    return (text.oov, text.tokens) if text else (0, 0)


def _outside(profile: WindowProfile, condition: Condition) -> Ratio:
    values = feature_of(profile, condition.feature).numeric
    return (values.below + values.above, values.n) if values else (0, 0)


def _present(profile: WindowProfile, condition: Condition) -> Ratio:
    return feature_of(profile, condition.feature).present, profile.events


MEASURES: Mapping[str, Measure] = {
    "absent": Measure("Absence over time", "events without the feature", _absent),
    "null": Measure("Null rate over time", "null, of events with the feature", _null),
    "nonfinite": Measure(
        "Non-finite rate over time", "NaN or infinite, of events with it", _nonfinite
    ),
    "type": Measure("Values of another type over time", "of all values", _type),
    "values": Measure("Share of the moved values over time", "of all values", _values),
    "unknown_tokens": Measure("OOV rate over time", "unknown, of distinct tokens", _unknown),
    "outside": Measure("Values out of range over time", "outside the range", _outside),
    "any": Measure("Presence over time", "events with the feature", _present),
}


def numeric_of(profile: WindowProfile, name: str) -> Numeric | None:
    """The numbers of a feature whose values are mostly numbers and that has a histogram."""
    feature = feature_of(profile, name)
    return (
        feature.numeric
        if main_kind(feature) == "numeric" and feature.numeric and feature.numeric.edges
        else None
    )
