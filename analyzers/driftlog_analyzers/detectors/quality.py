"""Quality: where labels have arrived, predictions are worse than the reference's.

Of a categorical output: accuracy (Fisher's exact test) and macro F1. Of a numeric output with boolean labels: log loss,
Brier score and calibration error; with others: MAE and RMSE. See `_quality_tests` for each one's standard error. The
smallest p-value counts, times the number of figures. The effect is how much worse the figure with the smallest p-value
among those above the floor is, on Cohen's scales: h of rates, d of mean losses.
"""

from collections.abc import Iterator

from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._quality import Calibration, Compared, Confusion, Quality
from driftlog_analyzers._quality_tests import (
    Figure,
    most_fallen,
    of_classes,
    of_errors,
    of_scores,
    recalls,
)
from driftlog_analyzers._statistics import counted, figure, percent, rate

NAME = "quality"
OUTPUT = "prediction."
MINIMUM_EFFECT = 0.1
HIGH = 0.5
LABELLED = 30
"""Labelled predictions that both samples must have, as means of fewer are not normal."""
SHOWN = 20


def quality(
    before: Quality, after: Quality, outputs: Compared, minimum: int = LABELLED
) -> Iterator[Result]:
    """Test one window, one result for each output that the reference has labels of.

    Args:
        before: the reference's quality.
        after: the window's.
        outputs: what the labels were held against.
        minimum: labelled predictions that are needed; `LABELLED` at the least.
    """
    least = max(minimum, LABELLED)
    if outputs.categorical is not None and before.confusion.n >= LABELLED:
        changes = _recall_changes(before.confusion, after.confusion)
        figures = of_classes(before.confusion, after.confusion)
        yield _result(outputs.categorical, after.confusion.n, least, figures, changes)
    if outputs.numeric is None:
        return
    old, new = before.calibration, after.calibration
    if old.n >= max(LABELLED, before.deviation.n):
        yield _result(outputs.numeric, new.n, least, of_scores(old, new), _bin_changes(old, new))
    elif before.deviation.n >= LABELLED:
        errors = of_errors(before.deviation, after.deviation)
        yield _result(outputs.numeric, after.deviation.n, least, errors, ())


def _result(
    output: str, n: int, least: int, tested: Iterator[Figure], changes: tuple[Change, ...]
) -> Result:
    feature = f"{OUTPUT}{output}"
    if n < least:
        words = f"{feature}: {counted(n, 'labelled prediction')}, at least {least} are needed"
        return Result(NAME, feature, Outcome.INSUFFICIENT, words, n=n)
    figures = list(tested)
    if not figures:
        words = f"{feature}: its errors are beyond what can be summed up"
        return Result(NAME, feature, Outcome.INSUFFICIENT, words, n=n)
    worst = min(figures, key=lambda one: (one.effect < MINIMUM_EFFECT, one.p_value, -one.effect))
    return Result(
        NAME,
        feature,
        Outcome.FINDING if worst.effect >= MINIMUM_EFFECT else Outcome.OK,
        f"{feature}: {_words(worst)} over {counted(n, 'labelled prediction')}{_most(changes)}",
        severity=Severity.HIGH if worst.effect >= HIGH else Severity.MEDIUM,
        n=n,
        effect=worst.effect,
        p_value=min(1.0, worst.p_value * len(figures)),
        changes=changes[:SHOWN],
        statistics=_statistics(figures),
    )


def _words(worst: Figure) -> str:
    old, new = ((percent if worst.share else figure)(x) for x in (worst.before, worst.after))
    return f"{worst.name} went from {old} to {new}"


def _most(changes: tuple[Change, ...]) -> str:
    """The class whose recall fell most, if one fell at all; bins of scores are left to the evidence."""
    top = next(iter(changes), None)
    if top is None or not top.value.startswith(_RECALL) or top.after >= top.before:
        return ""
    return f", {top.value} from {percent(top.before)} to {percent(top.after)}"


def _statistics(figures: list[Figure]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in figures:
        name = one.name.lower().replace(" ", "_")
        found |= {f"{name}_before": one.before, name: one.after, f"{name}_p": one.p_value}
    return found


_RECALL = "recall of "


def _recall_changes(before: Confusion, after: Confusion) -> tuple[Change, ...]:
    old, new = recalls(before), recalls(after)
    return tuple(
        Change(f"{_RECALL}{name}", rate(*old[name]), rate(*new[name]), old[name][0], new[name][0])
        for name in most_fallen(old, new)
    )


def _bin_changes(before: Calibration, after: Calibration) -> tuple[Change, ...]:
    """The share of true labels by bin of scores, the most moved first."""
    size = len(before.counts)
    moved = [
        Change(
            f"true where the score is {i / size:g} to {(i + 1) / size:g}",
            rate(before.labels[i], before.counts[i]),
            rate(after.labels[i], after.counts[i]),
            before.labels[i],
            after.labels[i],
        )
        for i in range(size)
        if before.counts[i] and after.counts[i]
    ]
    return tuple(sorted(moved, key=lambda change: -abs(change.after - change.before)))
