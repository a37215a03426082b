"""Which events show a finding, as SQL."""

from driftlog_analyzers._finding import Condition
from driftlog_analyzers._relation import Column, literal, number


def condition_sql(  # noqa: PLR0911 - one for each kind
    condition: Condition, column: Column | None
) -> str:
    """The events that show a finding, as a SQL predicate over the relation of a spool.

    Args:
        condition: which events are meant.
        column: where its feature stands; None if no event has it.
    """
    column = column or Column(condition.feature)
    match condition.kind:
        case "absent":
            return _absent(column)
        case "null":
            return column.null or "false"
        case "nonfinite":
            return column.nonfinite or "false"
        case "values":
            return _any(_in(column.string, condition.values), _has(column.items, condition.values))
        case "unknown_tokens":
            return _any(_has(column.unknown or column.tokens, condition.values))
        case "outside":
            return _outside(column.number, condition.low, condition.high)
        case "within":
            return _within(column.number, condition.low, condition.high)
        case "type":
            return _of_type(column, condition.values)
    return "true"


def _any(*tests: str) -> str:
    return " OR ".join(f"({test})" for test in tests if test) or "false"


def _in(sql: str, values: tuple[str, ...]) -> str:
    return f"{sql} IN ({', '.join(map(literal, values))})" if sql and values else ""


def _has(sql: str, values: tuple[str, ...]) -> str:
    return f"list_has_any({sql}, [{', '.join(map(literal, values))}])" if sql and values else ""


def _absent(column: Column) -> str:
    carried = (column.number, column.string, column.items, column.distinct, column.other)
    there = [f"({sql}) IS NOT NULL" for sql in carried if sql]
    there += [f"coalesce({flag}, false)" for flag in (column.null, column.nonfinite) if flag]
    return f"NOT ({_any(*there)})"


def _outside(sql: str, low: float | None, high: float | None) -> str:
    if not sql:
        return "false"
    return _any(
        "" if low is None else f"{sql} < {number(low)}",
        "" if high is None else f"{sql} > {number(high)}",
    )


def _within(sql: str, low: float | None, high: float | None) -> str:
    above = "" if low is None else f" AND {sql} > {number(low)}"
    below = "" if high is None else f" AND {sql} <= {number(high)}"
    return f"{sql} IS NOT NULL{above}{below}" if sql else "false"


def _of_type(column: Column, types: tuple[str, ...]) -> str:
    kinds = {
        "number": column.number,
        "string": column.string,
        "list": column.items,
        "text": column.distinct,
    }
    carried = [f"({kinds[kind]}) IS NOT NULL" for kind in types if kinds.get(kind)]
    return _any(*carried, _in(column.other, types))
