"""The events of a spool that show findings, by host."""

from collections import Counter
from collections.abc import Sequence

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._placing import placed
from driftlog_analyzers._segments import merge_names
from driftlog_analyzers._spool_columns import columns_of, only
from driftlog_analyzers._spool_examples import named, wanted_sql
from driftlog_analyzers._spool_source import Rows, placed_groups, predictions_sql
from driftlog_analyzers._store import ByHost
from driftlog_analyzers._window import Window

_HOST = {"host": "STRUCT(name VARCHAR)"}


def hosts(
    catalog: Catalog,
    rows: Rows,
    model: str,
    windows: Sequence[Window],
    conditions: Sequence[Sequence[Condition]],
) -> list[ByHost]:
    """By host, the events of each window and those that show each of its conditions; see `EventStore.hosts`."""
    events: list[Counter[str]] = [Counter() for _ in windows]
    showing = [[Counter[str]() for _ in group] for group in conditions]
    for numbers, near, held in placed_groups(catalog, rows, model, windows):
        for place, host, count, *hits in rows(
            _sql(model, near, held, [conditions[n] for n in numbers])
        ):
            n = numbers[place]
            events[n][host] += count
            for counter, more in zip(showing[n], hits, strict=False):
                counter.update({host: more} if more else {})
    return [ByHost(dict(e), tuple(map(dict, s))) for e, s in zip(events, showing, strict=True)]


def _sql(
    model: str, windows: Sequence[Window], held: Parts, conditions: Sequence[Sequence[Condition]]
) -> str:
    """A SELECT of window, host, events, and of those the ones that show the n-th condition of their window."""
    wanted = {name for group in conditions for one in group for name in named(one)}
    names = only(merge_names(part.names for _, part in held), wanted)
    fields = ", host.name AS host, driftlog"
    source = placed(predictions_sql(model, held, fields, names, more=_HOST), windows)
    columns = {(False, column.name): column for column in columns_of(names, "")}
    columns |= {(True, column.name): column for column in columns_of(names, "prediction.")}
    counts = ""
    for n in range(max(map(len, conditions), default=0)):
        cases = " ".join(
            f"WHEN {window} THEN {wanted_sql(one, columns)}"
            for window, group in enumerate(conditions)
            for one in group[n : n + 1]
        )
        counts += f", count(*) FILTER (WHERE CASE w {cases} ELSE false END)"
    return (
        f"SELECT w, host, count(*){counts} FROM ({source}) WHERE host IS NOT NULL GROUP BY w, host"  # noqa: S608 - of our own making
    )
