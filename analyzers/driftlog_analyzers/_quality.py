"""How right a model was: predictions of one window, held against the labels that have arrived for them.

Every part adds up: ``merge`` is associative and commutative, and the empty summary is its identity. Counts are exact;
sums of floats agree with a computation from scratch to rounding. Labels arrive late, so this is no part of the stored
`WindowProfile`: it is asked for again whenever it is wanted.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from driftlog_analyzers._profile import Features
from driftlog_analyzers._rows_of_pairs import PairRows

BINS = 10
CLIP = 2.0**-52
"""Log loss takes scores between this and 1 minus this, as scikit-learn's `log_loss` does for 64-bit floats."""

BARE = {"number": "score", "string": "label"}
"""What the service calls an output that is one bare value."""

Pairs = Annotated[Mapping[tuple[str, str], int], PairRows]


@dataclass(frozen=True, slots=True)
class Compared:
    """The outputs that a label is held against.

    Attributes:
        numeric: the output that numeric labels, and the probabilities of boolean ones, are compared with.
        categorical: the output that categorical labels are compared with.
    """

    numeric: str | None = BARE["number"]
    categorical: str | None = BARE["string"]


def compared(outputs: Features) -> Compared:
    """Which outputs a label belongs to: ``score`` and ``label``, else the only one of the kind, else none.

    Args:
        outputs: a profile of the outputs, such as the baseline's.
    """
    return Compared(_chosen(outputs, "number"), _chosen(outputs, "string"))


def _chosen(outputs: Features, kind: str) -> str | None:
    names = [name for name, profile in outputs.items() if kind in profile.kinds]
    if BARE[kind] in names:
        return BARE[kind]
    return names[0] if len(names) == 1 else None


@dataclass(frozen=True, slots=True)
class Confusion:
    """A categorical output against categorical labels.

    Attributes:
        pairs: predictions by (predicted, label); as many entries as there are different pairs.
    """

    pairs: Pairs = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Predictions compared."""
        return sum(self.pairs.values())

    @property
    def accuracy(self) -> float | None:
        """Share of the predictions that equal their label; None without any."""
        right = sum(count for (predicted, label), count in self.pairs.items() if predicted == label)
        return right / self.n if self.pairs else None

    @property
    def f1(self) -> float | None:
        """The mean of `f1_of` over all classes, unweighted (scikit-learn's ``average="macro"``)."""
        classes = {name for pair in self.pairs for name in pair}
        return math.fsum(map(self.f1_of, classes)) / len(classes) if classes else None

    def f1_of(self, name: str) -> float:
        """F1 of one class, 2·TP / (2·TP + FP + FN) (van Rijsbergen 1979, chapter 7); 0 where it never occurs."""
        hits = self.pairs.get((name, name), 0)
        claimed = sum(count for (predicted, _), count in self.pairs.items() if predicted == name)
        actual = sum(count for (_, label), count in self.pairs.items() if label == name)
        return 2 * hits / (claimed + actual) if claimed + actual else 0.0

    def merge(self, other: "Confusion") -> "Confusion":
        """Add the counts."""
        total = dict(self.pairs)
        for pair, count in other.pairs.items():
            total[pair] = total.get(pair, 0) + count
        return Confusion(total)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A numeric output against numeric labels; an error is the prediction minus its label.

    Attributes:
        n: predictions compared.
        error, absolute, squared: sums of the errors, of their absolute values and of their squares.
        label, label_sq: sums of the labels and of their squares.
        fourth: sum of the fourth powers of the errors, for the standard error of their mean square.
    """

    n: int = 0
    error: float = 0.0
    absolute: float = 0.0
    squared: float = 0.0
    label: float = 0.0
    label_sq: float = 0.0
    fourth: float = 0.0

    @property
    def bias(self) -> float | None:
        """Mean error; None without any."""
        return self.error / self.n if self.n else None

    @property
    def mae(self) -> float | None:
        """Mean absolute error."""
        return self.absolute / self.n if self.n else None

    @property
    def rmse(self) -> float | None:
        """Root of the mean squared error."""
        return math.sqrt(self.squared / self.n) if self.n else None

    def merge(self, other: "Deviation") -> "Deviation":
        """Add everything."""
        return Deviation(
            self.n + other.n,
            self.error + other.error,
            self.absolute + other.absolute,
            self.squared + other.squared,
            self.label + other.label,
            self.label_sq + other.label_sq,
            self.fourth + other.fourth,
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """A score from 0 to 1 against boolean labels: the numbers 0 and 1, or the strings false and true.

    Attributes:
        counts: predictions by bin; the i-th of the ten holds i/10 <= score < (i + 1)/10, the last one 1 too.
        scores: their scores, summed by bin.
        labels: true labels by bin.
        brier_sum: squared differences between score and label, summed.
        log_loss_sum: minus the natural logarithms of the probability given to the label, summed.
        brier_sq, log_loss_sq: the squares of what those two sum up, summed, for the means' standard errors.
    """

    counts: tuple[int, ...] = (0,) * BINS
    scores: tuple[float, ...] = (0.0,) * BINS
    labels: tuple[int, ...] = (0,) * BINS
    brier_sum: float = 0.0
    log_loss_sum: float = 0.0
    brier_sq: float = 0.0
    log_loss_sq: float = 0.0

    @property
    def n(self) -> int:
        """Predictions compared."""
        return sum(self.counts)

    @property
    def brier(self) -> float | None:
        """Brier score, the mean squared difference (Brier 1950); None without any prediction."""
        return self.brier_sum / self.n if self.n else None

    @property
    def log_loss(self) -> float | None:
        """Mean negative log-likelihood, of scores clipped to [`CLIP`, 1 - `CLIP`] (Bishop 2006, eq. 4.90)."""
        return self.log_loss_sum / self.n if self.n else None

    @property
    def ece(self) -> float | None:
        """Expected calibration error over the ten bins (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, eq. 3)."""
        if not self.n:
            return None
        gaps = (abs(score - label) for score, label in zip(self.scores, self.labels, strict=True))
        return math.fsum(gaps) / self.n

    def merge(self, other: "Calibration") -> "Calibration":
        """Add everything."""
        return Calibration(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            tuple(a + b for a, b in zip(self.scores, other.scores, strict=True)),
            tuple(a + b for a, b in zip(self.labels, other.labels, strict=True)),
            self.brier_sum + other.brier_sum,
            self.log_loss_sum + other.log_loss_sum,
            self.brier_sq + other.brier_sq,
            self.log_loss_sq + other.log_loss_sq,
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """What the labels say of one window's predictions.

    Attributes:
        predictions: how many there are.
        labelled: how many of them have a label, of whatever kind.
        confusion: the categorical output against categorical labels.
        deviation: the numeric output against numeric labels.
        calibration: the numeric output, where it lies from 0 to 1, against boolean labels.
        parts: the same of slices, by their name, where those are watched by themselves.
    """

    predictions: int = 0
    labelled: int = 0
    confusion: Confusion = field(default_factory=Confusion)
    deviation: Deviation = field(default_factory=Deviation)
    calibration: Calibration = field(default_factory=Calibration)
    parts: Mapping[str, "Quality"] = field(default_factory=dict)

    def merge(self, other: "Quality") -> "Quality":
        """Combine two windows into one."""
        return Quality(
            self.predictions + other.predictions,
            self.labelled + other.labelled,
            self.confusion.merge(other.confusion),
            self.deviation.merge(other.deviation),
            self.calibration.merge(other.calibration),
            {
                name: self.parts.get(name, Quality()).merge(other.parts.get(name, Quality()))
                for name in sorted({*self.parts, *other.parts})
            },
        )
