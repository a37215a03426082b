"""Event times from a column: what it holds, checked before anything is logged."""

from dataclasses import dataclass

from driftlog_analyzers._rows import RowFile, quoted
from driftlog_analyzers.errors import InputError

_INTEGERS = ("SMALLINT", "INTEGER", "BIGINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_EARLIEST = "TIMESTAMP '0001-01-01'"
_LATEST = "TIMESTAMP '9999-12-31 23:59:59'"

# The unit of an epoch is told by its size: up to 1e11 seconds is the year 5138.
_EPOCHS = ((1e11, "seconds", 1e6), (1e14, "milliseconds", 1e3), (1e17, "microseconds", 1.0))


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """How a column is read as event time.

    Attributes:
        expression: SQL that gives its TIMESTAMP in UTC.
        reading: what the values were taken for, in words.
    """

    expression: str
    reading: str


def read_time_column(rows: RowFile, name: str) -> TimeColumn:
    """Decide how the column *name* is read and check that every row of it is a time.

    Timestamps and ISO 8601 text without an offset, and dates, are UTC. Numbers are years where
    all lie in 1500..2200, days where all read as YYYYMMDD in those years, and else seconds,
    milliseconds, microseconds or nanoseconds since 1970, by the size of the largest.

    Raises:
        InputError: there is no such column, or a row does not hold a time.
    """
    rows.require([name])
    column = _reading(rows, name)
    bad = f"{column.expression} NOT BETWEEN {_EARLIEST} AND {_LATEST}"
    found = rows.connection.execute(
        f"SELECT rowid + 1, CAST({quoted(name)} AS VARCHAR) FROM rows "  # noqa: S608 - quoted name
        f"WHERE {column.expression} IS NULL OR {bad} ORDER BY rowid LIMIT 1"
    ).fetchone()
    if found:
        row, value = found
        held = "is empty" if value is None else f"holds {str(value)[:80]!r}, which is not a time"
        raise InputError(
            f"{rows.path}, row {row}: the time column {name!r} {held}; "
            "give ISO 8601 times, dates, or seconds or milliseconds since 1970"
        )
    return column


def _reading(rows: RowFile, name: str) -> TimeColumn:
    kind, sql = rows.types[name], quoted(name)
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return TimeColumn(f"({sql} AT TIME ZONE 'UTC')", "timestamps with an offset")
    if kind.startswith("TIMESTAMP"):
        return TimeColumn(f"CAST({sql} AS TIMESTAMP)", "timestamps in UTC")
    if kind == "DATE":
        return TimeColumn(f"CAST({sql} AS TIMESTAMP)", "dates")
    if kind == "VARCHAR":
        return TimeColumn(f"(TRY_CAST({sql} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')", "ISO 8601 text")
    if kind.startswith(_INTEGERS):
        return _calendar(rows, sql) or _epoch(rows, sql)
    if kind.startswith(_FRACTIONS):
        return _epoch(rows, sql)
    raise InputError(
        f"{rows.path}: the time column {name!r} holds {kind} values; "
        "give ISO 8601 times, dates, or seconds or milliseconds since 1970"
    )


def _calendar(rows: RowFile, sql: str) -> TimeColumn | None:
    """Years or days written as whole numbers, where every row is one."""
    year = f"CASE WHEN {sql} BETWEEN 1500 AND 2200 THEN make_timestamp({sql}, 1, 1, 0, 0, 0) END"
    day = (
        f"CASE WHEN {sql} BETWEEN 15000101 AND 22001231 "
        f"THEN try_strptime(CAST({sql} AS VARCHAR), '%Y%m%d') END"
    )
    years, days, present = rows.connection.execute(
        f"SELECT count({year}), count({day}), count({sql}) FROM rows"  # noqa: S608 - quoted name
    ).fetchall()[0]
    if present and years == present:
        return TimeColumn(year, "years")
    if present and days == present:
        return TimeColumn(day, "days written as YYYYMMDD")
    return None


def _epoch(rows: RowFile, sql: str) -> TimeColumn:
    number = f"CAST({sql} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({number}) AND abs({number}) < 1e19 THEN {number} END"
    (largest,) = rows.connection.execute(
        f"SELECT coalesce(max(abs({finite})), 0) FROM rows"  # noqa: S608 - quoted name
    ).fetchall()[0]
    unit, micros = next(
        ((unit, micros) for limit, unit, micros in _EPOCHS if largest < limit),
        ("nanoseconds", 1e-3),
    )
    expression = f"make_timestamp(CAST(round({finite} * {micros}) AS BIGINT))"
    return TimeColumn(expression, f"{unit} since 1970")
