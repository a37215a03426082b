"""Rows of a file through the real logger, as a model service would have logged them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from driftlog import PredictionLogger
from driftlog_analyzers._rows import RowFile, open_rows, quoted
from driftlog_analyzers._time_column import TimeColumn, read_time_column
from driftlog_analyzers.errors import InputError

Progress = Callable[[int, int], None]
_REPORT_EVERY = 500


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a file mean; a column that is not named is a feature.

    Attributes:
        time: the event time.
        id: the event's id.
        predictions: the outputs; they keep their names.
        text: columns that are logged as text.
        categorical: columns that are logged as categories whatever they look like.
        drop: columns that are left out.
    """

    time: str | None = None
    id: str | None = None
    predictions: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @property
    def strings(self) -> tuple[str, ...]:
        """Columns whose cells stay as they are written."""
        return (*self.text, *self.categorical, *((self.id,) if self.id else ()))

    def check(self, rows: RowFile) -> None:
        """Check that every named column exists and has no two roles.

        Raises:
            InputError: a column is missing or has two roles that exclude each other.
        """
        special = [name for name in (self.time, self.id) if name]
        places = [*special, *self.predictions, *self.drop]
        kinds = [*special, *self.text, *self.categorical, *self.drop]
        rows.require([*places, *kinds])
        for name in rows.columns:
            if places.count(name) > 1 or kinds.count(name) > 1:
                raise InputError(f"column {name!r} is given two roles; give it one")


@dataclass(frozen=True, slots=True)
class Beat:
    """Event times for a file without a time column.

    Attributes:
        every: the time between two rows.
        start: the first row's time, aware; None for times that end now.
    """

    every: timedelta = timedelta(seconds=1)
    start: datetime | None = None

    def moment(self, row: int, count: int) -> datetime:
        """Time of the 0-based *row* of *count*, UTC."""
        start = self.start or datetime.now(UTC) - self.every * count
        return start + self.every * row


@dataclass(frozen=True, slots=True)
class Row:
    """One row, as the arguments of `PredictionLogger.log`."""

    timestamp: datetime
    features: dict[str, object]
    prediction: dict[str, object] | None
    id: str | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file in the order in which a service would have logged them.

    Attributes:
        file: the opened file.
        roles: what its columns mean.
        time: how its time column is read; None for times by `beat`.
        beat: times where there is no time column.
    """

    file: RowFile
    roles: Roles
    time: TimeColumn | None
    beat: Beat

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that are features."""
        roles = self.roles
        taken = {roles.time, roles.id, *roles.predictions, *roles.drop}
        return tuple(name for name in self.file.columns if name not in taken)

    def read(self, limit: int | None = None, *, skip: int = 0) -> Iterator[Row]:
        """Yield the rows; by time where there is a time column, ties in the file's order.

        Args:
            limit: how many at the most.
            skip: how many to leave out before; the others keep their times.
        """
        count = self.file.count if limit is None else min(skip + limit, self.file.count)
        features, predictions = self.features, self.roles.predictions
        when = self.time.expression if self.time else "NULL"
        identity = self._value(self.roles.id) if self.roles.id else "NULL"
        expressions = [when, identity, *map(self._value, (*predictions, *features))]
        order = f"{when}, rowid" if self.time else "rowid"
        beat = Beat(self.beat.every, self.beat.moment(0, count))
        split = 2 + len(predictions)
        selected = self.file.select(expressions, order=order, limit=limit, skip=skip)
        for index, values in enumerate(selected, start=skip):
            moment = cast("datetime | None", values[0])
            yield Row(
                timestamp=moment.replace(tzinfo=UTC) if moment else beat.moment(index, count),
                features=dict(zip(features, values[split:], strict=True)),
                prediction=dict(zip(predictions, values[2:split], strict=True)) or None,
                id=cast("str | None", values[1]),
            )

    def _value(self, name: str) -> str:
        text = name in self.roles.strings
        return f"CAST({quoted(name)} AS VARCHAR)" if text else self.file.value(name)


@contextmanager
def open_log(path: Path, roles: Roles, beat: Beat | None = None) -> Iterator[Rows]:
    """Open a CSV or Parquet file as the log of a service, checked before its first row is read.

    Raises:
        InputError: the file cannot be read, a named column is missing, or a row has no time.
    """
    with open_rows(path, strings=roles.strings) as file:
        roles.check(file)
        time = read_time_column(file, roles.time) if roles.time else None
        yield Rows(file, roles, time, beat or Beat())


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the rows.

    Attributes:
        rows: how many were handed to the logger.
        whole: how many of them, from the first on, are in the spool before the first that is not.
        accepted: events that are in the spool.
        dropped: events that are not, by reason.
        changed: values that were logged otherwise than given, by reason.
        first: the earliest event time, UTC; None without rows.
        last: the latest.
    """

    rows: int
    whole: int
    accepted: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


def replay(
    rows: Iterator[Row], logger: PredictionLogger, total: int, progress: Progress | None = None
) -> Replayed:
    """Log every row; the logger counts what it cannot write and never raises.

    Args:
        rows: the rows in time order.
        logger: a fresh logger, so that its counters are this replay's own.
        total: how many rows there will be, for *progress*.
        progress: called with (done, total) every few hundred rows and at the end.
    """
    done, whole, first, last = 0, 0, None, None
    for row in rows:
        logger.log(row.features, prediction=row.prediction, id=row.id, timestamp=row.timestamp)
        first, last = first or row.timestamp, row.timestamp
        if whole == done and logger.counters.accepted > whole:
            whole += 1
        done += 1
        if progress and done % _REPORT_EVERY == 0:
            progress(done, total)
    if progress:
        progress(done, total)
    counters = logger.counters
    return Replayed(done, whole, counters.accepted, counters.dropped, counters.changed, first, last)
