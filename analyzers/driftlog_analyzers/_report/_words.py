"""How alerts, detectors and figures are put into words."""

from collections.abc import Mapping

from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Result, Severity
from driftlog_analyzers._report._evidence import Evidence
from driftlog_analyzers._report._format import clip, number, percent, points

_HEADLINES: Mapping[str, str] = {
    "vanished": "{} vanished",
    "na_spike": "NA spike in {}",
    "category_shift": "category shift in {}",
    "unseen_category": "unseen categories in {}",
    "oov_rate": "unknown tokens in {}",
    "type_change": "type change of {}",
    "new_feature": "new feature {}",
    "nonfinite": "non-finite values in {}",
    "range": "{} out of range",
    "stuck": "{} is stuck",
    "volume": "unusual number of events",
    "quality": "{} is wrong more often or by more",
    "feedback": "{} follows the model",
    "staleness": "an old model version",
    "multivariate": "{} no longer go together",
    "resources": "trouble: {}",
    "log_damage": "damaged lines in the log",
    "monitor": "detector {} failed",
}
_EFFECTS: Mapping[str, str] = {
    "vanished": "rise of the absence rate",
    "na_spike": "Cohen's h of the null rates",
    "category_shift": "largest change of a share (L∞), or the total variation beyond noise",
    "unseen_category": "unseen mass beyond the usual novelty",
    "oov_rate": "rise of the OOV rate",
    "type_change": "Cohen's h of the shares of other types",
    "new_feature": "share of events that carry it",
    "nonfinite": "Cohen's h of the rates",
    "range": "share of numbers outside the range",
    "stuck": "share of values that used to differ",
    "volume": "natural logarithm of the ratio to the usual number",
    "quality": "how much worse: Cohen's h of a rate, d of a mean loss",
    "feedback": "Cohen's h of the shares",
    "staleness": "age over the oldest it may become",
    "multivariate": "total variation beyond chance",
    "log_damage": "share of the lines",
    "monitor": "answers that are lacking",
}
_STATISTICS: Mapping[str, str] = {
    "l_infinity": "L∞",
    "jensen_shannon": "Jensen-Shannon distance",
    "oov_rate": "OOV rate",
    "usual_oov_rate": "usual OOV rate",
}
_LABELS: Mapping[Status, str] = {
    Status.PENDING: "pending",
    Status.ACTIVE: "open",
    Status.RECOVERING: "open, recovering",
    Status.INACTIVE: "closed",
}
NAME_LENGTH = 40


def detector_words(name: str) -> str:
    """``na_spike`` as ``NA spike``."""
    return {"na_spike": "NA spike", "oov_rate": "OOV rate", "nonfinite": "non-finite"}.get(
        name, name.replace("_", " ")
    )


def headline(episode: Episode) -> str:
    """What happened to which feature, in a few words."""
    feature = clip(episode.feature, NAME_LENGTH) or "the whole window"
    if episode.segment:
        feature += f" in {clip(episode.segment, NAME_LENGTH)}"
    if episode.detector == "vanished" and episode.severity is not Severity.CRITICAL:
        return f"{feature} is absent more often"
    return _HEADLINES.get(episode.detector, detector_words(episode.detector) + " in {}").replace(
        "{}", feature
    )


def status_words(episode: Episode) -> str:
    """Open or closed, in words."""
    return _LABELS[episode.status]


def effect_words(result: Result) -> tuple[str, str]:
    """The effect's figure, and the unit it is in."""
    return number(result.effect), _EFFECTS.get(result.detector, "in the detector's unit")


def change_words(result: Result, evidence: Evidence) -> tuple[str, str] | None:
    """The rate in question before and after, and the difference; None where there are no shares."""
    if not result.feature:
        return None
    if evidence.rates and evidence.trend:
        before, after = evidence.rates
        return (
            f"{percent(before)} → {percent(after)}",
            f"{evidence.trend.unit} ({points(before, after)})",
        )
    if not result.changes:
        return None
    top = result.changes[0]
    return (
        f"{percent(top.before)} → {percent(top.after)}",
        f"{clip(top.value, 24)} ({points(top.before, top.after)})",
    )


def statistic_words(name: str, value: float) -> tuple[str, str]:
    """One further figure of a result."""
    return clip(_STATISTICS.get(name, name.replace("_", " ")), NAME_LENGTH), number(value)
