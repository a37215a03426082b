"""The events that every subject logs, and what a subject is; runs in each interpreter."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXT = "the quick brown fox jumps over the lazy dog and runs off"
PREDICTION = 0.9
# Context variables, where a subject has some.
BOUND = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "tenant": "acme"}
Event = dict[str, Any]


def features(chance: random.Random) -> Event:
    """Give one event's 30 features, 3 of the strings of high cardinality."""
    return {
        **{f"float_{n}": chance.random() * 100 for n in range(10)},
        **{f"int_{n}": chance.randrange(1000) for n in range(5)},
        **{f"string_{n}": f"v-{chance.randrange(10**8 if n < 3 else 9)}" for n in range(10)},  # noqa: PLR2004 - as the docstring says; no secrets
        **dict.fromkeys(("null_0", "null_1", "null_2")),
        "flag": True,
        "comment": TEXT,
    }


def made(count: int = 16) -> list[Event]:
    """Give a few events, the same in every process: few enough to stay in the processor's cache."""
    chance = random.Random(7)
    return [features(chance) for _ in range(count)]


@dataclass(frozen=True)
class Place:
    """Where a subject may write.

    Attributes:
        folder: empty, its own.
        http: port of a sink that answers as Elasticsearch and OTLP collectors do.
        tcp: port of a sink that swallows.
        url: of the Elasticsearch to upload to; None for no upload.
    """

    folder: Path
    http: int
    tcp: int
    url: str | None = None


@dataclass(frozen=True)
class Contender:
    """A logger that is ready.

    Attributes:
        call: logs one event.
        finish: returns when all that was logged has arrived.
        events: what it is called with.
    """

    call: Callable[[Any], object]
    finish: Callable[[], object]
    events: Sequence[Any]
