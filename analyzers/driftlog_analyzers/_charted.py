"""What charts show beside a window's profile: the baseline's rates, and from which rate on a change counts. Pure.

A detector decides by significance and by a minimum effect. The minimum effect is a line that can be drawn; whether a
rate beyond it is a finding depends on how many events there are, too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from driftlog_analyzers._baseline import Baseline, Constraint
from driftlog_analyzers._calibration import Calibration
from driftlog_analyzers._profile import Categorical, FeatureProfile, Text
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._statistics import rate

Rates = dict[str, float]
_ABSENT = FeatureProfile()


@dataclass(frozen=True, slots=True)
class Charted:
    """What a window is compared with, and what its labels say.

    Attributes:
        baseline: what it is compared with.
        settings: how strict the detectors are.
        calibration: what the baseline learned from windows of its size; None if nothing.
        quality: what the labels say of its predictions; None where nobody asked.
    """

    baseline: Baseline
    settings: Settings
    calibration: Calibration | None = None
    quality: Quality | None = None

    def usual(self, name: str, *, output: bool) -> FeatureProfile:
        """The baseline's profile of a feature or an output; empty where it has none."""
        profile = self.baseline.profile
        return (profile.predictions if output else profile.features).get(name, _ABSENT)

    def rule(self, name: str, *, output: bool) -> Constraint | None:
        """What is expected of a feature or an output."""
        return (self.baseline.outputs if output else self.baseline.constraints).get(name)

    def floor(self, detector: str, feature: str, own: float) -> float:
        """The least effect of a finding: what people set, else the detector's own or what was learned."""
        wanted = self.settings.threshold(detector, feature)
        if wanted is not None:
            return wanted
        learned = self.calibration.floor(detector, feature) if self.calibration else 0.0
        return max(own, learned if math.isfinite(learned) else 0.0)


def known_values(usual: FeatureProfile, rule: Constraint | None) -> frozenset[str] | None:
    """The values that are no news; None where the baseline does not list them all."""
    values = usual.categorical
    if values is None or values.tail:
        return None
    listed = frozenset(values.counts)
    return listed if rule is None or rule.values is None else frozenset(rule.values)


def unseen_rate(found: Categorical, known: frozenset[str] | None) -> float | None:
    """The share of the occurrences whose value is none of the known ones, 0 to 1; None where those are not listed."""
    if known is None:
        return None
    new = sum(count for value, count in found.counts.items() if value not in known)
    return rate(new + found.tail, found.n)


def usual_rates(usual: FeatureProfile, events: int) -> Rates:
    """The baseline's rates of one feature, 0 to 1, by the names that a window's have.

    Args:
        usual: the baseline's profile of the feature.
        events: in the baseline.
    """
    found = {
        "present": rate(usual.present, events),
        "absent": rate(events - usual.present, events),
        "null": rate(usual.nulls, usual.present),
        "nonfinite": rate(usual.nonfinite, usual.present),
    }
    if usual.text:
        found["oov"] = rate(usual.text.oov, usual.text.tokens)
    if usual.categorical and not usual.categorical.tail:
        found["unseen"] = _novelty(usual.categorical)
    return found


def limits(charted: Charted, name: str, usual: FeatureProfile) -> Rates:
    """From which rate on a change of an input counts, 0 to 1; ``present`` is a lower bound, the others are upper ones.

    Args:
        charted: what the window is compared with.
        name: the feature.
        usual: the baseline's profile of it.
    """
    from driftlog_analyzers.detectors import na_spike, oov_rate, unseen_category, vanished  # noqa: PLC0415 - scipy

    before = usual_rates(usual, charted.baseline.profile.events)
    rise = charted.floor(vanished.NAME, name, vanished.MINIMUM_RISE)
    found = {
        "present": max(0.0, before["present"] - rise),
        "null": _beyond_null(before["null"], charted.floor(na_spike.NAME, name, 0.0)),
    }
    if "oov" in before:
        least = charted.floor(oov_rate.NAME, name, oov_rate.MINIMUM_RISE)
        found["oov"] = min(1.0, max(before["oov"] + least, oov_rate.MINIMUM_RATIO * before["oov"]))
    if "unseen" in before:
        excess = charted.floor(unseen_category.NAME, name, unseen_category.MINIMUM_EXCESS)
        found["unseen"] = min(1.0, before["unseen"] + excess)
    return found


def tokens_per_text(text: Text) -> float:
    """The mean number of distinct tokens of a text."""
    return rate(text.tokens, text.n)


def figures(quality: Quality) -> Mapping[str, float | int]:
    """Each figure of the quality that the labels allow, by its name."""
    found = {
        "accuracy": quality.confusion.accuracy,
        "f1": quality.confusion.f1,
        "log_loss": quality.calibration.log_loss,
        "brier": quality.calibration.brier,
        "ece": quality.calibration.ece,
        "mae": quality.deviation.mae,
        "rmse": quality.deviation.rmse,
        "bias": quality.deviation.bias,
    }
    known = {name: figure for name, figure in found.items() if figure is not None}
    return {"labelled": quality.labelled} | known


def _novelty(values: Categorical) -> float:
    """How often new data of an unchanged source bring new values (Good 1953)."""
    return rate(values.once, values.n)


def _beyond_null(before: float, least_h: float) -> float:
    """The rate that is half a point and Cohen's h of the floor above the usual one."""
    from driftlog_analyzers.detectors._rates import MINIMUM_CHANGE, MINIMUM_H  # noqa: PLC0415 - scipy

    angle = math.asin(math.sqrt(min(1.0, before))) + max(MINIMUM_H, least_h) / 2.0
    by_h = math.sin(min(angle, math.pi / 2.0)) ** 2
    return min(1.0, max(before + MINIMUM_CHANGE, by_h))
