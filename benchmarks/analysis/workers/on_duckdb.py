"""The floor: DuckDB alone, one SELECT for all columns; nothing is compared.

Of numbers count, mean, variance, extremes and a histogram of 20 bins, of strings count, the 50 most frequent and how
many there are, in one pass. The fit is the histograms' edges.
"""

from collections.abc import Callable, Sequence

import duckdb

BINS = 20
TOP = 50


def work(job: dict[str, str], clock: Callable[[str], None]) -> list[str]:
    """The edges of the reference's numbers, then the window's profile."""
    ndjson = job["source"] == "ndjson"
    kinds = _kinds(job["reference rows"])
    clock("load")
    numbers = [name for name, kind in kinds.items() if kind == "DOUBLE"]
    strings = [name for name in kinds if name not in numbers]
    sources = [
        _lines(job[f"{of} spool"], numbers, strings) if ndjson else f"'{job[f'{of} rows']}'"
        for of in ("reference", "window")
    ]
    at = [f"{i / BINS}" for i in range(1, BINS)]
    cuts = [f"approx_quantile({name}, [{', '.join(at)}])" for name in numbers]
    edges = _first(f"SELECT {', '.join(cuts)} FROM {sources[0]}")
    clock("fit")
    figures = [
        f"count({x}), avg({x}), var_pop({x}), min({x}), max({x}), histogram({x}, {sorted(set(cut))})"
        for x, cut in zip(numbers, edges, strict=True)
    ]
    figures += [
        f"count({x}), approx_top_k({x}, {TOP}), approx_count_distinct({x})" for x in strings
    ]
    _first(f"SELECT count(*), {', '.join(figures)} FROM {sources[1]}")
    clock("run")
    return []


def _kinds(parquet: str) -> dict[str, str]:
    """The columns with their types."""
    rows = duckdb.execute(f"DESCRIBE SELECT * FROM '{parquet}'").fetchall()
    return {row[0]: row[1] for row in rows}


def _lines(spool: str, numbers: Sequence[str], strings: Sequence[str]) -> str:
    """The spool's own files with declared columns, without the lines that begin and end a segment."""
    num = ", ".join(f"{name} DOUBLE" for name in numbers)
    cat = ", ".join(f"{name} VARCHAR" for name in strings)
    return f"""(SELECT unnest(driftlog.num), unnest(driftlog.cat)
        FROM read_ndjson('{spool}/*.ndjson', columns={{'event': 'STRUCT("action" VARCHAR)',
            'driftlog': 'STRUCT(num STRUCT({num}), cat STRUCT({cat}))'}})
        WHERE event.action = 'prediction')"""


def _first(sql: str) -> Sequence[object]:
    return duckdb.execute(sql).fetchone() or ()
