"""The predictions of some segments, as SQL."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._placing import needs_table, placed, table_sql
from driftlog_analyzers._relation import Relation, literal
from driftlog_analyzers._segments import merge_names, read_lines
from driftlog_analyzers._spool_columns import Names, columns_of, document_type, groups_of, only
from driftlog_analyzers._window import Window

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Answers a SELECT."""

_ENVELOPE = (
    ", event.outcome AS outcome, event.duration / 1e9 AS seconds, "
    "driftlog.model.version AS version, driftlog.model.schema AS schema, driftlog"
)


def predictions_sql(
    model: str,
    held: Parts,
    fields: str = "",
    names: Names | None = None,
    version: str | None = None,
    *,
    more: Mapping[str, str] | None = None,
) -> str:
    """A SELECT of a model's predictions: ``ts`` (microseconds since 1970), ``id`` and further fields.

    Args:
        model: its name.
        held: the segments.
        fields: further expressions, each after a comma, over the columns ``event`` and ``driftlog``.
        names: the features and outputs that ``driftlog`` must hold.
        version: only of this model version.
        more: further columns of the documents and their types, for the expressions.
    """
    columns = {
        "@timestamp": "TIMESTAMPTZ",
        "event": "STRUCT(id VARCHAR, action VARCHAR, outcome VARCHAR, duration BIGINT)",
        "driftlog": document_type(names or {}),
    }
    lines = read_lines([segment.path for segment, _ in held], columns | dict(more or {}))
    of_version = "" if version is None else f" AND driftlog.model.version = {literal(version)}"
    return (
        f'SELECT epoch_us("@timestamp") AS ts, event.id AS id{fields} FROM {lines} '
        f"WHERE event.action = 'prediction' AND driftlog.model.name = {literal(model)} "
        f"""AND event.id IS NOT NULL AND isfinite("@timestamp"){of_version}"""
    )


def place(rows: Rows, model: str, windows: Sequence[Window], held: Parts) -> None:
    """Note the window of every event where no arithmetic gives it: windows by count."""
    if needs_table(windows):
        rows(table_sql(predictions_sql(model, held), windows))


def placed_groups(
    catalog: Catalog, rows: Rows, model: str, windows: Sequence[Window]
) -> Iterator[tuple[Sequence[int], Sequence[Window], Parts]]:
    """The groups of `Catalog.groups`, each with its events' windows noted, see `place`.

    Yields:
        The positions of the windows that the segments touch, those windows, and the segments.
    """
    for numbers, held in catalog.groups(model, windows):
        near = [windows[n] for n in numbers]
        place(rows, model, near, held)
        yield numbers, near, held


def relation_of(
    model: str,
    windows: Sequence[Window],
    held: Parts,
    wanted: Collection[str],
    version: str | None = None,
) -> Relation:
    """Some features and outputs of the segments' predictions, by window; see `_placing.needs_table`."""
    names = only(merge_names(part.names for _, part in held), wanted)
    return _relation(predictions_sql(model, held, _ENVELOPE, names, version), windows, names, names)


def relations_of(
    model: str,
    windows: Sequence[Window],
    held: Parts,
    version: str | None = None,
    further: Collection[str] = (),
) -> list[Relation]:
    """All that the segments' predictions hold, a group of features after the other, by window.

    Args:
        model: its name.
        windows: see `_placing.needs_table`.
        held: the segments.
        version: only of this model version.
        further: features whose strings every group needs.
    """
    names = merge_names(part.names for _, part in held)
    strings = only({"cat": names.get("cat", frozenset())}, further)
    relations = []
    for group in groups_of(names):
        read = merge_names((group, strings))
        sql = predictions_sql(model, held, _ENVELOPE, read, version)
        relations.append(_relation(sql, windows, read, group))
    return relations


def _relation(sql: str, windows: Sequence[Window], read: Names, own: Names) -> Relation:
    named = frozenset[str]().union(*(found for s, found in own.items() if "." not in s))
    inputs = columns_of(read, "")
    return Relation(
        placed(sql, windows),
        [column for column in inputs if column.name in named],
        columns_of(read, "prediction."),
        [column for column in inputs if column.name not in named],
    )
