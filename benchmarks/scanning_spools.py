"""The events that are scanned, always the same ones, and the forms in which they lie on disk.

Each form is made once and kept in ``.cache/scanning``.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import orjson
import zstandard
from figures import CACHE
from scanning_columns import FLOATS, INTEGERS, MANY, MODEL, NULLS, STRINGS, WORDS, ndjson

HOME = CACHE / "scanning"
SEGMENT_BYTES = 64 << 20
EVENTS_PER_HOUR = 10_000
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
ZSTD_LEVEL = 3
"""The default of zstd, which is what packs closed segments."""


def events(count: int) -> Iterator[bytes]:
    """Give event documents as lines, always the same ones."""
    chance = random.Random(11)
    for number in range(count):
        at = BEGIN + timedelta(hours=1) * number / EVENTS_PER_HOUR
        tokens = sorted({chance.choice(WORDS) for _ in range(12)})
        yield orjson.dumps(
            {
                "@timestamp": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "event": {
                    "id": f"0190000000000badc0ffee00-{number:012x}",
                    "kind": "event",
                    "action": "prediction",
                    "outcome": "success",
                    "duration": 1_000_000 + chance.randrange(1_000_000),
                    "dataset": f"driftlog.{MODEL}",
                },
                "service": {"name": MODEL},
                "host": {"name": "benchmark"},
                "driftlog": {
                    "model": {"name": MODEL, "version": "7"},
                    "num": _numbers(chance),
                    "cat": _strings(chance),
                    "text": {"comment": {"tokens": 12, "distinct": len(tokens)}},
                    "tok": {"comment": tokens},
                    "na": [f"null_{n}" for n in range(NULLS)],
                    "prediction": {"num": {"score": chance.random()}},
                },
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


def _numbers(chance: random.Random) -> dict[str, float]:
    floats = {f"float_{n}": chance.gauss(100, 15) for n in range(FLOATS)}
    return floats | {f"int_{n}": chance.randrange(1000) for n in range(INTEGERS)}


def _strings(chance: random.Random) -> dict[str, str]:
    strings = {
        f"string_{n}": f"v-{chance.randrange(100_000 if n < MANY else 9)}" for n in range(STRINGS)
    }
    return strings | {"flag": chance.choice(("true", "false"))}


def made(folder: Path, fill: Callable[[Path], None]) -> Path:
    """The folder; it is filled where it is missing, whole or not at all."""
    if not folder.is_dir():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        fill(making)
        making.rename(folder)
    return folder


def write_segments(lines: Iterator[bytes], folder: Path) -> None:
    """Write lines into segments of the size that the logger closes them at."""
    size, number, file = 0, 0, (folder / "churn-000000.ndjson").open("wb")
    for line in lines:
        if size + len(line) > SEGMENT_BYTES:
            file.close()
            size, number = 0, number + 1
            file = (folder / f"churn-{number:06}.ndjson").open("wb")
        file.write(line)
        size += len(line)
    file.close()


def plain(count: int) -> Path:
    """The spool of so many events as its logger leaves it."""
    return made(HOME / f"spool-{count}", lambda folder: write_segments(events(count), folder))


def packed(count: int) -> Path:
    """The same spool with each segment packed by zstd, which driftlog reads in its place."""

    def fill(folder: Path) -> None:
        for segment in sorted(plain(count).iterdir()):
            with segment.open("rb") as file, (folder / f"{segment.name}.zst").open("wb") as to:
                zstandard.ZstdCompressor(level=ZSTD_LEVEL).copy_stream(file, to)

    return made(HOME / f"spool-{count}-zstd", fill)


def parquet(count: int) -> Path:
    """The declared columns of the same events in one Parquet file."""

    def fill(folder: Path) -> None:
        duckdb.execute(f"""
            COPY (SELECT * FROM {ndjson(plain(count))})
            TO '{folder}/events.parquet' (FORMAT parquet, COMPRESSION zstd)""")

    return made(HOME / f"parquet-{count}", fill)


FORMS: dict[str, Callable[[int], Path]] = {"NDJSON": plain, "zstd": packed, "Parquet": parquet}
