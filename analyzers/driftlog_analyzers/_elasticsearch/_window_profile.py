"""One window's profile: the searches, and what they say of the window as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftlog_analyzers._elasticsearch._aggregations import (
    NANOSECONDS,
    Answers,
    Numbers,
    next_nanosecond,
    values,
)
from driftlog_analyzers._elasticsearch._features import Role
from driftlog_analyzers._elasticsearch._queries import BY_TIME, BY_TIME_LAST, Query, moment
from driftlog_analyzers._elasticsearch._search import Part, Table, View
from driftlog_analyzers._elasticsearch._texts import Outside, outside, tokens_of
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._scan import DURATION_EDGES
from driftlog_analyzers._store import FeatureSpec

VERSION, _OUTCOME = "driftlog.model.version", "event.outcome"
_SCHEMA = "driftlog.model.schema"
_SECONDS = Numbers(
    "event.duration", FeatureSpec(edges=DURATION_EDGES), next_nanosecond, NANOSECONDS
)


@dataclass(frozen=True, slots=True)
class Roles:
    """What a model takes and gives: how both are profiled.

    Attributes:
        features: the inputs.
        predictions: the outputs.
    """

    features: Role
    predictions: Role


def span_part() -> Part:
    """Ask for the times of the first and of the last event."""
    return Part(
        {
            name: {"top_hits": {"size": 1, "sort": [order], "_source": False}}
            for name, order in (("first", BY_TIME), ("last", BY_TIME_LAST))
        }
    )


def span(found: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The times that `span_part` found; there must be events."""
    first, last = (found[name]["hits"]["hits"][0]["sort"][0] for name in ("first", "last"))
    return moment(first), moment(last)


def profile(view: View, query: Query, roles: Roles) -> WindowProfile:
    """Profile the matching events.

    Usually this takes one search, and one more for each of these: a second page of something, since
    a feature has more than 1,000 values or texts more than 10,000 different tokens; tokens outside a vocabulary.

    Second moments come from sums of squares, which lose them where a mean is far above its standard deviation (by 316
    times or more); those features are read again as a table of their values, so that the figure is good to nine digits.

    Raises:
        StoreError: the store could not answer completely.
    """
    asked = [*_parts(), *roles.features.parts(), *roles.predictions.parts()]
    events, found = view.aggregate(query, asked)
    if not events:
        return WindowProfile()
    first, last = span(found)
    tables = _tables(view, query, roles, Answers(found))
    answers = Answers(found, tables)
    return WindowProfile(
        events=events,
        features=roles.features.profiles(answers, _unknown(view, query, roles.features, tables)),
        predictions=roles.predictions.profiles(answers, {}),
        versions=answers.counts(VERSION),
        outcomes=answers.counts(_OUTCOME),
        duration=answers.numeric(_SECONDS),
        first=first,
        last=last,
        schemas=answers.counts(_SCHEMA),
    )


def _parts() -> list[Part]:
    return [span_part(), values(VERSION), values(_OUTCOME), values(_SCHEMA), _SECONDS.part()]


def _tables(view: View, query: Query, roles: Roles, answers: Answers) -> dict[str, list[Any]]:
    """The tables that the first answers showed to be needed."""
    wanted = answers.unlisted([VERSION, _OUTCOME, _SCHEMA]) | answers.unbalanced([_SECONDS.field])
    tables = {field: Table(field) for field in wanted}
    first: dict[str, Any] = {}
    for role in (roles.features, roles.predictions):
        known = role.tables
        tables |= {field: known[field] for field in role.unfinished(answers)}
        first |= role.first_pages(answers)
    return view.tables(query, tables, first)


def _unknown(
    view: View, query: Query, role: Role, tables: Mapping[str, list[Any]]
) -> dict[str, Outside]:
    path = role.fields.path
    texts = {
        name: tokens_of(path("tok", name), tables[path("tok", name)], words)
        for name, words in role.decided.items()
    }
    return outside(view, query, texts)
