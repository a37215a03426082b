"""The detectors: one kind of test each, pure, one file each, listed here in the order in which they are asked."""

from collections.abc import Callable

from driftlog_analyzers._finding import Result
from driftlog_analyzers.detectors import (
    category_shift,
    deployment,
    error_rate,
    feedback,
    latency,
    log_damage,
    monitor,
    multivariate,
    na_spike,
    new_feature,
    nonfinite,
    numeric_shift,
    oov_rate,
    quality,
    range_violation,
    resources,
    staleness,
    stuck,
    text_length,
    type_change,
    unseen_category,
    vanished,
    volume,
)
from driftlog_analyzers.detectors._case import Case

__all__ = ["FEATURE_DETECTORS", "NAMES", "OUTPUT_NAMES", "Case", "Detector"]

Detector = Callable[[Case, int], Result | None]

FEATURE_DETECTORS: tuple[tuple[str, Detector], ...] = (
    (vanished.NAME, lambda case, _: vanished.vanished(case)),
    (new_feature.NAME, lambda case, _: new_feature.new_feature(case)),
    (na_spike.NAME, na_spike.na_spike),
    (nonfinite.NAME, nonfinite.nonfinite),
    (type_change.NAME, type_change.type_change),
    (range_violation.NAME, range_violation.range_violation),
    (numeric_shift.NAME, numeric_shift.numeric_shift),
    (stuck.NAME, stuck.stuck),
    (unseen_category.NAME, unseen_category.unseen_category),
    (category_shift.NAME, category_shift.category_shift),
    (oov_rate.NAME, oov_rate.oov_rate),
    (text_length.NAME, text_length.text_length),
)
OUTPUT_NAMES = {
    numeric_shift.NAME: "prediction_shift",
    category_shift.NAME: "prediction_shift",
    stuck.NAME: "prediction_collapse",
}
NAMES = (
    *(name for name, _ in FEATURE_DETECTORS),
    *dict.fromkeys(OUTPUT_NAMES.values()),
    deployment.NAME,
    staleness.NAME,
    latency.NAME,
    error_rate.NAME,
    quality.NAME,
    feedback.NAME,
    multivariate.NAME,
    resources.NAME,
    volume.NAME,
    log_damage.NAME,
    monitor.NAME,
)
