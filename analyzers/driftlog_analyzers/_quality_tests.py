"""Whether a figure of quality got worse: each with its test and an effect size. Pure, and from sums alone.

Every test is one-sided, against a fall. A mean loss (log loss, Brier score, absolute or squared error) is compared by
its standard error in both samples (Welch 1947), which the sums of squares give; its effect is Cohen's d.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scipy.special import chdtrc, ndtr

from driftlog_analyzers._quality import Calibration, Confusion, Deviation
from driftlog_analyzers._statistics import cohen_h, more_often

LARGEST_EFFECT = 10.0
FEWEST_OF_CLASS = 5
FEWEST_IN_BIN = 5.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of quality before and after.

    Attributes:
        name: in words.
        before: of the reference.
        after: of the window.
        effect: how much worse, above 0, on Cohen's scales: h of rates, else in standard deviations of one prediction's
            loss; 10 at the most.
        p_value: probability of so much worse without a fault.
        share: whether it is a share, 0 to 1.
    """

    name: str
    before: float
    after: float
    effect: float
    p_value: float
    share: bool = False


def of_classes(before: Confusion, after: Confusion) -> Iterator[Figure]:
    """Accuracy by Fisher's exact test, macro F1 by its standard error."""
    old, new, m, n = before.accuracy, after.accuracy, before.n, after.n
    if old is None or new is None:
        return
    wrong, usual = round((1.0 - new) * n), round((1.0 - old) * m)
    p_value = more_often(wrong, n, usual, m)
    yield Figure("accuracy", old, new, cohen_h(1.0 - old, 1.0 - new), p_value, share=True)
    common = _classes(before) & _classes(after)
    if common:
        (f, variance), (g, other) = _macro_f1(before, common), _macro_f1(after, common)
        p_value = _worse(g - f, variance + other, falls=True)
        yield Figure("F1", f, g, cohen_h(1.0 - f, 1.0 - g), p_value, share=True)


def of_errors(before: Deviation, after: Deviation) -> Iterator[Figure]:
    """MAE and RMSE; the test of the latter is that of the mean square."""
    sums = (before.absolute, before.squared), (after.absolute, after.squared)
    yield from _mean("MAE", (before.n, *sums[0]), (after.n, *sums[1]))
    squares = (before.n, before.squared, before.fourth), (after.n, after.squared, after.fourth)
    for figure in _mean("RMSE", *squares):
        roots = math.sqrt(figure.before), math.sqrt(figure.after)
        yield Figure(figure.name, *roots, figure.effect, figure.p_value)


def of_scores(before: Calibration, after: Calibration) -> Iterator[Figure]:
    """Log loss, Brier score and calibration error."""
    m, n = before.n, after.n
    old, new = (before.log_loss_sum, before.log_loss_sq), (after.log_loss_sum, after.log_loss_sq)
    yield from _mean("log loss", (m, *old), (n, *new))
    old, new = (before.brier_sum, before.brier_sq), (after.brier_sum, after.brier_sq)
    yield from _mean("Brier score", (m, *old), (n, *new))
    if (error := _calibration_error(before, after)) is not None:
        yield error


def recalls(table: Confusion) -> dict[str, tuple[int, int]]:
    """Hits and labels of each class that is a label."""
    found: dict[str, tuple[int, int]] = {}
    for (predicted, label), count in table.pairs.items():
        hits, labels = found.get(label, (0, 0))
        found[label] = hits + count * (predicted == label), labels + count
    return found


def _classes(table: Confusion) -> set[str]:
    """The classes with enough labels to say something of their F1."""
    return {name for name, (_, labels) in recalls(table).items() if labels >= FEWEST_OF_CLASS}


def _macro_f1(table: Confusion, classes: set[str]) -> tuple[float, float]:
    """Mean F1 of some classes and its variance by the delta method (Takahashi et al. 2022, Applied Intelligence 52).

    A prediction p with label l moves F1 of class c by (2·[p=l=c] - F1·([p=c] + [l=c])) / (claimed + actual).
    """
    sizes: dict[str, int] = {}
    for pair, count in table.pairs.items():
        for name in pair:
            sizes[name] = sizes.get(name, 0) + count
    hits = {name: table.pairs.get((name, name), 0) for name in classes}
    f1 = {name: 2.0 * hits[name] / sizes[name] for name in classes}

    def influence(pair: tuple[str, str]) -> float:
        named = [name for name in set(pair) if name in classes]
        both = pair[0] == pair[1]
        return sum((2.0 * both - f1[c] * (1 + both)) / sizes[c] for c in named) / len(classes)

    variance = math.fsum(count * influence(pair) ** 2 for pair, count in table.pairs.items())
    return math.fsum(f1.values()) / len(classes), variance


def _mean(
    name: str, before: tuple[int, float, float], after: tuple[int, float, float]
) -> Iterator[Figure]:
    """A mean loss from number, sum and sum of squares; nothing where those are beyond what a float holds."""
    if not all(map(math.isfinite, (*before, *after))) or not before[0] or not after[0]:
        return
    (old, spread), (new, other) = _moments(*before), _moments(*after)
    p_value = _worse(new - old, spread / before[0] + other / after[0])
    effect = _in_deviations(new - old, (spread + other) / 2.0)
    yield Figure(name, old, new, effect, p_value)


def _moments(n: int, total: float, squares: float) -> tuple[float, float]:
    mean = total / n
    return mean, max(0.0, squares / n - mean * mean)


def _worse(rise: float, variance: float, *, falls: bool = False) -> float:
    """One-sided p-value of a rise (or a fall) with this variance."""
    rise = -rise if falls else rise
    if variance <= 0:
        return 0.0 if rise > 0 else 1.0
    return float(ndtr(-rise / math.sqrt(variance)))


def _in_deviations(rise: float, variance: float) -> float:
    if not rise:
        return 0.0
    size = rise / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, rise)
    return max(-LARGEST_EFFECT, min(LARGEST_EFFECT, size))


def _calibration_error(before: Calibration, after: Calibration) -> Figure | None:
    """The rise of ECE beyond what sampling gives, tested by the change of each bin's gap.

    The gap of a bin is its labels less its scores, with the variance p(1 - p)/n of a bin's true rate (Hosmer and
    Lemeshow 1980; Bröcker and Smith 2007); the squares of their standardised changes add up to chi-squared.
    """
    bins = _pooled(before, after)
    old, new = before.ece, after.ece
    if not bins or old is None or new is None:
        return None
    total = noise = usual_noise = 0.0
    for m, n, gap, other, rate in bins:
        variance = rate * (1.0 - rate)
        total += (other / n - gap / m) ** 2 / (variance * (1.0 / m + 1.0 / n))
        noise += math.sqrt(2.0 / math.pi * variance * n) / after.n
        usual_noise += math.sqrt(2.0 / math.pi * variance * m) / before.n
    errors = [sum(abs(bin_[i]) for bin_ in bins) for i in (2, 3)]
    rise = _beyond(errors[1] / after.n, noise) - _beyond(errors[0] / before.n, usual_noise)
    p_value = float(chdtrc(len(bins), total)) if rise > 0 else 1.0
    return Figure("calibration error", old, new, _in_deviations(rise, before.brier or 0.0), p_value)


def _beyond(error: float, noise: float) -> float:
    """A mean absolute gap less what sampling alone adds to it, the two being independent."""
    return math.sqrt(max(0.0, error * error - noise * noise))


def _pooled(before: Calibration, after: Calibration) -> list[tuple[float, ...]]:
    """Sizes, gaps and common rate, neighbours pooled until each expects enough of both labels in the smaller sample."""
    found: list[tuple[float, ...]] = []
    open_bin = [0.0] * 6
    share = min(before.n, after.n) / (before.n + after.n) if after.n else 0.0
    parts = zip(
        *(part for c in (before, after) for part in (c.counts, c.scores, c.labels)), strict=True
    )
    for part in parts:
        open_bin = [a + b for a, b in zip(open_bin, part, strict=True)]
        if _enough(open_bin, share):
            found.append(tuple(open_bin))
            open_bin = [0.0] * 6
    if found:
        found[-1] = tuple(a + b for a, b in zip(found[-1], open_bin, strict=True))
    return [(m, n, y - s, z - t, (y + z) / (m + n)) for m, s, y, n, t, z in found]


def _enough(sums: list[float], share: float) -> bool:
    m, _, labels, n, _, others = sums
    true = labels + others
    return min(m, n) > 0 and min(true, m + n - true) * share >= FEWEST_IN_BIN


def most_fallen(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> list[str]:
    """Classes of both tables of `recalls`, that with the largest fall of recall first."""

    def fall(name: str) -> float:
        (hits, labels), (now, of) = before[name], after[name]
        return hits / labels - now / of

    return sorted(before.keys() & after.keys(), key=lambda name: (-fall(name), name))
