"""What the scanned events have, and the SQL of raw DuckDB over them; nothing but the standard library."""

from collections.abc import Sequence
from pathlib import Path

MODEL = "churn"
WORDS = [f"word{n}" for n in range(5_000)]
FLOATS, INTEGERS, STRINGS, NULLS, MANY = 10, 5, 10, 3, 3
NUMBERS = [*(f"float_{n}" for n in range(FLOATS)), *(f"int_{n}" for n in range(INTEGERS))]
TEXTS = [f"string_{n}" for n in range(STRINGS)]
BINS = 20
TOP = 50
SCORE = tuple(n / BINS for n in range(BINS + 1))


def edges(name: str) -> tuple[float, ...]:
    """The bounds of a number's bins, for everybody the same."""
    low, high = (40.0, 160.0) if name.startswith("float") else (0.0, 1000.0)
    return tuple(low + (high - low) * n / BINS for n in range(BINS + 1))


def ndjson(folder: Path, *, texts: bool = False) -> str:
    """A table function over the segments of a folder with declared columns."""
    num = ", ".join(f"{name} DOUBLE" for name in NUMBERS)
    cat = ", ".join(f"{name} VARCHAR" for name in (*TEXTS, "flag"))
    more = ", tok STRUCT(comment VARCHAR[]), prediction STRUCT(num STRUCT(score DOUBLE))"
    kind = f"STRUCT(num STRUCT({num}), cat STRUCT({cat}){more if texts else ''})"
    return f"""read_ndjson('{folder}/*.ndjson*', columns={{'@timestamp': 'TIMESTAMPTZ', 'driftlog': '{kind}'}})"""


def light() -> str:
    """Means and counts."""
    means = [f"avg(driftlog.num.{name})" for name in NUMBERS]
    return ", ".join(["count(*)", *means, *(f"count(driftlog.cat.{name})" for name in TEXTS)])


def full() -> str:
    """Counts, moments and histograms of the numbers, the most frequent strings and how many there are."""
    every = [f"{sketch}" for name in TEXTS for sketch in _sketches(f"driftlog.cat.{name}")]
    return ", ".join(["count(*)", *_all_numbers(), *every])


def _sketches(sql: str) -> Sequence[str]:
    return f"approx_top_k({sql}, {TOP})", f"approx_count_distinct({sql})"


def _all_numbers() -> Sequence[str]:
    return [part for name in NUMBERS for part in moments(f"driftlog.num.{name}", edges(name))]


def moments(sql: str, bounds: Sequence[float]) -> Sequence[str]:
    """Count, moments, extremes and histogram of one number."""
    plain = [f"{function}({sql})" for function in ("count", "avg", "var_pop", "min", "max")]
    return [*plain, f"histogram({sql}, {[*bounds]})"]


def exact(table: str) -> list[str]:
    """Statements that ask a table for all that driftlog answers: every string's count, the texts' tokens, the score."""
    numbers = ", ".join(
        ["count(*)", *_all_numbers(), *moments("driftlog.prediction.num.score", SCORE)]
    )
    strings = ", ".join(
        f"{{'f': {n}, 'v': driftlog.cat.{name}}}" for n, name in enumerate((*TEXTS, "flag"))
    )
    return [
        f"SELECT {numbers} FROM {table}",
        f"SELECT item.f, item.v, count(*) FROM (SELECT unnest([{strings}]) AS item FROM {table}) GROUP BY ALL",
        f"SELECT t, count(*) FROM (SELECT unnest(driftlog.tok.comment) AS t FROM {table}) GROUP BY ALL",
    ]
