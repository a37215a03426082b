"""Points in time and durations, from whatever a service has at hand."""

import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

__all__ = ["Clock", "iso", "nanoseconds", "parse"]

_SECOND, _YEAR_3000 = 1_000_000, 32_503_680_000.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment: datetime) -> str:
    """Write an aware datetime in UTC, RFC 3339 with microseconds and ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse(value: Any) -> str | None:
    """Read a point in time; a datetime without a zone is UTC.

    Args:
        value: A datetime, a date, an ISO 8601 string, seconds since 1970, or one of numpy's or
            pandas' timestamps.

    Returns:
        RFC 3339 in UTC, or None where the value is no point in time between the years 1 and 9999.
    """
    try:
        moment = _moment(value)
        if moment is None:
            return None
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.datetime64):
        value = value.astype("datetime64[us]").astype("int64").item() / 1e6
    if isinstance(value, bool):
        return None
    return _EPOCH + timedelta(seconds=float(value))


def nanoseconds(duration: Any) -> int | None:
    """Give a duration (seconds, or a timedelta) in whole nanoseconds; None where it is none."""
    try:
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
        whole = round(seconds * 1e9)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return None
    return whole if 0 <= whole < 1 << 63 else None


class Clock:
    """The wall clock as event time: formats a second once, however many events fall into it."""

    __slots__ = ("_second",)

    def __init__(self) -> None:
        self._second = (-1, b"")

    def now(self) -> bytes:
        """Give the present moment, RFC 3339 in UTC with microseconds."""
        return self._write(*divmod(time.time_ns() // 1000, 1_000_000))

    def at(self, timestamp: float) -> bytes | None:
        """Give a moment in seconds since 1970 as `parse` does; None where it takes a look at the calendar."""
        if not 0.0 <= timestamp < _YEAR_3000:
            return None
        second = int(timestamp)
        micro = round((timestamp - second) * 1e6)
        return self._write(second, micro) if micro < _SECOND else None

    def _write(self, second: int, micro: int) -> bytes:
        known, prefix = self._second
        if second != known:
            prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
            self._second = (second, prefix)
        return b"%b.%06dZ" % (prefix, micro)
