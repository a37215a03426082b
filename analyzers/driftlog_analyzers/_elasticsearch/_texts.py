"""Tokens outside a vocabulary, of texts whose service has none of its own.

With d the distinct and o the unknown tokens of a text, three sums over all texts are wanted: of o, of o*d and of
o*o. The table of tokens, with the sizes of the texts that hold each, gives the first two. The last one is the number of
pairs of unknown tokens that stand in one text; a terms aggregation inside another one counts them without listing them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftlog_analyzers._elasticsearch._search import BUCKETS, Part, View
from driftlog_analyzers._profile import Counts

_TOKENS = 10_000
_PAIRS = 2_000_000
"""Pairs of tokens that one search may count; each takes the node some 20 bytes."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Tokens outside a vocabulary.

    Attributes:
        oov: their number, summed over the texts.
        oov_sq: its square, summed.
        tokens_oov: its product with the number of distinct tokens, summed.
        counts: texts by token.
    """

    oov: int = 0
    oov_sq: int = 0
    tokens_oov: int = 0
    counts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text feature in one window.

    Attributes:
        field: where they stand.
        counts: texts by token.
        sizes: distinct tokens of these texts, summed, by token.
        vocabulary: the known ones.
    """

    field: str
    counts: Counts
    sizes: Counts
    vocabulary: frozenset[str]

    @property
    def unknown(self) -> list[str]:
        """The tokens outside the vocabulary."""
        return [token for token in self.counts if token not in self.vocabulary]

    def weight(self, tokens: Sequence[str]) -> int:
        """The sizes of the texts that hold each of these tokens, summed."""
        return sum(self.sizes[token] for token in tokens)


def tokens_of(field: str, table: Sequence[Any], vocabulary: frozenset[str]) -> Tokens:
    """Read the table of a text's tokens."""
    return Tokens(
        field,
        {bucket["key"]["value"]: bucket["doc_count"] for bucket in table},
        {bucket["key"]["value"]: int(bucket["sizes"]["value"]) for bucket in table},
        vocabulary,
    )


def outside(
    view: View, query: Mapping[str, Any], texts: Mapping[str, Tokens]
) -> dict[str, Outside]:
    """The unknown tokens of each text feature.

    Raises:
        StoreError: the store could not answer completely.
    """
    sides = {name: _rarer(text) for name, text in texts.items()}
    parts = {
        f"pairs {n} {i}": (name, part)
        for n, name in enumerate(sides)
        for i, part in enumerate(_pairs(texts[name], sides[name]))
    }
    asked = [
        Part({key: part.aggregations["pairs"]}, part.buckets) for key, (_, part) in parts.items()
    ]
    found = view.aggregate(query, asked)[1] if asked else {}
    counted = dict.fromkeys(texts, 0)
    for key, (name, _) in parts.items():
        counted[name] += sum(_total(bucket["others"]) for bucket in found[key]["buckets"])
    return {name: _outside(text, sides[name], counted[name]) for name, text in texts.items()}


def _rarer(text: Tokens) -> list[str]:
    """The unknown or the known tokens, whichever are in fewer pairs."""
    unknown = text.unknown
    if 2 * text.weight(unknown) <= text.weight([*text.sizes]):
        return unknown
    return [token for token in text.counts if token in text.vocabulary]


def _pairs(text: Tokens, tokens: Sequence[str]) -> Iterator[Part]:
    """Ask, for each of some tokens, how many of them stand beside it, itself included."""
    others = {"field": text.field, "include": [*tokens], "size": 1, "shard_size": 1}
    for chunk in _chunks(text, tokens):
        terms = {"field": text.field, "include": chunk, "size": len(chunk)}
        body = {"terms": terms, "aggregations": {"others": {"terms": others}}}
        weight = text.weight(chunk) * BUCKETS // _PAIRS
        yield Part({"pairs": body}, max(2 * len(chunk), weight))


def _chunks(text: Tokens, tokens: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    weight = 0
    for token in tokens:
        if chunk and (len(chunk) == _TOKENS or weight + text.sizes[token] > _PAIRS):
            yield chunk
            chunk, weight = [], 0
        chunk.append(token)
        weight += text.sizes[token]
    if chunk:
        yield chunk


def _total(terms: Mapping[str, Any]) -> int:
    listed = sum(bucket["doc_count"] for bucket in terms["buckets"])
    return int(terms["sum_other_doc_count"]) + int(listed)


def _outside(text: Tokens, side: Sequence[str], squared: int) -> Outside:
    unknown = text.unknown
    cross = text.weight(unknown)
    if side != unknown:  # (d - k)(d - k) = dd - 2dk + kk, k being the known tokens of a text
        squared += text.weight([*text.sizes]) - 2 * text.weight(side)
    counts = {token: text.counts[token] for token in unknown}
    return Outside(sum(counts.values()), squared, cross, counts)
