"""A few events of a spool that show a finding."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from driftlog_analyzers._catalog import Catalog
from driftlog_analyzers._conditions import condition_sql
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._relation import Column, Relation, literal
from driftlog_analyzers._spool_source import Rows, placed_groups, relation_of
from driftlog_analyzers._window import Window

_AT_ONCE = 100


def examples(
    catalog: Catalog,
    rows: Rows,
    model: str,
    windows: Sequence[Window],
    *,
    conditions: Sequence[Sequence[Condition]],
    limit: int,
) -> list[list[tuple[str, ...]]]:
    """Ids of a few events per window and condition, the smallest ids first.

    Args:
        catalog: the segments.
        rows: answers a SELECT.
        model: whose events.
        windows: apart from each other, in any order.
        conditions: of each window.
        limit: ids per condition at the most.
    """
    answers: list[list[tuple[str, ...]]] = [[()] * len(group) for group in conditions]
    for numbers, near, held in placed_groups(catalog, rows, model, windows):
        relate = partial(relation_of, model, near, held)
        parts = _of_group(rows, relate, [conditions[n] for n in numbers], limit)
        for n, part in zip(numbers, parts, strict=True):
            pairs = zip(answers[n], part, strict=True)
            answers[n] = [tuple(sorted(a + b)[:limit]) for a, b in pairs]
    return answers


def _of_group(
    rows: Rows,
    relate: Callable[[Collection[str]], Relation],
    conditions: Sequence[Sequence[Condition]],
    limit: int,
) -> list[list[tuple[str, ...]]]:
    """The ids that one group of segments has; `relate` gives its events with the named features and outputs."""
    found: list[list[tuple[str, ...]]] = [[] for _ in conditions]
    for begin in range(0, max(map(len, conditions), default=0), _AT_ONCE):
        part = [group[begin : begin + _AT_ONCE] for group in conditions]
        relation = relate({name for group in part for one in group for name in named(one)})
        for ids, more in zip(found, _examples(rows, relation, part, limit), strict=True):
            ids.extend(more)
    return found


def named(condition: Condition) -> tuple[str, ...]:
    """The features or outputs that a condition looks at."""
    return (condition.feature, *(condition.part or ())[:1])


def _examples(
    rows: Rows,
    relation: Relation,
    conditions: Sequence[Sequence[Condition]],
    limit: int,
) -> list[list[tuple[str, ...]]]:
    """The n-th condition of every window is one aggregate: a CASE picks each row's window."""
    depth = max(map(len, conditions))
    columns = {(False, column.name): column for column in relation.features}
    columns |= {(True, column.name): column for column in relation.predictions}
    parts = []
    for n in range(depth):
        cases = " ".join(
            f"WHEN {window} THEN {wanted_sql(wanted, columns)}"
            for window, group in enumerate(conditions)
            for wanted in group[n : n + 1]
        )
        parts.append(f"min(CASE WHEN CASE w {cases} ELSE false END THEN id END, {limit})")
    answers = rows(f"SELECT w, {', '.join(parts)} FROM ({relation.sql}) GROUP BY w")
    found = {row[0]: row[1:] for row in answers}
    return [
        [tuple(found.get(window, [None] * depth)[n] or ()) for n in range(len(group))]
        for window, group in enumerate(conditions)
    ]


def wanted_sql(condition: Condition, columns: Mapping[tuple[bool, str], Column]) -> str:
    """The events of a condition as a SQL predicate.

    Args:
        condition: which events are meant.
        columns: inputs and outputs by name, the outputs under True.
    """
    sql = condition_sql(condition, columns.get((condition.output, condition.feature)))
    if condition.part is None:
        return sql
    feature, value = condition.part
    column = columns.get((False, feature))
    within = f"{column.string} = {literal(value)}" if column and column.string else "false"
    return f"(({sql}) AND coalesce({within}, false))"
