"""The mergeable summary of one window of events.

Every part adds up: ``merge`` is associative and commutative, and the empty profile is its identity. Counts are exact;
means and second moments follow Chan, Golub and LeVeque (1983): they agree with a computation from scratch to rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

Counts = Mapping[str, int]
Slice = tuple[str, str]
"""A categorical feature and one value of it: the events that have this value."""


def slice_name(part: Slice) -> str:
    """A slice as results and alerts name it: ``country=DE``."""
    return "=".join(part)


def add_counts(a: Counts, b: Counts) -> Counts:
    """Sum two tables of counts."""
    if not a or not b:
        return a or b
    total = dict(a)
    for key, count in b.items():
        total[key] = total.get(key, 0) + count
    return total


def most(counts: Counts, listed: int = 10) -> tuple[str, ...]:
    """The names of the largest counts, the largest first."""
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:listed])


@dataclass(frozen=True, slots=True)
class Numeric:
    """Numbers of one feature.

    Attributes:
        n: how many.
        mean: their mean.
        m2: sum of squared deviations from the mean.
        minimum: the smallest.
        maximum: the largest.
        edges: ascending histogram edges, those of the baseline.
        bins: len(edges) + 1 counts; bins[i] holds edges[i - 1] < x <= edges[i].
        below: how many lie under the allowed range.
        above: how many lie over it.
    """

    n: int
    mean: float
    m2: float
    minimum: float
    maximum: float
    edges: tuple[float, ...] = ()
    bins: tuple[int, ...] = ()
    below: int = 0
    above: int = 0

    def merge(self, other: "Numeric") -> "Numeric":
        """Combine two summaries over the same edges.

        Raises:
            ValueError: the edges differ.
        """
        if self.edges != other.edges:
            raise ValueError(
                "two histograms over different edges cannot be merged; profile both windows with one baseline"
            )
        n = self.n + other.n
        delta = other.mean - self.mean
        return Numeric(
            n=n,
            mean=self.mean * (self.n / n) + other.mean * (other.n / n),
            m2=self.m2 + other.m2 + delta * delta * self.n * other.n / n,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            edges=self.edges,
            bins=tuple(a + b for a, b in zip(self.bins, other.bins, strict=True)),
            below=self.below + other.below,
            above=self.above + other.above,
        )


@dataclass(frozen=True, slots=True)
class Categorical:
    """Values of one categorical or list feature.

    Attributes:
        counts: occurrences by value.
        tail: occurrences of values too many to be listed.
        tail_distinct: how many values those are (after a merge: at most so many).
    """

    counts: Counts
    tail: int = 0
    tail_distinct: int = 0

    @property
    def n(self) -> int:
        """Occurrences of all values."""
        return sum(self.counts.values()) + self.tail

    @property
    def once(self) -> int:
        """Values that stand there once: as many of n further ones of an unchanged source are new (Good 1953)."""
        return sum(count == 1 for count in self.counts.values())

    def merge(self, other: "Categorical") -> "Categorical":
        """Add the counts."""
        return Categorical(
            add_counts(self.counts, other.counts),
            self.tail + other.tail,
            self.tail_distinct + other.tail_distinct,
        )


@dataclass(frozen=True, slots=True)
class Text:
    """Tokens of one text feature; within a text each distinct token counts once.

    Attributes:
        n: texts.
        tokens: distinct tokens, summed over the texts.
        oov: those outside the vocabulary.
        tokens_sq, oov_sq, tokens_oov: sums of squares and products per text, for the rate's clustered standard error.
        unknown: texts per unknown token.
        unknown_tail: occurrences of unknown tokens too many to be listed.
    """

    n: int
    tokens: int
    oov: int
    tokens_sq: int
    oov_sq: int
    tokens_oov: int
    unknown: Counts = field(default_factory=dict)
    unknown_tail: int = 0

    def merge(self, other: "Text") -> "Text":
        """Add everything."""
        return Text(
            n=self.n + other.n,
            tokens=self.tokens + other.tokens,
            oov=self.oov + other.oov,
            tokens_sq=self.tokens_sq + other.tokens_sq,
            oov_sq=self.oov_sq + other.oov_sq,
            tokens_oov=self.tokens_oov + other.tokens_oov,
            unknown=add_counts(self.unknown, other.unknown),
            unknown_tail=self.unknown_tail + other.unknown_tail,
        )


@dataclass(frozen=True, slots=True)
class FeatureProfile:
    """What one window holds of one feature.

    ``numbers + strings + lists + texts + others + nulls + nonfinite`` events carried it; in the rest it was absent.
    ``categorical`` holds the values of strings and of lists.
    """

    numbers: int = 0
    strings: int = 0
    lists: int = 0
    texts: int = 0
    others: Counts = field(default_factory=dict)
    nulls: int = 0
    nonfinite: int = 0
    numeric: Numeric | None = None
    categorical: Categorical | None = None
    text: Text | None = None

    @property
    def values(self) -> int:
        """Events with a value: neither absent nor null nor non-finite."""
        return self.numbers + self.strings + self.lists + self.texts + sum(self.others.values())

    @property
    def present(self) -> int:
        """Events that carried the feature, be it null."""
        return self.values + self.nulls + self.nonfinite

    @property
    def kinds(self) -> Counts:
        """Events by the kind of their value; other types by their name."""
        named = {
            "number": self.numbers,
            "string": self.strings,
            "list": self.lists,
            "text": self.texts,
        }
        return {kind: count for kind, count in (named | dict(self.others)).items() if count}

    def merge(self, other: "FeatureProfile") -> "FeatureProfile":
        """Add everything."""
        return FeatureProfile(
            numbers=self.numbers + other.numbers,
            strings=self.strings + other.strings,
            lists=self.lists + other.lists,
            texts=self.texts + other.texts,
            others=add_counts(self.others, other.others),
            nulls=self.nulls + other.nulls,
            nonfinite=self.nonfinite + other.nonfinite,
            numeric=self.numeric.merge(other.numeric)
            if self.numeric and other.numeric
            else self.numeric or other.numeric,
            categorical=self.categorical.merge(other.categorical)
            if self.categorical and other.categorical
            else self.categorical or other.categorical,
            text=self.text.merge(other.text)
            if self.text and other.text
            else self.text or other.text,
        )


Features = Mapping[str, FeatureProfile]


def _merge_features(a: Features, b: Features) -> Features:
    merged = dict(a)
    for name, profile in b.items():
        merged[name] = merged[name].merge(profile) if name in merged else profile
    return merged


@dataclass(frozen=True, slots=True)
class WindowProfile:
    """What one window holds.

    Attributes:
        events: predictions.
        features: the inputs by name.
        predictions: the outputs by name.
        versions: events by model version.
        outcomes: events by outcome.
        duration: seconds a prediction took, where it was logged.
        first: time of the earliest event.
        last: time of the latest event.
        slices: profiles of parts of the events, by categorical feature and by its value.
        schemas: events by the service's hash of what decides the features' meaning.
    """

    events: int = 0
    features: Features = field(default_factory=dict)
    predictions: Features = field(default_factory=dict)
    versions: Counts = field(default_factory=dict)
    outcomes: Counts = field(default_factory=dict)
    duration: Numeric | None = None
    first: datetime | None = None
    last: datetime | None = None
    slices: Mapping[str, Mapping[str, "WindowProfile"]] = field(default_factory=dict)
    schemas: Counts = field(default_factory=dict)

    @property
    def parts(self) -> dict[Slice, "WindowProfile"]:
        """The profiles of the slices."""
        return {
            (feature, value): profile
            for feature, profiles in self.slices.items()
            for value, profile in profiles.items()
        }

    def segment(self, name: str) -> "WindowProfile":
        """The profile of the slice of this name; of all events, where it is empty."""
        if not name:
            return self
        named = {slice_name(part): profile for part, profile in self.parts.items()}
        return named.get(name, WindowProfile())

    def with_parts(self, parts: Mapping[Slice, "WindowProfile"]) -> "WindowProfile":
        """The same with these profiles of slices."""
        slices: dict[str, dict[str, WindowProfile]] = {}
        for (feature, value), profile in parts.items():
            slices.setdefault(feature, {})[value] = profile
        return replace(self, slices=slices)

    def merge(self, other: "WindowProfile") -> "WindowProfile":
        """Combine two windows into one."""
        firsts = [moment for moment in (self.first, other.first) if moment]
        lasts = [moment for moment in (self.last, other.last) if moment]
        return WindowProfile(
            events=self.events + other.events,
            features=_merge_features(self.features, other.features),
            predictions=_merge_features(self.predictions, other.predictions),
            versions=add_counts(self.versions, other.versions),
            outcomes=add_counts(self.outcomes, other.outcomes),
            duration=self.duration.merge(other.duration)
            if self.duration and other.duration
            else self.duration or other.duration,
            first=min(firsts, default=None),
            last=max(lasts, default=None),
            slices=_merge_slices(self.slices, other.slices),
            schemas=add_counts(self.schemas, other.schemas),
        )


_Slices = Mapping[str, Mapping[str, WindowProfile]]


def _merge_slices(a: _Slices, b: _Slices) -> _Slices:
    if not a or not b:
        return a or b
    merged = {feature: dict(profiles) for feature, profiles in a.items()}
    for feature, profiles in b.items():
        own = merged.setdefault(feature, {})
        for value, profile in profiles.items():
            own[value] = own[value].merge(profile) if value in own else profile
    return merged
