"""Faults that suit the user's own columns."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from driftlog_analyzers._demo._faults import Fault
from driftlog_analyzers._replay import Rows
from driftlog_analyzers._rows import quoted
from driftlog_analyzers.errors import InputError

_NULL_SHARE = 0.15
_COMMON_SHARE = 0.15
_WORDS_SHARE = 0.20
_RARE = 0.02
_MOST_VALUES = 1000
_STEADY = 0.95


@dataclass(frozen=True, slots=True)
class _Column:
    """A feature's values in the file."""

    name: str
    present: float
    distinct: int
    text: bool
    categorical: bool


def choose_faults(rows: Rows, half: int) -> tuple[Fault, ...]:
    """One fault of each kind, each for a column of its own, spread over the second half.

    Args:
        rows: the opened file.
        half: how many of its first rows are training data.

    Raises:
        InputError: no column suits any fault.
    """
    columns = [_describe(rows, name) for name in rows.features]
    chosen: list[Fault] = []
    unset = datetime.min.replace(tzinfo=UTC)
    if text := next((c for c in columns if c.text), None):
        chosen.append(Fault("new words", text.name, unset, share=_WORDS_SHARE))
    if rare := _rare_value(rows, columns, half):
        chosen.append(Fault("common value", rare[0], unset, share=_COMMON_SHARE, value=rare[1]))
    taken = {fault.feature for fault in chosen}
    steady = [
        c.name for c in columns if c.present >= _STEADY and c.name not in taken and not c.text
    ]
    if len(steady) > 1:
        chosen.append(Fault("nulls", steady[1], unset, share=_NULL_SHARE))
    if steady:
        chosen.append(Fault("vanished", steady[0], unset))
    if not chosen:
        raise InputError(
            f"{rows.file.path} has no column that a fault could strike; all are mostly empty"
        )
    return tuple(_placed(rows, fault, half, place) for place, fault in _places(chosen[::-1]))


def _places(faults: list[Fault]) -> list[tuple[float, Fault]]:
    """Onsets from 40 % of the second half on, evenly."""
    return [(0.4 + 0.45 * index / len(faults), fault) for index, fault in enumerate(faults)]


def _placed(rows: Rows, fault: Fault, half: int, place: float) -> Fault:
    row = half + int(place * (rows.file.count - half))
    when = rows.time.expression if rows.time else "NULL"
    found = rows.file.connection.execute(
        f"SELECT {when} FROM rows ORDER BY {when}, rowid LIMIT 1 OFFSET {row}"  # noqa: S608 - quoted names
    ).fetchall()[0][0]
    onset = cast("datetime", found).replace(tzinfo=UTC)
    return Fault(fault.kind, fault.feature, onset, fault.share, fault.value)


def _describe(rows: Rows, name: str) -> _Column:
    column = quoted(name)
    present, distinct = rows.file.connection.execute(
        f"SELECT count({column}) / count(*), count(DISTINCT {column}) FROM rows"  # noqa: S608 - quoted names
    ).fetchall()[0]
    text = name in rows.roles.text
    words = rows.file.types[name] == "VARCHAR" and not text
    return _Column(name, present, distinct, text, words)


def _rare_value(rows: Rows, columns: list[_Column], half: int) -> tuple[str, str] | None:
    """A value that the training data has, but seldom, of the column with the fewest values."""
    suitable = [c for c in columns if c.categorical and 2 < c.distinct <= _MOST_VALUES]  # noqa: PLR2004 - more than a flag
    order = f"{rows.time.expression}, rowid" if rows.time else "rowid"
    for column in sorted(suitable, key=lambda c: c.distinct):
        found = rows.file.connection.execute(
            f"WITH reference AS (SELECT {quoted(column.name)} AS value FROM rows "  # noqa: S608 - quoted names
            f"ORDER BY {order} LIMIT {half}) SELECT value FROM reference WHERE value IS NOT NULL "
            "GROUP BY value HAVING count(*) BETWEEN 2 AND ? ORDER BY count(*) DESC, value LIMIT 1",
            [half * _RARE],
        ).fetchone()
        if found:
            return column.name, str(found[0])
    return None
