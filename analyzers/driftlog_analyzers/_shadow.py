"""Two versions of a model on the same traffic, event by event: what is summed up of their joined predictions. Pure.

Every part adds up: ``merge`` is associative and commutative, and the empty summary is its identity.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from driftlog_analyzers._quality import Compared, Confusion
from driftlog_analyzers._window import Window

By = Literal["trace", "id"]

GAMMA = 1.02
"""Neighbouring buckets of differences are 2 % apart, so that a quantile is off by 1 % at the most."""
OFFSET = 50_000
"""Makes the buckets of all 64-bit floats positive."""
_LARGEST = math.log(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class ShadowSpec:
    """What is joined.

    Attributes:
        model: the model's name.
        live, shadow: the two versions.
        by: whether the same request has one trace id or one event id in both.
        compared: the outputs.
        window: the stretch of time.
        segment: a categorical feature of the live version's events; None, no slices.
        values: its values that are slices of their own; all others are one, under None.
    """

    model: str
    live: str
    shadow: str
    by: By
    compared: Compared
    window: Window
    segment: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs of numeric outputs; a difference is the shadow's less the live one's.

    Attributes:
        n: pairs.
        live, shadow: means.
        live_m2, shadow_m2, difference_m2: sums of squared deviations from the mean.
        co: sum of the products of the deviations.
        buckets: differences by bucket of a DDSketch (Masson, Rim and Lee 2019): 0 for none, else sign times
            ceil(log(abs) / log(`GAMMA`)) + `OFFSET`.
    """

    n: int = 0
    live: float = 0.0
    shadow: float = 0.0
    live_m2: float = 0.0
    shadow_m2: float = 0.0
    difference_m2: float = 0.0
    co: float = 0.0
    buckets: Mapping[int, int] = field(default_factory=dict)

    @property
    def difference(self) -> float:
        """Mean difference."""
        return self.shadow - self.live

    @property
    def correlation(self) -> float | None:
        """Pearson's r; None where one of the two does not vary."""
        size = math.sqrt(self.live_m2) * math.sqrt(self.shadow_m2)
        return max(-1.0, min(1.0, self.co / size)) if size else None

    def quantile(self, at: float) -> float:
        """A quantile of the differences, to 1 % of its size; 0 where there are none."""
        rank, passed = at * (self.n - 1), 0
        for bucket in sorted(self.buckets):
            passed += self.buckets[bucket]
            if passed > rank:
                return value_of(bucket)
        return 0.0

    def merge(self, other: "Scores") -> "Scores":
        """Combine by Chan, Golub and LeVeque (1983)."""
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        weight = self.n * other.n / n
        live, shadow = other.live - self.live, other.shadow - self.shadow
        return Scores(
            n,
            self.live * (self.n / n) + other.live * (other.n / n),
            self.shadow * (self.n / n) + other.shadow * (other.n / n),
            self.live_m2 + other.live_m2 + live * live * weight,
            self.shadow_m2 + other.shadow_m2 + shadow * shadow * weight,
            self.difference_m2 + other.difference_m2 + (shadow - live) ** 2 * weight,
            self.co + other.co + live * shadow * weight,
            dict(Counter(self.buckets) + Counter(other.buckets)),
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """Requests that both versions answered.

    Attributes:
        n: how many.
        labels: categorical outputs by (live, shadow); `Confusion.accuracy` is their agreement.
        scores: numeric outputs.
    """

    n: int = 0
    labels: Confusion = field(default_factory=Confusion)
    scores: Scores = field(default_factory=Scores)

    def merge(self, other: "Joined") -> "Joined":
        """Combine two."""
        return Joined(
            self.n + other.n, self.labels.merge(other.labels), self.scores.merge(other.scores)
        )


@dataclass(frozen=True, slots=True)
class Shadow:
    """What the join of two versions gives.

    Attributes:
        live, shadow: requests that each answered, by distinct trace or event id.
        repeated: further predictions of one version for one id; its first by time counts.
        slices: joined requests by value of the segment; None is all other values, or all where there is no segment.
    """

    live: int = 0
    shadow: int = 0
    repeated: int = 0
    slices: Mapping[str | None, Joined] = field(default_factory=dict)

    @property
    def whole(self) -> Joined:
        """All joined requests."""
        total = Joined()
        for one in self.slices.values():
            total = total.merge(one)
        return total


@dataclass(frozen=True, slots=True)
class Answer:
    """The outputs of one version for one request.

    Attributes:
        score: the numeric one, if there is one.
        label: the categorical one.
    """

    score: float | None = None
    label: str | None = None


def bucket_of(difference: float) -> int:
    """The bucket of a difference."""
    if not difference:
        return 0
    place = math.ceil(math.log(abs(difference)) / math.log(GAMMA)) + OFFSET
    return place if difference > 0 else -place


def value_of(bucket: int) -> float:
    """A difference that is within 1 % of all in the bucket."""
    if not bucket:
        return 0.0
    exponent = min(_LARGEST, (abs(bucket) - OFFSET) * math.log(GAMMA))
    return math.copysign(2.0 / (GAMMA + 1.0) * math.exp(exponent), bucket)


def joined(pairs: Sequence[tuple[Answer, Answer]]) -> Joined:
    """Sum up joined requests, (live, shadow) each."""
    labels = Counter(
        (a.label, b.label) for a, b in pairs if a.label is not None and b.label is not None
    )
    scores = [
        (a.score, b.score)
        for a, b in pairs
        if a.score is not None and b.score is not None and math.isfinite(b.score - a.score)
    ]
    return Joined(len(pairs), Confusion(labels), _scores(scores))


def _scores(pairs: Sequence[tuple[float, float]]) -> Scores:
    n = len(pairs)
    if not n:
        return Scores()
    live, shadow = math.fsum(a for a, _ in pairs) / n, math.fsum(b for _, b in pairs) / n
    from_means = [(a - live, b - shadow) for a, b in pairs]
    return Scores(
        n,
        live,
        shadow,
        _total(a * a for a, _ in from_means),
        _total(b * b for _, b in from_means),
        _total((b - a) * (b - a) for a, b in from_means),
        _total(a * b for a, b in from_means),
        dict(Counter(bucket_of(b - a) for a, b in pairs)),
    )


def _total(values: Iterable[float]) -> float:
    return sum(values, 0.0)
