"""From a profile's parts to aggregations, and from their buckets back to the parts: pure.

Each function that asks has a method of `Answers` beside it that reads; they meet in the aggregations' names.
"""

import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from driftlog_analyzers._elasticsearch._search import PAGE, Part, Table
from driftlog_analyzers._profile import Counts, Numeric
from driftlog_analyzers._store import FeatureSpec

TERMS = 1_000
LARGEST = sys.float_info.max
NANOSECONDS = 1e9
_OFF_CENTRE = 1e5
_RESERVED = str.maketrans({"[": "%5B", "]": "%5D", ">": "%3E", "%": "%25"})

Bound = Callable[[float], float]


def next_number(edge: float) -> float:
    """The least number above an edge: Elasticsearch's ranges hold their lower bound, our bins their upper edge."""
    return math.nextafter(edge, math.inf)


def next_nanosecond(edge: float) -> int:
    """The least whole number of nanoseconds that is, in seconds, above an edge."""
    bound = round(edge * NANOSECONDS)
    while bound / NANOSECONDS > edge:
        bound -= 1
    while bound / NANOSECONDS <= edge:
        bound += 1
    return bound


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a field's numbers are profiled.

    Attributes:
        field: its name.
        spec: of the feature, in the profile's unit.
        bound: gives the least number above an edge, in the field's unit.
        unit: so many of the field's units are one of the profile's.
    """

    field: str
    spec: FeatureSpec
    bound: Bound = next_number
    unit: float = 1.0

    @property
    def bounds(self) -> list[float]:
        """Where the bins end, in the field's unit."""
        return [self.bound(edge) for edge in self.spec.edges]

    @property
    def low(self) -> float:
        """Numbers under it are below the allowed range."""
        return -math.inf if self.spec.minimum is None else self.spec.minimum

    @property
    def high(self) -> float:
        """Numbers from it on are above the allowed range."""
        return math.inf if self.spec.maximum is None else self.bound(self.spec.maximum)

    def part(self) -> Part:
        """Ask for a `Numeric`; all bounds cut the numbers into one row of ranges."""
        asked: dict[str, Any] = {
            _name("stats", self.field): {"extended_stats": {"field": self.field}}
        }
        # Of the two zeros, which are equal, Elasticsearch's order puts the negative one first.
        cuts = sorted({c or -0.0 for c in (*self.bounds, self.low, self.high) if math.isfinite(c)})
        if cuts:
            ranges: list[dict[str, float]] = [{"to": cuts[0]}]
            ranges += [{"from": a, "to": b} for a, b in pairwise(cuts)]
            body = {"field": self.field, "ranges": [*ranges, {"from": cuts[-1]}]}
            asked[_name("ranges", self.field)] = {"range": body}
        return Part(asked, len(cuts) + 2)


def values(field: str) -> Part:
    """Ask for the most frequent values, and whether there are more."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    terms = {"field": field, "size": TERMS, "order": order}
    return Part({_name("terms", field): {"terms": terms}}, TERMS)


def presence(field: str) -> Part:
    """Ask how many events have the field."""
    return Part({_name("exists", field): {"filter": {"exists": {"field": field}}}}, 1)


def sizes(size: str, oov: str) -> Part:
    """Ask for the sums over texts of their distinct and of their unknown tokens."""
    unknown = {"oov": {"sum": {"field": oov}}}
    return Part(
        {
            _name("stats", size): {"extended_stats": {"field": size}},
            _name("stats", oov): {"extended_stats": {"field": oov}},
            _name("cross", size): {
                "terms": {"field": size, "size": TERMS},
                "aggregations": unknown,
            },
        },
        TERMS,
    )


def cross_table(size: str, oov: str) -> Table:
    """All sizes of a text, with the sum of its unknown tokens for each."""
    return Table(size, {"oov": {"sum": {"field": oov}}})


def token_table(field: str, size: str) -> Table:
    """All tokens of a text, with the sum of the sizes of the texts that hold each."""
    return Table(field, {"sizes": {"sum": {"field": size}}})


def tokens(field: str, size: str) -> Part:
    """Ask for the first page of `token_table`."""
    return Part({_name("tokens", field): token_table(field, size).page(PAGE)}, PAGE)


class Answers:
    """What the aggregations of this module found.

    Args:
        found: by their names.
        tables: every value of some fields, with its count, for those that `unlisted` named.
    """

    def __init__(
        self, found: Mapping[str, Any], tables: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        self._found = found
        self._tables = tables or {}

    def unlisted(self, fields: Iterable[str]) -> set[str]:
        """The fields of `values` with more values than were listed, or with inexact counts."""
        return {field for field in fields if not _complete(self._found[_name("terms", field)])}

    def unbalanced(self, fields: Iterable[str]) -> set[str]:
        """The fields of `Numbers` whose second moment was lost: their mean is far above their deviation."""
        return {field for field in fields if _lost(self._found[_name("stats", field)])}

    def uncrossed(self, fields: Iterable[str]) -> set[str]:
        """The sizes of `sizes` that take more different values than were listed."""
        return {field for field in fields if not _complete(self._found[_name("cross", field)])}

    def first_page(self, field: str) -> Any:
        """What `tokens` found."""
        return self._found[_name("tokens", field)]

    def counts(self, field: str) -> Counts:
        """Events by value, of a field of `values`."""
        listed = self._tables.get(field)
        if listed is not None:
            return {bucket["key"]["value"]: bucket["doc_count"] for bucket in listed}
        found = self._found[_name("terms", field)]
        return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}

    def present(self, field: str) -> int:
        """Events with a field of `presence`."""
        return int(self._found[_name("exists", field)]["doc_count"])

    def squares(self, field: str) -> tuple[int, int, int]:
        """Number, sum and sum of squares of whole numbers, of a field of `sizes`."""
        stats = self._found[_name("stats", field)]
        return stats["count"], int(stats["sum"]), int(stats["sum_of_squares"] or 0)

    def cross(self, size: str) -> int:
        """Sum over texts of size times unknown tokens."""
        listed = self._tables.get(size)
        if listed is None:
            listed = self._found[_name("cross", size)]["buckets"]
        return sum(int(_key(bucket)) * int(bucket["oov"]["value"]) for bucket in listed)

    def numeric(self, asked: Numbers) -> Numeric | None:
        """The numbers of a field."""
        stats = self._found[_name("stats", asked.field)]
        n = stats["count"]
        if not n:
            return None
        mean, m2 = self._moments(asked.field, stats)
        bounds = asked.bounds
        bins = [0] * (len(bounds) + 1 if bounds else 0)
        below = above = 0
        for low, high, count in self._ranges(asked.field, n):
            below += count if high <= asked.low else 0
            above += count if low >= asked.high else 0
            if bounds:
                bins[bisect_left(bounds, high)] += count
        return Numeric(
            n=n,
            mean=mean / asked.unit,
            m2=m2 / asked.unit / asked.unit,
            minimum=stats["min"] / asked.unit,
            maximum=stats["max"] / asked.unit,
            edges=asked.spec.edges,
            bins=tuple(bins),
            below=below,
            above=above,
        )

    def _ranges(self, field: str, n: int) -> list[tuple[float, float, int]]:
        found = self._found.get(_name("ranges", field), {"buckets": [{"doc_count": n}]})
        return [
            (b.get("from", -LARGEST), b.get("to", math.inf), b["doc_count"])
            for b in found["buckets"]
        ]

    def _moments(self, field: str, stats: Mapping[str, Any]) -> tuple[float, float]:
        mean = float(stats["avg"])
        if not math.isfinite(mean):
            mean = stats["min"] / 2 + stats["max"] / 2
        if stats["min"] == stats["max"]:
            return stats["min"], 0.0
        if field not in self._tables:
            return mean, max(0.0, float(stats["variance"])) * stats["count"]
        return mean, _second_moment(self._tables[field], stats["count"])


def _second_moment(table: Sequence[Any], n: int) -> float:
    pairs = [(float(_key(bucket)), bucket["doc_count"]) for bucket in table]
    mean = math.fsum(value / n * count for value, count in pairs)
    squares = sum(((value - mean) * (value - mean) * count for value, count in pairs), 0.0)
    # What the mean lacks for being rounded (Chan, Golub and LeVeque 1983, the corrected two-pass algorithm).
    rest = sum(((value - mean) * count for value, count in pairs), 0.0)
    return squares - rest * (rest / n) if math.isfinite(squares) else math.inf


def _key(bucket: Mapping[str, Any]) -> Any:
    """The value of a bucket, of a terms aggregation or of a table."""
    key = bucket["key"]
    return key["value"] if isinstance(key, dict) else key


def _complete(found: Mapping[str, Any]) -> bool:
    return not found["sum_other_doc_count"] and not found["doc_count_error_upper_bound"]


def _lost(stats: Mapping[str, Any]) -> bool:
    """Whether the sum of squares cannot give the variance to ten digits."""
    if not stats["count"] or stats["min"] == stats["max"]:
        return False
    mean, variance = float(stats["avg"]), float(stats["variance"])
    return not math.isfinite(variance) or mean * mean > _OFF_CENTRE * variance


def _name(kind: str, field: str) -> str:
    """An aggregation's name: three characters are not allowed in one."""
    return f"{kind} {field.translate(_RESERVED)}"
