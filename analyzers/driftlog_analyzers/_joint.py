"""How features go together: for each pair of them a small table of counts, from a sample of events."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from driftlog_analyzers._profile import FeatureProfile, Numeric, WindowProfile

SAMPLE = 5_000
"""Events of the reference, and of a window, that are looked at."""
MOST_FEATURES = 12
TOP_VALUES = 8
BINS = 5

Row = tuple[str | float | None, ...]
"""The values of some features in one event; None where it has no string and no number."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a feature's values become a few levels: of a string its place, of a number its bin, then other, then none.

    Attributes:
        feature: its name.
        values: the most frequent strings.
        edges: ascending; a number lies in the bin of the first edge that is not below it.
    """

    feature: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The levels, for people."""
        if not self.edges:
            return (*self.values, "(other)", "(none)")
        inner = [
            f"{low:.4g} to {high:.4g}"
            for low, high in zip(self.edges, self.edges[1:], strict=False)
        ]
        ends = f"to {self.edges[0]:.4g}", f"over {self.edges[-1]:.4g}"
        return (ends[0], *inner, ends[1], "(other)", "(none)")

    def level(self, value: str | float | None) -> int:
        """The place of a value among `names`."""
        other = len(self.names) - 2
        if value is None:
            return other + 1
        if isinstance(value, str):
            return self.values.index(value) if value in self.values else other
        return bisect_left(self.edges, value) if self.edges else other


@dataclass(frozen=True, slots=True)
class Pair:
    """Two features, and how often each level of the one came with each of the other.

    Attributes:
        first: place of the one among the codings.
        second: place of the other.
        counts: by level of the first, then of the second.
    """

    first: int
    second: int
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Joint:
    """How the features of a sample go together.

    Attributes:
        codings: of the features.
        events: of the sample.
        pairs: all of them.
    """

    codings: tuple[Coding, ...]
    events: int
    pairs: tuple[Pair, ...]


def codings(profile: WindowProfile) -> tuple[Coding, ...]:
    """Of the features that vary most, by the entropy of their levels, how they are coded."""
    found = []
    for name, feature in sorted(profile.features.items()):
        coding, counts = _coding(name, feature)
        varied = _entropy([*counts, profile.events - feature.present + feature.nulls])
        if len([count for count in counts if count]) > 1:
            found.append((varied, name, coding))
    order = sorted(found, key=lambda one: (-one[0], one[1]))[:MOST_FEATURES]
    return tuple(coding for _, _, coding in sorted(order, key=lambda one: one[1]))


def joint(coded: tuple[Coding, ...], rows: Sequence[Row]) -> Joint:
    """Count the pairs of levels in a sample.

    Args:
        coded: how each feature is coded.
        rows: the values of these features in this order.
    """
    columns = [[coding.level(row[place]) for row in rows] for place, coding in enumerate(coded)]
    pairs = (
        _pair(coded, columns, first, second) for first, second in combinations(range(len(coded)), 2)
    )
    return Joint(coded, len(rows), tuple(pairs))


def _pair(
    coded: Sequence[Coding], columns: Sequence[Sequence[int]], first: int, second: int
) -> Pair:
    counts = Counter(zip(columns[first], columns[second], strict=True))
    across, down = len(coded[second].names), len(coded[first].names)
    return Pair(
        first,
        second,
        tuple(tuple(counts[row, column] for column in range(across)) for row in range(down)),
    )


def _coding(name: str, feature: FeatureProfile) -> tuple[Coding, list[int]]:
    """The coding, and how many events of the reference its levels have."""
    if feature.numbers >= feature.strings and feature.numeric and feature.numeric.edges:
        return _binned(name, feature.numeric)
    counts = feature.categorical.counts if feature.categorical and feature.strings else {}
    top = sorted(counts, key=lambda value: (-counts[value], value))[:TOP_VALUES]
    rest = sum(counts.values()) - sum(counts[value] for value in top)
    return Coding(name, values=tuple(top)), [*(counts[value] for value in top), rest]


def _binned(name: str, numeric: Numeric) -> tuple[Coding, list[int]]:
    """Bins of about a fifth of the numbers each, at edges of the histogram."""
    edges: list[float] = []
    sizes: list[int] = []
    size = 0
    for edge, count in zip(numeric.edges[:-1], numeric.bins, strict=False):
        size += count
        if size >= numeric.n / BINS:
            edges.append(edge)
            sizes.append(size)
            size = 0
    return Coding(name, edges=tuple(edges)), [*sizes, numeric.n - sum(sizes)]


def _entropy(counts: Sequence[int]) -> float:
    """In nats."""
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c > 0)
