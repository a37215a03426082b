"""Profiles of a stream's features: what is asked for them, and how the answers are put together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driftlog_analyzers._elasticsearch._aggregations import (
    Answers,
    Numbers,
    cross_table,
    presence,
    sizes,
    token_table,
    tokens,
    values,
)
from driftlog_analyzers._elasticsearch._fields import NAMED, Fields
from driftlog_analyzers._elasticsearch._search import Part, Table
from driftlog_analyzers._elasticsearch._texts import Outside
from driftlog_analyzers._profile import FeatureProfile, Text
from driftlog_analyzers._scan import categorical, kept
from driftlog_analyzers._store import FeatureSpec

_NO_SPEC = FeatureSpec()
_VALUES = ("cat", "list", "oov", "other")


@dataclass(frozen=True, slots=True)
class Role:
    """The features, or the outputs, of one stream.

    Attributes:
        fields: where they stand.
        specs: how they are profiled.
    """

    fields: Fields
    specs: Mapping[str, FeatureSpec]

    def spec(self, name: str) -> FeatureSpec:
        """How one of them is profiled."""
        return self.specs.get(name, _NO_SPEC)

    @property
    def decided(self) -> dict[str, frozenset[str]]:
        """The vocabularies of texts whose service has none, by feature."""
        found = {name: self.spec(name).vocabulary for name in sorted(self.fields.names("tok"))}
        return {name: words for name, words in found.items() if words is not None}

    @property
    def tables(self) -> dict[str, Table]:
        """Everything of which a table may be wanted, by field."""
        found = {field: Table(field) for field in (*self._numbers(), *self._values())}
        for name in self.fields.names("text"):
            size = self.fields.path("text", name)
            found[size] = cross_table(size, self.fields.unknown(name))
        return found | self.token_tables

    @property
    def token_tables(self) -> dict[str, Table]:
        """The tables of tokens that the vocabularies are held against, by field."""
        path = self.fields.path
        return {
            path("tok", name): token_table(path("tok", name), path("text", name))
            for name in self.decided
        }

    def parts(self) -> list[Part]:
        """What is asked for in the first place."""
        fields = self.fields
        asked = [self._numeric(n).part() for n in sorted(fields.names("num"))]
        asked += [values(field) for field in self._values()]
        asked += [presence(fields.path("list", n)) for n in sorted(fields.names("list"))]
        texts = sorted(fields.names("text"))
        asked += [sizes(fields.path("text", n), fields.unknown(n)) for n in texts]
        return asked + [tokens(t.field, fields.path("text", n)) for n, t in self._decided_tables()]

    def unfinished(self, answers: Answers) -> set[str]:
        """The fields of which a table is wanted, as the first answers do not suffice."""
        texts = [self.fields.path("text", name) for name in self.fields.names("text")]
        return (
            answers.unlisted(self._values())
            | answers.unbalanced(self._numbers())
            | answers.uncrossed(texts)
            | self.token_tables.keys()
        )

    def first_pages(self, answers: Answers) -> dict[str, Any]:
        """The first pages of the tables of tokens, by field."""
        return {field: answers.first_page(field) for field in self.token_tables}

    def profiles(
        self, answers: Answers, unknown: Mapping[str, Outside]
    ) -> dict[str, FeatureProfile]:
        """The profile of each feature that some event carried."""
        marks = {mark: answers.counts(self.fields.named(mark)) for mark in NAMED}
        names = {name for found in self.fields.sections.values() for name in found}
        names |= {str(name) for mark in marks.values() for name in mark}
        found = {
            name: self._profile(name, answers, marks, unknown.get(name, Outside()))
            for name in sorted(names)
        }
        return {name: feature for name, feature in found.items() if feature.present}

    def _decided_tables(self) -> list[tuple[str, Table]]:
        return list(zip(self.decided, self.token_tables.values(), strict=True))

    def _numeric(self, name: str) -> Numbers:
        return Numbers(self.fields.path("num", name), self.spec(name))

    def _numbers(self) -> list[str]:
        return [self.fields.path("num", name) for name in sorted(self.fields.names("num"))]

    def _values(self) -> list[str]:
        sections = ((s, name) for s in _VALUES for name in sorted(self.fields.names(s)))
        found = [self.fields.path(section, name) for section, name in sections]
        return found + [self.fields.named(mark) for mark in NAMED]

    def _counts(self, answers: Answers, section: str, name: str) -> dict[str, int]:
        there = name in self.fields.names(section)
        return dict(answers.counts(self.fields.path(section, name))) if there else {}

    def _profile(
        self, name: str, answers: Answers, marks: Mapping[str, Any], unknown: Outside
    ) -> FeatureProfile:
        fields = self.fields
        there = name in fields.names("num")
        numeric = answers.numeric(self._numeric(name)) if there else None
        counts = self._counts(answers, "cat", name)
        strings = sum(counts.values())
        lists = marks["empty"].get(name, 0)
        if name in fields.names("list"):
            lists += answers.present(fields.path("list", name))
            for item, count in self._counts(answers, "list", name).items():
                counts[item] = counts.get(item, 0) + count
        text = self._text(name, answers, unknown)
        return FeatureProfile(
            numbers=numeric.n if numeric else 0,
            strings=strings,
            lists=lists,
            texts=text.n if text else 0,
            others=self._counts(answers, "other", name),
            nulls=marks["na"].get(name, 0),
            nonfinite=marks["nonfinite"].get(name, 0),
            numeric=numeric,
            categorical=categorical(counts) if strings or lists else None,
            text=text,
        )

    def _text(self, name: str, answers: Answers, unknown: Outside) -> Text | None:
        if name not in self.fields.names("text"):
            return None
        size = self.fields.path("text", name)
        n, total, squared = answers.squares(size)
        if not n:
            return None
        _, oov, oov_squared = answers.squares(self.fields.unknown(name))
        counts = self._counts(answers, "oov", name)
        for token, count in (unknown.counts or {}).items():
            counts[token] = counts.get(token, 0) + count
        listed, tail = kept(counts)
        return Text(
            n=n,
            tokens=total,
            oov=oov + unknown.oov,
            tokens_sq=squared,
            oov_sq=oov_squared + unknown.oov_sq,
            tokens_oov=answers.cross(size) + unknown.tokens_oov,
            unknown=listed,
            unknown_tail=sum(tail.values()),
        )
