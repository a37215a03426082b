"""From a profile's parts to aggregations, and from their buckets back to the parts: pure.

Each function that asks has a method of `Answers` beside it that reads; they meet in the aggregations' names.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from driftlog_analyzers._elasticsearch._search import PAGE, Part, Table
from driftlog_analyzers._profile import Counts, Numeric
from driftlog_analyzers._store import FeatureSpec

TERMS = 1_000
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


def numbers(field: str, spec: FeatureSpec, bound: Bound = next_number) -> Part:
    """Ask for a `Numeric`."""
    asked: dict[str, Any] = {_name("stats", field): {"extended_stats": {"field": field}}}
    if spec.edges:
        asked[_name("bins", field)] = _ranges(field, [bound(edge) for edge in spec.edges])
    if spec.minimum is not None and math.isfinite(spec.minimum):
        # Of the two zeros, which are equal, Elasticsearch's order puts the negative one first.
        ranges = [{"to": spec.minimum or -0.0}]
        asked[_name("below", field)] = {"range": {"field": field, "ranges": ranges}}
    if spec.maximum is not None:
        asked[_name("above", field)] = _ranges(field, [bound(spec.maximum)])
    return Part(asked, len(spec.edges) + 4)


def _ranges(field: str, bounds: Sequence[float]) -> dict[str, Any]:
    ends = [bound for bound in bounds if bound < math.inf]
    ranges = [{"to": ends[0]}] if ends else [{}]
    ranges += [{"from": a, "to": b} for a, b in pairwise(ends)]
    ranges += [{"from": ends[-1]}] if ends else []
    return {"range": {"field": field, "ranges": ranges}}


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
        """The fields of `numbers` whose second moment was lost: their mean is far above their deviation."""
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

    def numeric(self, field: str, spec: FeatureSpec, unit: float = 1.0) -> Numeric | None:
        """The numbers of a field of `numbers`.

        Args:
            field: its name.
            spec: the one that was asked with.
            unit: so many of the field's units are one of the profile's.
        """
        stats = self._found[_name("stats", field)]
        n = stats["count"]
        if not n:
            return None
        mean, m2 = self._moments(field, stats)
        bins = [bucket["doc_count"] for bucket in self._buckets("bins", field)]
        return Numeric(
            n=n,
            mean=mean / unit,
            m2=m2 / unit / unit,
            minimum=stats["min"] / unit,
            maximum=stats["max"] / unit,
            edges=spec.edges,
            # A bin above the largest number of all was not asked for.
            bins=tuple(bins + [0] * (len(spec.edges) + 1 - len(bins))) if spec.edges else (),
            below=n
            if spec.minimum == math.inf
            else sum(bucket["doc_count"] for bucket in self._buckets("below", field)),
            above=sum(bucket["doc_count"] for bucket in self._buckets("above", field)[1:]),
        )

    def _buckets(self, kind: str, field: str) -> Sequence[Any]:
        found: Sequence[Any] = self._found.get(_name(kind, field), {}).get("buckets", ())
        return found

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
