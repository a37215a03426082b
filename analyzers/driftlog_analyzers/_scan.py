"""One pass of SQL from rows of typed columns to window profiles.

The spool and a training file differ only in where a feature's numbers, strings and nulls stand.
`Column` says where, as SQL expressions over a relation that has a window number ``w``; the
aggregation and its decoding are the same for both.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from driftlog_analyzers._profile import (
    Categorical,
    Counts,
    FeatureProfile,
    Numeric,
    Text,
    WindowProfile,
)
from driftlog_analyzers._store import FeatureSpec

KEPT_VALUES = 50_000
DURATION_EDGES = tuple(
    round(mantissa * 10.0**power, 9) for power in range(-5, 3) for mantissa in (1, 2, 5)
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_SPEC = FeatureSpec()


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
            1970), ``id`` (VARCHAR), ``version``, ``outcome`` (VARCHAR), ``seconds`` (DOUBLE) and
            whatever the columns' expressions name.
        features: the inputs.
        predictions: the outputs.
    """

    sql: str
    features: Sequence[Column]
    predictions: Sequence[Column] = ()


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
    """A time from microseconds since 1970."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def scan(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    features: Mapping[str, FeatureSpec],
    predictions: Mapping[str, FeatureSpec],
) -> dict[int, WindowProfile]:
    """Profile every window that has events.

    Returns:
        Profiles by window number.
    """
    specs = [(column, features.get(column.name, _NO_SPEC)) for column in relation.features]
    outputs = [(column, predictions.get(column.name, _NO_SPEC)) for column in relation.predictions]
    parts: list[str] = [
        "w",
        "count(*)",
        "min(ts)",
        "max(ts)",
        "histogram(version)",
        "histogram(outcome)",
        *_numeric_sql("seconds", FeatureSpec(edges=DURATION_EDGES)),
    ]
    for column, spec in specs + outputs:
        parts += _column_sql(column, spec)
    rows = connection.execute(
        f"SELECT {', '.join(parts)} FROM ({relation.sql}) GROUP BY w"
    ).fetchall()
    found = _Elements(
        _items(connection, relation, relation.features),
        _items(connection, relation, relation.predictions),
        _texts(connection, relation, specs),
    )
    return {row[0]: _window(iter(row), specs, outputs, found) for row in rows}


def _numeric_sql(expression: str, spec: FeatureSpec) -> list[str]:
    edges = f"[{', '.join(map(number, spec.edges))}]"
    return [
        f"count({expression})",
        f"avg({expression})",
        f"var_pop({expression})",
        f"min({expression})",
        f"max({expression})",
        f"histogram({expression}, {edges})" if spec.edges else "NULL",
        "0"
        if spec.minimum is None
        else f"count(*) FILTER (({expression}) < {number(spec.minimum)})",
        "0"
        if spec.maximum is None
        else f"count(*) FILTER (({expression}) > {number(spec.maximum)})",
    ]


def _numeric(values: Iterator[Any], spec: FeatureSpec) -> Numeric | None:
    n, mean, variance, minimum, maximum, bins, below, above = (next(values) for _ in range(8))
    if not n:
        return None
    counts = (bins or {}) if spec.edges else {}
    return Numeric(
        n=n,
        mean=mean if math.isfinite(mean) else minimum / 2 + maximum / 2,
        m2=variance * n if math.isfinite(variance) else math.inf,
        minimum=minimum,
        maximum=maximum,
        edges=spec.edges,
        bins=tuple(counts.get(edge, 0) for edge in (*spec.edges, float("inf")))
        if spec.edges
        else (),
        below=below,
        above=above,
    )


def _column_sql(column: Column, spec: FeatureSpec) -> list[str]:
    parts: list[str] = []
    if column.number:
        parts += _numeric_sql(column.number, spec)
    if column.string:
        parts += [f"histogram({column.string})"]
    if column.items:
        parts += [f"count({column.items})"]
    if column.distinct:
        d, o = column.distinct, column.oov or "0"
        parts += [
            f"count({d})",
            f"sum({d})",
            f"sum({d} * {d})",
            f"sum({o})",
            f"sum(({o}) * ({o}))",
            f"sum({d} * ({o}))",
        ]
    if column.other:
        parts += [f"histogram({column.other})"]
    parts += [f"count(*) FILTER ({flag})" for flag in (column.null, column.nonfinite) if flag]
    return parts


def _feature(
    values: Iterator[Any], column: Column, spec: FeatureSpec, items: Counts, unknown: "_Unknown"
) -> FeatureProfile:
    numeric = _numeric(values, spec) if column.number else None
    strings: Counts = (next(values) or {}) if column.string else {}
    lists = next(values) if column.items else 0
    texts = _text(values, unknown) if column.distinct else None
    others: Counts = (next(values) or {}) if column.other else {}
    nulls = next(values) if column.null else 0
    nonfinite = next(values) if column.nonfinite else 0
    merged = (
        {value: strings.get(value, 0) + items.get(value, 0) for value in {*strings, *items}}
        if items
        else strings
    )
    return FeatureProfile(
        numbers=numeric.n if numeric else 0,
        strings=sum(strings.values()),
        lists=lists,
        texts=texts.n if texts else 0,
        others=others,
        nulls=nulls,
        nonfinite=nonfinite,
        numeric=numeric,
        categorical=_categorical(merged) if merged or lists else None,
        text=texts,
    )


def _categorical(counts: Counts) -> Categorical:
    kept, tail = _kept(counts)
    return Categorical(kept, sum(tail.values()), len(tail))


def _kept(counts: Counts) -> tuple[Counts, Counts]:
    """The most frequent values, ties by name, and the rest."""
    if len(counts) <= KEPT_VALUES:
        return dict(sorted(counts.items())), {}
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(sorted(order[:KEPT_VALUES])), dict(order[KEPT_VALUES:])


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Unknown tokens of one text feature in one window."""

    oov: int = 0
    oov_sq: int = 0
    tokens_oov: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Elements:
    """What stands in the lists of all windows: by window, then by feature.

    Attributes:
        items: of the features' lists.
        outputs: of the outputs' lists.
        texts: unknown tokens.
    """

    items: Mapping[int, Mapping[str, Counts]]
    outputs: Mapping[int, Mapping[str, Counts]]
    texts: Mapping[int, Mapping[str, _Unknown]]


def _text(values: Iterator[Any], unknown: _Unknown) -> Text | None:
    n, tokens, tokens_sq, oov, oov_sq, tokens_oov = (next(values) or 0 for _ in range(6))
    if not n:
        return None
    kept, tail = _kept(unknown.counts)
    return Text(
        n=n,
        tokens=int(tokens),
        oov=int(oov) + unknown.oov,
        tokens_sq=int(tokens_sq),
        oov_sq=int(oov_sq) + unknown.oov_sq,
        tokens_oov=int(tokens_oov) + unknown.tokens_oov,
        unknown=kept,
        unknown_tail=sum(tail.values()),
    )


def _window(
    values: Iterator[Any],
    specs: Sequence[tuple[Column, FeatureSpec]],
    outputs: Sequence[tuple[Column, FeatureSpec]],
    found: _Elements,
) -> WindowProfile:
    window, events, first, last, versions, outcomes = (next(values) for _ in range(6))
    items, texts = found.items.get(window, {}), found.texts.get(window, {})
    listed = found.outputs.get(window, {})
    duration = _numeric(values, FeatureSpec(edges=DURATION_EDGES))
    features = {
        column.name: _feature(
            values, column, spec, items.get(column.name, {}), texts.get(column.name, _Unknown())
        )
        for column, spec in specs
    }
    predictions = {
        column.name: _feature(values, column, spec, listed.get(column.name, {}), _Unknown())
        for column, spec in outputs
    }
    return WindowProfile(
        events=events,
        features={name: feature for name, feature in features.items() if feature.present},
        predictions={name: feature for name, feature in predictions.items() if feature.present},
        versions=versions or {},
        outcomes=outcomes or {},
        duration=duration,
        first=moment(first),
        last=moment(last),
    )


def _items(
    connection: duckdb.DuckDBPyConnection, relation: Relation, columns: Sequence[Column]
) -> dict[int, dict[str, Counts]]:
    """Lists with an item, by window, feature and item: one that stands twice counts once."""
    lists = [column for column in columns if column.items]
    if not lists:
        return {}
    tagged = _tagged({column.name: column.items for column in lists})
    rows = connection.execute(f"""
        SELECT w, item.f, item.v, count(*)
        FROM (SELECT w, unnest({tagged}) AS item FROM ({relation.sql}))
        GROUP BY ALL""").fetchall()
    found: dict[int, dict[str, dict[str, int]]] = {}
    for window, index, value, count in rows:
        found.setdefault(window, {}).setdefault(lists[index].name, {})[value] = count
    return found  # type: ignore[return-value]  # a dict of dicts is a mapping of mappings


def _tagged(expressions: Mapping[str, str]) -> str:
    """One list of (position of the feature, distinct element) over several list expressions."""
    tagged = [
        f"list_transform(list_distinct(coalesce({sql}, [])), lambda x: {{'f': {i}, 'v': x}})"
        for i, sql in enumerate(expressions.values())
    ]
    return "list_concat(" + ", ".join(tagged) + ")" if len(tagged) > 1 else tagged[0]


def _texts(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    specs: Sequence[tuple[Column, FeatureSpec]],
) -> dict[int, dict[str, _Unknown]]:
    """Unknown tokens by window and feature: named by the service, or outside the vocabulary."""
    named = [column for column, _ in specs if column.unknown]
    decided = [
        (column, spec) for column, spec in specs if column.tokens and spec.vocabulary is not None
    ]
    found: dict[int, dict[str, _Unknown]] = {}
    if named:
        tagged = _tagged({column.name: column.unknown for column in named})
        rows = connection.execute(f"""
            SELECT w, t.f, t.v, count(*), 0, 0, 0
            FROM (SELECT w, unnest({tagged}) AS t FROM ({relation.sql}))
            GROUP BY ALL""").fetchall()
        _collect(found, rows, [column.name for column in named])
    for column, spec in decided:
        _collect(found, _outside(connection, relation, column, spec), [column.name])
    return found


def _collect(
    found: dict[int, dict[str, _Unknown]], rows: Sequence[Any], names: Sequence[str]
) -> None:
    for window, index, token, count, *sums in rows:
        features = found.setdefault(window, {})
        seen = features.get(names[index], _Unknown())
        if token is None:
            features[names[index]] = _Unknown(
                seen.oov + int(sums[0]),
                seen.oov_sq + int(sums[1]),
                seen.tokens_oov + int(sums[2]),
                seen.counts,
            )
        else:
            seen.counts[token] = seen.counts.get(token, 0) + count
            features[names[index]] = seen


def _outside(
    connection: duckdb.DuckDBPyConnection, relation: Relation, column: Column, spec: FeatureSpec
) -> Sequence[Any]:
    """Per window: a row without token that holds the sums per text, a row per unknown token."""
    register_strings(connection, "vocabulary", sorted(spec.vocabulary or ()))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE outside AS
        SELECT s.w, s.id, s.size, s.token
        FROM (SELECT w, id, len({column.tokens}) AS size, unnest({column.tokens}) AS token
              FROM ({relation.sql})) s
        ANTI JOIN vocabulary v ON s.token = v.value""")
    rows = connection.execute("""
        SELECT w, 0, NULL, 0, sum(o), sum(o * o), sum(o * size)
        FROM (SELECT w, any_value(size) AS size, count(*) AS o FROM outside GROUP BY w, id)
        GROUP BY w
        UNION ALL
        SELECT w, 0, token, count(*), 0, 0, 0 FROM outside GROUP BY w, token""").fetchall()
    connection.execute("DROP TABLE outside")
    connection.execute("DROP TABLE vocabulary")
    return rows


def register_strings(
    connection: duckdb.DuckDBPyConnection, table: str, values: Sequence[str]
) -> None:
    """Make a temporary table with the one column ``value``."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS value",
        [list(values)],
    )
