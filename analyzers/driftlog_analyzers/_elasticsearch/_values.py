"""Values of single events of a stream: looked up by id, so that the cost follows the ids and not the stream."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from driftlog_analyzers._elasticsearch._fields import NAMED, Fields
from driftlog_analyzers._elasticsearch._queries import BY_ID, BY_TIME, Query, every
from driftlog_analyzers._elasticsearch._search import View
from driftlog_analyzers._logged import NONFINITE, NULL, Cell, Logged, listed

IDS = 1_000
FIELDS = 90
"""Fields that a search asks for; Elasticsearch takes 100 (``index.max_docvalue_fields_search``)."""
_SECTIONS = ("num", "cat", "list", "text", "other")

_Raw = Mapping[str, Sequence[Any]]


def values(
    view: View, events: Query, fields: Fields, ids: Sequence[str], features: Collection[str]
) -> Iterator[Logged]:
    """The events with these ids, each once, with these of their features.

    Raises:
        StoreError: the store could not answer completely.
    """
    wanted = {
        fields.path(section, name)
        for section in _SECTIONS
        for name in fields.names(section) & frozenset(features)
    }
    paths = sorted(wanted) + [fields.named(mark) for mark in NAMED]
    for start in range(0, len(ids), IDS):
        query = every([events, {"terms": {"event.id": [*ids[start : start + IDS]]}}])
        for name, raw in _documents(view, query, paths):
            yield Logged(name, _cells(raw, fields, features))


def _documents(
    view: View, query: Query, paths: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each event's id and fields; of copies in several backing indices, which have one ``_id``, one."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for start in range(0, len(paths), FIELDS):
        for page in view.pages(query, [BY_TIME, BY_ID], paths[start : start + FIELDS]):
            for hit in page:
                _, raw = found.setdefault(hit["_id"], (hit["sort"][1], {}))
                raw.update(hit.get("fields", {}))
    yield from found.values()


def _cells(raw: _Raw, fields: Fields, features: Collection[str]) -> dict[str, Cell]:
    marked = {mark: frozenset(raw.get(fields.named(mark), ())) for mark in NAMED}
    cells = {}
    for name in features:
        if cell := _cell(raw, fields, name) or _marked(marked, name):
            cells[name] = cell
    return cells


def _cell(raw: _Raw, fields: Fields, name: str) -> Cell | None:
    for section in _SECTIONS:
        found = raw.get(fields.path(section, name))
        if not found:
            continue
        match section:
            case "num":
                return Cell("number", float(found[0]))
            case "text":
                return Cell("text", float(found[0]))
            case "list":
                return listed(list(found))
            case _:
                return Cell("string" if section == "cat" else "other", string=str(found[0]))
    return None


def _marked(marked: Mapping[str, frozenset[str]], name: str) -> Cell | None:
    if name in marked["empty"]:
        return listed([])
    if name in marked["na"]:
        return NULL
    return NONFINITE if name in marked["nonfinite"] else None
