"""One window of 100,000 events and 30 features out of a real Elasticsearch node: aggregated, beside its rows pulled.

Run it with ``python benchmarks/window.py``; it takes ``ELASTICSEARCH_URL``, else starts the tests' node. Pulling is
`helpers.scan` alone, at its default page and at the largest one: nothing is computed from the rows.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, helpers
from figures import HERE, RESULTS, Row, keep, row

from driftlog._upload._head import stream_name
from driftlog_analyzers import ProfileSpec, Window, baseline_from_store
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._reference import profile_spec

sys.path.insert(0, str(HERE.parent))

from tests.contract.shipping import install
from tests.elasticsearch.node import Node

EVENTS = 100_000
ROUNDS = 5
WARM = 3
STALE = 1.1  # seconds; a node reads its own CPU time once a second
CHUNK = 5_000
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
WINDOW = Window(BEGIN, BEGIN + timedelta(hours=1))
TARGET = 20.0
SEARCHES = 2
ABOUT = """# One window out of Elasticsearch: aggregated, beside its rows pulled

`python benchmarks/window.py`"""
LISTED, MANY = 1_000, 100_000
WORDS = [f"word{n}" for n in range(20_000)]


def usual(chance: random.Random) -> dict[str, Any]:
    """Give the features of an event: 15 numbers, 12 strings of up to 1,000 values, 3 nulls."""
    return {
        "num": {f"float_{n}": chance.gauss(100, 15) for n in range(10)}
        | {f"int_{n}": float(chance.randrange(1000)) for n in range(5)},
        "cat": {f"few_{n}": f"v-{chance.randrange(200)}" for n in range(9)}
        | {f"more_{n}": f"v-{chance.randrange(LISTED)}" for n in range(3)},
        "na": [f"null_{n}" for n in range(3)],
    }


def wide(chance: random.Random) -> dict[str, Any]:
    """Give the same with 2 strings of up to 100,000 values and a text of 12 words, for 3 of the strings."""
    parts = usual(chance)
    tokens = sorted({chance.choice(WORDS) for _ in range(12)})
    strings = {f"more_{n}": f"v-{chance.randrange(MANY)}" for n in range(2)}
    parts["cat"] = {k: v for k, v in parts["cat"].items() if k[0] != "m"} | strings
    return parts | {
        "text": {"comment": {"tokens": 12, "distinct": len(tokens)}},
        "tok": {"comment": tokens},
    }


CASES: dict[str, Callable[[random.Random], dict[str, Any]]] = {"usual": usual, "wide": wide}


def documents(model: str, features: Callable[[random.Random], dict[str, Any]]) -> Iterator[Any]:
    """Give bulk operations of the window's events, always the same ones."""
    chance = random.Random(17)
    for n in range(EVENTS):
        at = BEGIN + timedelta(hours=1) * n / EVENTS
        yield {"create": {"_id": f"0190000000000badc0ffee00-{n:x}"}}
        yield {
            "@timestamp": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "event": {
                "id": f"0190000000000badc0ffee00-{n:012x}",
                "kind": "event",
                "action": "prediction",
                "outcome": "success",
                "duration": 1_000_000 + chance.randrange(1_000_000),
                "dataset": f"driftlog.{model}",
            },
            "service": {"name": model},
            "host": {"name": "benchmark"},
            "driftlog": {
                "model": {"name": model, "version": "7"},
                **features(chance),
                "prediction": {"num": {"score": chance.random()}},
            },
        }


@contextmanager
def node() -> Iterator[Elasticsearch]:
    """Give a client of the node to measure on."""
    with tempfile.TemporaryDirectory() as folder:
        own = None if os.environ.get("ELASTICSEARCH_URL") else Node(Path(folder)).start()
        url = own.url if own else os.environ["ELASTICSEARCH_URL"]
        try:
            with Elasticsearch(url, max_retries=0, request_timeout=300) as client:
                yield client
        finally:
            if own:
                own.stop()


def load(client: Elasticsearch, model: str, namespace: str) -> None:
    """Index the window's events, in the segments that indexing leaves."""
    operations: list[Any] = []
    for operation in documents(model, CASES[model]):
        operations.append(operation)
        if len(operations) == 2 * CHUNK:
            answer = client.bulk(
                index=stream_name(f"driftlog.{model}", namespace), operations=operations
            )
            assert not answer["errors"]
            operations = []
    client.indices.refresh(index=stream_name(f"driftlog.{model}", namespace))


def timed(client: Elasticsearch, index: str, work: Callable[[], int]) -> tuple[float, float]:
    """Give the seconds of one run and its CPU seconds, here and on the node; nothing of it is in the request cache.

    CPU seconds are what other work on the machine disturbs least; those of a node that waits are among them.
    """
    client.indices.clear_cache(index=index, request=True)
    before = worked(client)
    begin = time.perf_counter()
    seen = work()
    seconds = time.perf_counter() - begin
    if seen != EVENTS:
        raise SystemExit(f"{index}: {seen} of {EVENTS} events were seen")
    return seconds, worked(client) - before


def worked(client: Elasticsearch) -> float:
    """Give the CPU seconds of this process and of the nodes so far."""
    time.sleep(STALE)
    nodes = client.nodes.stats(metric="process")["nodes"].values()
    return time.process_time() + sum(n["process"]["cpu"]["total_in_millis"] for n in nodes) / 1000


class Counting:
    """A client that counts its searches."""

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client
        self.searches = 0

    def search(self, **body: Any) -> Any:
        """Search, and count it."""
        self.searches += 1
        return self._client.search(**body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def aggregated(client: Any, spec: ProfileSpec, namespace: str) -> int:
    """Profile the window."""
    (profile,) = ElasticsearchStore(client, namespace).profiles(spec, [WINDOW])
    return profile.events


def pulled(client: Elasticsearch, index: str, page: int) -> int:
    """Pull the window's rows."""
    span = {"gte": WINDOW.start.isoformat(), "lt": WINDOW.end.isoformat()}
    query = {"query": {"range": {"@timestamp": span}}}
    return sum(1 for _ in helpers.scan(client, query=query, index=index, size=page))


def race(client: Elasticsearch, case: str, namespace: str) -> list[Row]:
    """Run both, interleaved, and give the rows."""
    load(client, case, namespace)
    index = stream_name(f"driftlog.{case}", namespace)
    made = baseline_from_store(
        ElasticsearchStore(client, namespace),
        model=case,
        version="7",
        end=BEGIN + timedelta(minutes=6),
    )
    spec = profile_spec(made)
    counting = Counting(client)
    aggregated(counting, spec, namespace)
    for _ in range(WARM):  # a node that has run for a while has compiled what it runs
        aggregated(client, spec, namespace)
        pulled(client, index, 10_000)
    subjects: dict[str, Callable[[], int]] = {
        "driftlog": lambda: aggregated(client, spec, namespace),
        "helpers.scan": lambda: pulled(client, index, 1_000),
        "helpers.scan, 10,000 a page": lambda: pulled(client, index, 10_000),
    }
    idle = min(timed(client, index, lambda: EVENTS)[1] for _ in range(WARM))
    runs: dict[str, list[tuple[float, float]]] = {subject: [] for subject in subjects}
    for _ in range(ROUNDS):
        for subject, work in subjects.items():
            seconds, cpu = timed(client, index, work)
            runs[subject].append((seconds, cpu - idle))
    rows = []
    for n, measure in enumerate((("time", "s"), ("CPU time", "s"))):
        spent = {subject: [run[n] for run in every] for subject, every in runs.items()}
        rows += [row(subject, case, measure, every) for subject, every in spent.items()]
        rows += compared(case, spent, "faster than" if n == 0 else "less CPU time than")
    rows.append(row("driftlog", case, ("searches", "1"), [counting.searches], SEARCHES))
    return rows


def compared(case: str, spent: dict[str, list[float]], words: str) -> list[Row]:
    """Give the rows that say how many times less the first subject spent than each of the others."""
    first, *others = spent
    rows = []
    for other in others:
        ratios = [b / a for a, b in zip(spent[first], spent[other], strict=True)]
        rows.append(row(first, case, (f"{words} {other}", "x"), ratios, TARGET))
        # What other work on the machine disturbed least.
        least = min(spent[other]) / min(spent[first])
        rows.append(row(first, case, (f"{words} {other}, least rounds", "x"), [least], TARGET))
    return rows


def main() -> None:
    """Load each case, race, keep the figures."""
    namespace = f"w{os.getpid()}{int(time.time())}"
    with node() as client:
        install(client, namespace)
        rows = [one for case in CASES for one in race(client, case, namespace)]
        keep("window", ABOUT, rows, {"elasticsearch client": version("elasticsearch")}, RESULTS)


if __name__ == "__main__":
    main()
