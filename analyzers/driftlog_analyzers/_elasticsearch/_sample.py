"""A few events of a window, chosen by a hash of their id, with the values of some features."""

from collections.abc import Mapping, Sequence
from typing import Any

from driftlog_analyzers._elasticsearch._fields import Fields
from driftlog_analyzers._elasticsearch._queries import BY_ID, Query
from driftlog_analyzers._elasticsearch._search import View
from driftlog_analyzers._joint import Row

_SEED = 1
_SECTIONS = ("num", "cat")


def sample(
    view: View, query: Query, fields: Fields, features: Sequence[str], limit: int
) -> list[Row]:
    """The values of the features in the chosen events, the same ones each time.

    Args:
        view: of the stream.
        query: the events.
        fields: where features stand.
        features: whose values are wanted.
        limit: events at the most.

    Raises:
        StoreError: the store could not answer completely.
    """
    chosen = {
        "function_score": {
            "query": query,
            "random_score": {"seed": _SEED, "field": "event.id"},
            "boost_mode": "replace",
        }
    }
    paths = [
        fields.path(section, name)
        for section in _SECTIONS
        for name in features
        if name in fields.names(section)
    ]
    hits = view.hits(chosen, [{"_score": "desc"}, BY_ID], size=limit, fields=paths)
    return [tuple(_value(hit, fields, name) for name in features) for hit in hits]


def _value(hit: Mapping[str, Any], fields: Fields, name: str) -> str | float | None:
    found = hit.get("fields", {})
    for section in _SECTIONS:
        for value in found.get(fields.path(section, name), ()):
            return value if isinstance(value, str) else float(value)
    return None
