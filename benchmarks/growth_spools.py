"""Spools of one hour that differ in size, width, or a feature's different strings; kept in ``.cache/growth``."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from figures import CACHE
from scanning_spools import made, write_segments

from driftlog_analyzers import SpoolStore, baseline_from_store, save_baseline

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODEL = "m"
PATTERNS = 10_000
"""So many different events come again and again, under ids and times of their own."""
STEP = 7_919
"""A prime: multiples of it meet every remainder."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The events of one hour of one model.

    Attributes:
        events: how many.
        features: of each; seven tenths are numbers, the others strings.
        categories: different strings of the feature ``key``; the others have eight.
    """

    events: int
    features: int = 10
    categories: int = 100

    @property
    def name(self) -> str:
        """A name for its folder."""
        return f"{self.events}-{self.features}-{self.categories}"


def lines(hour: Hour) -> Iterator[bytes]:
    """Give event documents as lines, always the same ones."""
    chance = random.Random(hour.features)
    rests = [_rest(chance, hour.features) for _ in range(min(hour.events, PATTERNS))]
    step = HOUR / hour.events
    for n in range(hour.events):
        at = (BEGIN + step * n).isoformat(timespec="microseconds")[:-6]
        yield (
            b'{"@timestamp":"%bZ","event":{"id":"0190000000000badc0ffee00-%012x","kind":"event",'
            b'"action":"prediction","outcome":"success","duration":%d},"driftlog":{"model":{"name":"m",'
            b'"version":"1"},"cat":{"key":"v%d"%b'
        ) % (
            at.encode(),
            n,
            1_000_000 + n % 1_000_000,
            n * STEP % hour.categories,
            rests[n % len(rests)],
        )


def _rest(chance: random.Random, features: int) -> bytes:
    """The line from behind the feature ``key``."""
    numbers = {f"n{i:04}": chance.gauss(0, 1) for i in range(features * 7 // 10)}
    strings = {f"c{i:04}": f"v{chance.randrange(8)}" for i in range(features - len(numbers) - 1)}
    more = b"," + orjson.dumps(strings)[1:-1] if strings else b""
    score = {"num": {"score": chance.random()}}
    return b'%b},"num":%b,"prediction":%b}}\n' % (more, orjson.dumps(numbers), orjson.dumps(score))


def spool(hour: Hour) -> Path:
    """The spool; it is made where it is missing."""
    return made(CACHE / "growth" / hour.name, lambda folder: write_segments(lines(hour), folder))


def baseline(hour: Hour) -> Path:
    """The file of a baseline that was made of these events; it is made where it is missing."""
    folder = spool(hour)
    path = folder.with_suffix(".toml")
    if not path.exists():
        with SpoolStore(folder) as store:
            save_baseline(baseline_from_store(store, model=MODEL, version="1"), path)
    return path
