"""Rows to be profiled, and the SQL that names their parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Column:
    """Where one feature stands: SQL expressions, empty where the relation has no such thing.

    Attributes:
        name: the feature's name.
        number: DOUBLE.
        string: VARCHAR.
        items: VARCHAR[], the values of a list.
        distinct: BIGINT, distinct tokens of a text.
        oov: BIGINT, those that the service did not know.
        tokens: VARCHAR[], the distinct tokens, where the baseline's vocabulary decides.
        unknown: VARCHAR[], the tokens that the service did not know.
        null: BOOLEAN.
        nonfinite: BOOLEAN.
        other: VARCHAR, the name of another type.
    """

    name: str
    number: str = ""
    string: str = ""
    items: str = ""
    distinct: str = ""
    oov: str = ""
    tokens: str = ""
    unknown: str = ""
    null: str = ""
    nonfinite: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows to be profiled.

    Attributes:
        sql: a SELECT that yields ``w`` (BIGINT window number), ``ts`` (BIGINT, microseconds since
            1970), ``id``, ``version``, ``schema``, ``outcome`` (VARCHAR), ``seconds`` (DOUBLE) and
            whatever the columns' expressions name.
        features: the inputs.
        predictions: the outputs.
        further: inputs that are there to choose rows by, and are not profiled.
    """

    sql: str
    features: Sequence[Column]
    predictions: Sequence[Column] = ()
    further: Sequence[Column] = ()


def literal(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def number(value: float) -> str:
    """A SQL literal of a 64-bit float, the infinite ones too."""
    return f"'{value!r}'::DOUBLE"


def moment(microseconds: int | None) -> datetime | None:
    """A time from microseconds since 1970, the nearest there is for what lies beyond the calendar."""
    if microseconds is None:
        return None
    return _EPOCH + timedelta(microseconds=min(max(microseconds, _EARLIEST), _LATEST))


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _EPOCH) // timedelta(microseconds=1)


_EARLIEST = microseconds(datetime.min.replace(tzinfo=UTC))
_LATEST = microseconds(datetime.max.replace(tzinfo=UTC))
