"""The baseline: the reference's profile with the constraints people edit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._joint import Joint
from driftlog_analyzers._profile import Counts, FeatureProfile, WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._window import WindowSize

Kind = Literal["numeric", "categorical", "text", "list", "unknown"]
Stage = Literal["active", "beta", "planned", "deprecated"]

Environment = Literal["training", "serving"]
ENVIRONMENTS: tuple[Environment, ...] = ("training", "serving")

LISTED_VALUES = 100
REQUIRED_PRESENCE = 0.999


@dataclass(frozen=True, slots=True)
class Constraint:
    """What is expected of one feature.

    Attributes:
        kind: the kind of its values.
        required: whether events without it are a fault.
        nulls: whether null is a fault by itself (``forbidden``) or only its rate is watched.
        minimum: the smallest allowed number.
        maximum: the largest allowed number.
        values: the known values, where they are few enough to list.
        min_domain_mass: share of values that must be known ones, 0 to 1; 1 makes any unknown value a finding.
        stage: features that are not ``active`` are reported but open no alert.
        environment: where the feature is expected; of one that is of training alone, nothing is said of served events.
    """

    kind: Kind
    required: bool = True
    nulls: Literal["allowed", "forbidden"] = "allowed"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] | None = None
    min_domain_mass: float = 0.0
    stage: Stage = "active"
    environment: tuple[Environment, ...] = ENVIRONMENTS


@dataclass(frozen=True, slots=True)
class Baseline:
    """The reference's profile and what is expected of each feature.

    Attributes:
        model: the model's name.
        version: the model version it was made for.
        created: when, UTC.
        source: where the reference came from, in words.
        profile: the reference's profile.
        constraints: expectations by feature.
        vocabulary: texts per token, by text feature, for texts whose service has no vocabulary of its own.
        outputs: expectations by output of the model.
        calibrations: how the reference's own windows move, for each size of windows that was calibrated.
        quality: what the labels say of the reference's predictions; None where it has none.
        joint: how its features go together; None where nobody asked for that.
    """

    model: str
    version: str
    created: datetime
    source: str
    profile: WindowProfile
    constraints: Mapping[str, Constraint]
    vocabulary: Mapping[str, Counts] = field(default_factory=dict)
    calibrations: tuple[Calibration, ...] = ()
    outputs: Mapping[str, Constraint] = field(default_factory=dict)
    quality: Quality | None = None
    joint: Joint | None = None

    def calibration(self, size: WindowSize) -> Calibration | None:
        """How the reference's windows of this size move; None where that was not calibrated."""
        return next((found for found in self.calibrations if found.size == str(size)), None)

    @property
    def name(self) -> str:
        """Model and version, as alerts name it."""
        return f"{self.model} {self.version}"


def infer_constraints(profile: WindowProfile, *, closed: bool = False) -> dict[str, Constraint]:
    """Expectations that the reference itself meets.

    Args:
        profile: the reference's profile.
        closed: make the seen values of every feature with at most `LISTED_VALUES` values the only allowed ones.
    """
    return {
        name: _infer(feature, profile.events, closed=closed)
        for name, feature in sorted(profile.features.items())
    }


def edited_rules(baseline: Baseline, *, closed: bool = False) -> tuple[str, ...]:
    """Features and outputs whose constraints are not those inferred from the baseline's profile: people changed them.

    Args:
        baseline: the baseline.
        closed: those that are inferred with `closed` are no change either.
    """
    profile = baseline.profile
    ways = (False, True) if closed else (False,)
    inferred = (infer_constraints(profile, closed=way) for way in ways)
    features = min((_otherwise(baseline.constraints, rules) for rules in inferred), key=len)
    outputs = infer_constraints(replace(profile, features=profile.predictions))
    return (*features, *_otherwise(baseline.outputs, outputs))


def _otherwise(rules: Mapping[str, Constraint], inferred: Mapping[str, Constraint]) -> list[str]:
    names = sorted(rules.keys() | inferred.keys())
    return [name for name in names if rules.get(name) != inferred.get(name)]


def _infer(feature: FeatureProfile, events: int, *, closed: bool) -> Constraint:
    constraint = Constraint(
        kind=main_kind(feature), required=feature.present >= REQUIRED_PRESENCE * events
    )
    if constraint.kind == "numeric" and feature.numeric:
        return replace(constraint, minimum=feature.numeric.minimum, maximum=feature.numeric.maximum)
    if (
        constraint.kind in {"categorical", "list"}
        and feature.categorical
        and not feature.categorical.tail
    ):
        few = len(feature.categorical.counts) <= LISTED_VALUES
        return replace(
            constraint,
            values=tuple(sorted(feature.categorical.counts)) if few else None,
            min_domain_mass=1.0 if closed else 0.0,
        )
    return constraint


def main_kind(feature: FeatureProfile) -> Kind:
    """The kind that most of the feature's values have."""
    counts: dict[Kind, int] = {
        "numeric": feature.numbers,
        "categorical": feature.strings,
        "list": feature.lists,
        "text": feature.texts,
    }
    kind = max(counts, key=lambda key: counts[key])
    return kind if counts[kind] else "unknown"
