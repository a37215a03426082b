"""Which windows of the state are meant, asked of an index and of what waits to be written: pure."""

from datetime import datetime

from driftlog_analyzers._elasticsearch._state_documents import Key, exact
from driftlog_analyzers._elasticsearch._state_index import Query
from driftlog_analyzers._window import Window

WINDOW_ROWS: Query = {"term": {"driftlog.row": "window"}}


def terms(model: str | None, size: str | None = None) -> list[Query]:
    """Of this model and size of windows, where they are named."""
    wanted = {"driftlog.model.name": model, "driftlog.window.size": size}
    return [{"term": {field: value}} for field, value in wanted.items() if value is not None]


def touching(start: datetime | None, end: datetime | None) -> list[Query]:
    """Of windows that touch [start, end)."""
    begins, ends = "driftlog.window.start.exact", "driftlog.window.end.exact"
    found: list[Query] = []
    if start is not None:
        after = [
            {"range": {ends: {"gt": exact(start)}}},
            {"range": {begins: {"gte": exact(start)}}},
        ]
        found.append({"bool": {"should": after, "minimum_should_match": 1}})
    if end is not None:
        found.append({"range": {begins: {"lt": exact(end)}}})
    return found


def open_since(moment: datetime) -> Query:
    """Of alerts that are open or closed after that."""
    after = [
        {"term": {"driftlog.open": True}},
        {"range": {"driftlog.closed.end.exact": {"gt": exact(moment)}}},
    ]
    return {"bool": {"should": after, "minimum_should_match": 1}}


def asked(
    key: Key,
    window: Window,
    place: tuple[str | None, str | None],
    span: tuple[datetime | None, datetime | None],
) -> bool:
    """Whether a window is what `terms` and `touching` ask for."""
    model, size = place
    start, end = span
    return (
        model in {None, key.model}
        and size in {None, key.size}
        and (start is None or window.end > start or window.start >= start)
        and (end is None or window.start < end)
    )
