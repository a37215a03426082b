"""What is raced over a folder of events, each in a process of its own that imports nothing else.

``python benchmarks/scanning_subjects.py SUBJECT FOLDER EVENTS`` prints one run's cost. The clock starts
after the imports.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from figures import cost_of, tell
from scanning_columns import (
    MODEL,
    NUMBERS,
    SCORE,
    TEXTS,
    WORDS,
    edges,
    exact,
    full,
    light,
    ndjson,
)

# ruff: noqa: PLC0415 - a process imports what it measures, and no more
BASELINE = "monitor.toml"


def driftlog(folder: Path, memory: Path | None = None) -> Callable[[], int]:
    """Profile the whole spool as one window; what is in the segments is remembered or else found out first."""
    from datetime import UTC, datetime, timedelta

    from driftlog_analyzers import ProfileSpec, SpoolStore, Window
    from driftlog_analyzers._store import FeatureSpec

    begin = datetime(2026, 6, 1, tzinfo=UTC)
    features = {name: FeatureSpec(edges=edges(name)) for name in NUMBERS}
    features["comment"] = FeatureSpec(vocabulary=frozenset(WORDS))
    spec = ProfileSpec(MODEL, features, {"score": FeatureSpec(edges=SCORE)})

    def run() -> int:
        with SpoolStore(folder, memory=memory) as store:
            (profile,) = store.profiles(spec, [Window(begin, begin + timedelta(days=365))])
        return profile.events

    return run


def known(folder: Path) -> Callable[[], int]:
    """The same where `scanning.remember` has looked at the segments."""
    return driftlog(folder, memory_of(folder))


def memory_of(folder: Path) -> Path:
    """Where it is kept what a spool's segments hold."""
    return folder.with_suffix(".sqlite")


def analysis(folder: Path) -> Callable[[], int]:
    """Evaluate the spool by the hour into a new state file."""
    from driftlog_analyzers import SpoolStore, StateFile, analyze, load_baseline, parse_size

    baseline = load_baseline(folder.parent / BASELINE)

    def run() -> int:
        with (
            tempfile.TemporaryDirectory() as scratch,
            SpoolStore(folder) as store,
            StateFile(Path(scratch) / "state.sqlite") as kept,
        ):
            done = analyze(store, baseline, kept, parse_size("1h"))
            return sum(evaluation.events for evaluation in done)

    return run


def raw(select: str, source: str) -> Callable[[], int]:
    """One SELECT of DuckDB; its first answer is the number of events."""
    import duckdb

    return lambda: (duckdb.execute(f"SELECT {select} FROM {source}").fetchone() or (0,))[0]


def raw_exact(folder: Path) -> Callable[[], int]:
    """Raw DuckDB asked for all that driftlog answers, from a table read once."""
    import duckdb

    def run() -> int:
        with duckdb.connect() as connection:
            connection.execute("SET preserve_insertion_order = false")
            source = ndjson(folder, texts=True)
            connection.execute(f"CREATE TEMP TABLE loaded AS SELECT driftlog FROM {source}")
            answers = [connection.execute(sql).fetchall() for sql in exact("loaded")]
            return answers[0][0][0]

    return run


def polars(folder: Path) -> Callable[[], int]:
    """The full profile by Polars, lazily, with a declared schema."""
    import polars as pl

    schema = {
        "driftlog": pl.Struct(
            {
                "num": pl.Struct(dict.fromkeys(NUMBERS, pl.Float64)),
                "cat": pl.Struct(dict.fromkeys(TEXTS, pl.String)),
            }
        )
    }
    num, cat = (pl.col("driftlog").struct.field(section) for section in ("num", "cat"))
    asked: list[pl.Expr] = [pl.len().alias("events")]
    for name in NUMBERS:
        one = num.struct.field(name)
        asked += [
            getattr(one, figure)().alias(f"{figure} of {name}")
            for figure in ("count", "mean", "var", "min", "max")
        ]
        asked.append(one.hist([*edges(name)]).implode().alias(f"bins of {name}"))
    for name in TEXTS:
        one = cat.struct.field(name)
        asked.append(one.value_counts(sort=True).head(50).implode().alias(f"top of {name}"))
        asked.append(one.n_unique().alias(f"distinct {name}"))

    def run() -> int:
        lines = pl.scan_ndjson(sorted(folder.glob("*.ndjson")), schema=schema)
        return lines.select(asked).collect(engine="streaming")["events"][0]

    return run


def pyarrow(folder: Path) -> Callable[[], int]:
    """Parse by pyarrow with a declared schema, a segment after the other, and nothing else."""
    import pyarrow as pa
    from pyarrow import json

    numbers = pa.struct([(name, pa.float64()) for name in NUMBERS])
    strings = pa.struct([(name, pa.string()) for name in TEXTS])
    schema = pa.schema([("driftlog", pa.struct([("num", numbers), ("cat", strings)]))])
    options = json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    segments = sorted(folder.glob("*.ndjson"))
    return lambda: sum(json.read_json(one, parse_options=options).num_rows for one in segments)


SUBJECTS: dict[str, Callable[[Path], Callable[[], int]]] = {
    "driftlog": driftlog,
    "driftlog, segments known": known,
    "driftlog, analyze by the hour": analysis,
    "DuckDB": lambda folder: raw(full(), ndjson(folder)),
    "DuckDB, light": lambda folder: raw(light(), ndjson(folder)),
    "DuckDB, all that driftlog answers": raw_exact,
    "DuckDB on Parquet": lambda folder: raw(full(), f"'{folder}/*.parquet'"),
    "Polars": polars,
    "pyarrow, parse only": pyarrow,
}


def main(subject: str, folder: str, events: str) -> None:
    """Do one run and print its cost."""
    cost = cost_of(SUBJECTS[subject](Path(folder)))
    if cost.done != int(events):
        raise SystemExit(f"{subject} saw {cost.done} of {events} events")
    tell(cost)


if __name__ == "__main__":
    main(*sys.argv[1:])
