"""What is counted by value: strings, the items of lists, the tokens of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from driftlog_analyzers._profile import Counts
from driftlog_analyzers._relation import Column, Relation
from driftlog_analyzers._store import FeatureSpec

ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Unknown:
    """Unknown tokens of one text feature in one window."""

    oov: int = 0
    oov_sq: int = 0
    tokens_oov: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Elements:
    """What is counted by value, in all windows: by window, then by feature.

    Attributes:
        features: strings and items of lists.
        predictions: the same of the outputs.
        texts: unknown tokens.
    """

    features: dict[int, dict[str, Counts]]
    predictions: dict[int, dict[str, Counts]]
    texts: dict[int, dict[str, Unknown]]

    def take(self, window: int) -> tuple[dict[str, Counts], dict[str, Unknown], dict[str, Counts]]:
        """Give one window's counts away, so that they are not held twice."""
        return (
            self.features.pop(window, {}),
            self.texts.pop(window, {}),
            self.predictions.pop(window, {}),
        )


def elements(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    specs: Sequence[tuple[Column, FeatureSpec]],
) -> Elements:
    """Count the strings, the items of lists and the unknown tokens of a relation."""
    return Elements(
        _values(connection, relation, relation.features),
        _values(connection, relation, relation.predictions),
        _texts(connection, relation, specs),
    )


def _values(
    connection: duckdb.DuckDBPyConnection, relation: Relation, columns: Sequence[Column]
) -> dict[int, dict[str, Counts]]:
    """Events with a value, by window and feature; what stands in a list twice counts once.

    One hash aggregation over all features is three times as fast as a histogram of each.
    """
    named = [column for column in columns if column.string or column.items]
    if not named:
        return {}
    strings = [f"{{'f': {i}, 'v': {c.string}}}" for i, c in enumerate(named) if c.string]
    lists = {i: column.items for i, column in enumerate(named) if column.items}
    rows = connection.execute(f"""
        SELECT w, item.f, item.v, count(*)
        FROM (SELECT w, unnest({joined([f"[{', '.join(strings)}]"] * bool(strings), lists)}) AS item
              FROM ({relation.sql}))
        WHERE item.v IS NOT NULL GROUP BY ALL""")
    found: dict[int, dict[str, dict[str, int]]] = {}
    while chunk := rows.fetchmany(ROWS):
        for window, index, value, count in chunk:
            found.setdefault(window, {}).setdefault(named[index].name, {})[value] = count
    return found  # type: ignore[return-value]  # a dict of dicts is a mapping of mappings


def joined(tagged: Sequence[str], lists: Mapping[int, str]) -> str:
    """One list of (position of the feature, element) over lists of these and over plain lists, each element once."""
    every = [
        *tagged,
        *(
            f"list_transform(list_distinct(coalesce({sql}, [])), lambda x: {{'f': {i}, 'v': x}})"
            for i, sql in lists.items()
        ),
    ]
    return f"list_concat({', '.join(every)})" if len(every) > 1 else every[0]


def _texts(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    specs: Sequence[tuple[Column, FeatureSpec]],
) -> dict[int, dict[str, Unknown]]:
    """Unknown tokens by window and feature: named by the service, or outside the vocabulary."""
    named = [column for column, _ in specs if column.unknown]
    decided = [
        (column, spec) for column, spec in specs if column.tokens and spec.vocabulary is not None
    ]
    found: dict[int, dict[str, Unknown]] = {}
    if named:
        tagged = joined([], {i: column.unknown for i, column in enumerate(named)})
        rows = connection.execute(f"""
            SELECT w, t.f, t.v, count(*), 0, 0, 0
            FROM (SELECT w, unnest({tagged}) AS t FROM ({relation.sql}))
            GROUP BY ALL""").fetchall()
        _collect(found, rows, [column.name for column in named])
    for column, spec in decided:
        _collect(found, _outside(connection, relation, column, spec), [column.name])
    return found


def _collect(
    found: dict[int, dict[str, Unknown]], rows: Sequence[Any], names: Sequence[str]
) -> None:
    for window, index, token, count, *sums in rows:
        features = found.setdefault(window, {})
        seen = features.get(names[index], Unknown())
        if token is None:
            features[names[index]] = Unknown(
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
