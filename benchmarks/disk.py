"""Bytes per event on disk in Elasticsearch: our template beside dynamic mapping of the same documents.

``python benchmarks/disk.py [--events N] [--save]`` writes the events with the real logger, indexes the lines of the
spool as they are, merges each index to one segment and reads ``_stats/store``. It takes the node at
ELASTICSEARCH_URL, else the one that the tests start.
"""

import argparse
import copy
import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from os import environ
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from elasticsearch import Elasticsearch
from tests.elasticsearch.node import Node

from driftlog import PredictionLogger
from driftlog_analyzers._elasticsearch._templates import Features, events_component

START = datetime(2026, 11, 22, tzinfo=UTC)
RESULTS = Path(__file__).parent / "results"
SEED = 4
CHUNK = 2_000
WORDS = [f"w{i}" for i in range(2_000)]
VARIANTS = {
    "driftlog": "our template, logsdb with synthetic _source (subscription)",
    "driftlog, stored _source": "our template, logsdb with stored _source (basic licence)",
    "driftlog, no logsdb": "our template where there is no logsdb",
    "dynamic, best_compression": "dynamic mapping, codec best_compression",
    "dynamic": "dynamic mapping, Elasticsearch's defaults",
}


def features(rng: random.Random) -> dict[str, object]:
    """30 features: 18 numbers, 10 categories, a text, a list."""
    whole = {f"count_{i}": rng.randint(0, 10**i) for i in range(1, 7)}
    money = {f"amount_{i}": round(rng.lognormvariate(8, 1), 2) for i in range(6)}
    ratio = {f"ratio_{i}": rng.random() for i in range(6)}
    few = {f"category_{i}": f"value {rng.randint(0, 3 * 4**i) % 500}" for i in range(9)}
    return {
        **whole,
        **money,
        **ratio,
        **few,
        "employer_id": f"e-{rng.randint(0, 50_000)}",
        "comment": " ".join(rng.choices(WORDS, k=12)),
        "channels": rng.sample(["web", "app", "shop", "phone", "mail"], 2),
    }


def documents(folder: Path, count: int) -> list[dict[str, object]]:
    """Log so many events and read the lines back."""
    rng = random.Random(SEED)
    with PredictionLogger(model="churn", version="7", spool=folder, text=["comment"]) as logger:
        for i in range(count):
            logger.log(
                features(rng),
                prediction={"score": rng.random(), "label": rng.choice(["stay", "go"])},
                timestamp=START + timedelta(milliseconds=50 * i + 40 * rng.random()),
                duration=rng.lognormvariate(-6, 0.3),
                trace_id=f"{rng.getrandbits(128):032x}",
            )
    lines = [
        line for path in sorted(folder.glob("*.ndjson")) for line in path.read_bytes().splitlines()
    ]
    return [
        document
        for document in map(json.loads, lines)
        if document["event"]["action"] == "prediction"
    ]


def bodies() -> dict[str, dict]:
    """Settings and mappings of each variant."""
    ours = events_component(Features())["template"]
    stored = copy.deepcopy(ours)
    stored["settings"]["index"]["mapping"]["source"] = {"mode": "stored"}
    return dict(
        zip(
            VARIANTS,
            (
                ours,
                stored,
                events_component(Features(logsdb=False))["template"],
                {"settings": {"index": {"codec": "best_compression"}}},
                {},
            ),
            strict=True,
        )
    )


def measure(client: Elasticsearch, body: dict, events: list[dict]) -> int:
    """Index the events into an index of their own and return its size in bytes."""
    index = f"bench-{uuid.uuid4().hex}"
    client.indices.create(index=index, **body)
    for start in range(0, len(events), CHUNK):
        operations = [
            line
            for event in events[start : start + CHUNK]
            for line in ({"create": {"_id": event["event"]["id"]}}, event)
        ]
        answer = client.bulk(index=index, operations=operations)
        if answer["errors"]:
            sys.exit(
                f"not every event was indexed: {next(i for i in answer['items'] if 'error' in i['create'])}"
            )
    client.indices.flush(index=index)
    client.indices.forcemerge(index=index, max_num_segments=1)
    client.indices.refresh(index=index)
    size = _settled(client, index)
    client.indices.delete(index=index)
    return size


def _settled(client: Elasticsearch, index: str) -> int:
    """The size once the segments that were merged away are gone."""
    sizes = [-1]
    while True:
        client.indices.flush(index=index, force=True)
        stats = client.indices.stats(index=index, metric="store,segments")["_all"]["primaries"]
        sizes.append(stats["store"]["size_in_bytes"])
        if sizes[-1] == sizes[-2] and stats["segments"]["count"] == 1:
            return sizes[-1]
        time.sleep(1)


@contextmanager
def node() -> Iterator[Elasticsearch]:
    """A client of the node at ELASTICSEARCH_URL, or of one for this run."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = environ.get("ELASTICSEARCH_URL") or stack.enter_context(Node(Path(folder))).url
        yield stack.enter_context(Elasticsearch(url, request_timeout=120, max_retries=0))


def run(count: int) -> dict:
    """Measure every variant on the same events."""
    with tempfile.TemporaryDirectory() as folder:
        events = documents(Path(folder), count)
        line = sum(len(json.dumps(event, separators=(",", ":"))) + 1 for event in events) / count
    figures = {}
    with node() as client:
        version = client.nodes.info()["nodes"].popitem()[1]["version"]
        for name, body in bodies().items():
            figures[name] = round(measure(client, body, events) / count, 1)
            print(f"{figures[name]:8.1f} bytes an event  {VARIANTS[name]}", flush=True)
    return {
        "elasticsearch": version,
        "events": count,
        "features": 30,
        "bytes_per_line": round(line, 1),
        "bytes_per_event": figures,
        "ratio": round(figures["dynamic"] / figures["driftlog"], 2),
    }


def table(result: dict) -> str:
    """The result as a Markdown page."""
    rows = "".join(
        f"| {VARIANTS[name]} | {size} | {size / result['bytes_per_event']['dynamic']:.0%} |\n"
        for name, size in result["bytes_per_event"].items()
    )
    return (
        "# Bytes per event on disk in Elasticsearch\n\n"
        f"`python benchmarks/disk.py --save`: {result['events']:,} events of {result['features']} features"
        f" ({result['bytes_per_line']:,.0f} bytes a line in the spool), Elasticsearch {result['elasticsearch']},"
        " one shard, no replica, merged to one segment, `_stats/store`.\n\n"
        f"| index | bytes an event | of dynamic |\n|---|---|---|\n{rows}"
    )


def main() -> None:
    """Measure, print, and save where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    result = run(options.events)
    print(f"dynamic mapping takes {result['ratio']} times as much")
    if options.save:
        (RESULTS / "disk.json").write_text(json.dumps(result, indent=2) + "\n")
        (RESULTS / "disk.md").write_text(table(result))


if __name__ == "__main__":
    main()
