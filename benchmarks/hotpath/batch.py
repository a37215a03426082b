"""Race 2: `log_batch` beside a loop of `orjson.dumps` and one buffered write."""

import gc
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from benchmarks.hotpath import figures
from benchmarks.hotpath.figures import Row

from driftlog import PredictionLogger
from driftlog.testing import read_events

sys.path.insert(0, str(Path(__file__).parent / "workers"))
from event import PREDICTION, features

TARGET = 1.5
BUFFER = 1 << 20


def rows(count: int, rounds: int) -> list[Row]:
    """Time both in turn."""
    with tempfile.TemporaryDirectory() as name:
        floor, ours = _rounds(Path(name), count, rounds)
    case = f"{count:,} rows x 30"
    print(f"{case}: floor {min(floor):.2f} us, driftlog {min(ours):.2f} us a row", flush=True)
    return [
        figures.ratio("driftlog log_batch", case, "time ratio to the floor", ours, floor, TARGET),
        figures.row("driftlog log_batch", case, "time a row", ours, "us"),
        figures.row("floor: orjson.dumps + buffered write", case, "time a row", floor, "us"),
    ]


def _rounds(folder: Path, count: int, rounds: int) -> tuple[list[float], list[float]]:
    chance = random.Random(7)
    frame = pd.DataFrame([features(chance) for _ in range(count)])
    scores = pd.Series([PREDICTION] * count)
    spool = folder / "spool"
    floor, ours = [], []
    with PredictionLogger(model="churn", version="7", spool=spool, text=["comment"]) as logger:
        logger.log_batch(frame, scores)
        documents = read_events(spool)[:count]
        gc.collect()
        gc.freeze()  # the collector would count what only the race keeps
        for _ in range(rounds):
            begin = time.perf_counter()
            _floor(folder / "floor", documents)
            between = time.perf_counter()
            logger.log_batch(frame, scores)
            floor.append((between - begin) / count * 1e6)
            ours.append((time.perf_counter() - between) / count * 1e6)
    return floor, ours


def _floor(path: Path, documents: list[dict[str, Any]]) -> None:
    with path.open("wb", buffering=BUFFER) as file:
        for document in documents:
            file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
