"""Labelled predictions summed up one by one, as Elasticsearch cannot join: pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from driftlog_analyzers._quality import BINS, CLIP, Calibration, Confusion, Deviation, Quality


@dataclass(frozen=True, slots=True)
class Value:
    """A label's value, or what the compared outputs of one prediction hold.

    Attributes:
        number: the number, if there is one.
        string: the string, if there is one.
    """

    number: float | None = None
    string: str | None = None

    @property
    def truth(self) -> int | None:
        """1 or 0 of a boolean label; None of any other."""
        if self.number is not None:
            return int(self.number) if self.number in (0, 1) else None
        return {"true": 1, "false": 0}.get(self.string or "")


def tally(pairs: Iterable[tuple[Value, Value]]) -> Quality:
    """Sum up labelled predictions.

    Args:
        pairs: of each prediction, its compared outputs and its label.
    """
    labelled = 0
    confused: dict[tuple[str, str], int] = {}
    numbers: list[tuple[float, float]] = []
    scores: list[tuple[float, int]] = []
    for output, label in pairs:
        labelled += 1
        if output.string is not None and label.string is not None:
            pair = (output.string, label.string)
            confused[pair] = confused.get(pair, 0) + 1
        if output.number is None:
            continue
        if label.number is not None:
            numbers.append((output.number, label.number))
        if (truth := label.truth) is not None and 0 <= output.number <= 1:
            scores.append((output.number, truth))
    return Quality(labelled, labelled, Confusion(confused), _errors(numbers), _calibration(scores))


def _errors(pairs: list[tuple[float, float]]) -> Deviation:
    errors = [score - label for score, label in pairs]
    return Deviation(
        len(pairs),
        sum(errors, 0.0),
        sum(map(abs, errors), 0.0),
        sum((error * error for error in errors), 0.0),
        sum((label for _, label in pairs), 0.0),
        sum((label * label for _, label in pairs), 0.0),
        sum((error * error * error * error for error in errors), 0.0),
    )


def _calibration(pairs: list[tuple[float, int]]) -> Calibration:
    counts, scores, labels = [0] * BINS, [0.0] * BINS, [0] * BINS
    brier = loss = brier_sq = loss_sq = 0.0
    for score, label in pairs:
        place = min(int(score * BINS), BINS - 1)
        counts[place] += 1
        scores[place] += score
        labels[place] += label
        clipped = min(max(score, CLIP), 1 - CLIP)
        one = math.log(clipped if label else 1 - clipped)
        brier += (score - label) ** 2
        brier_sq += (score - label) ** 4
        loss -= one
        loss_sq += one * one
    bins = tuple(counts), tuple(scores), tuple(labels)
    return Calibration(*bins, brier, loss, brier_sq, loss_sq)
