"""What shipping costs above reading, cutting and posting; prints and keeps the figures.

Run it with ``python benchmarks/shipping.py [EVENTS [ROUNDS]]``: floor, driftlog and the Elasticsearch
client's helpers in one go, interleaved, into a sink that answers as ``_bulk`` does and counts.
"""

import gzip
import json
import logging
import multiprocessing
import os
import platform
import random
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import urllib3

from driftlog import PredictionLogger
from driftlog._upload import Upload, ship

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5  # noqa: PLR2004 - the second argument
CHUNK = 4 << 20
STREAM = "logs-driftlog.churn-default"
NAMES = re.compile(rb'\{"(?:create|index)":\{"_id":"([^"]*)"')
MARK = re.compile(rb'"_id":"([^"]*)"')


def sink(port_of: "multiprocessing.connection.Connection") -> None:
    """Answer bulk requests on one connection after the other: count the events, index nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    port_of.send(server.getsockname()[1])
    while True:
        connection, _ = server.accept()
        multiprocessing.Process(target=serve, args=(connection,), daemon=False).start()
        connection.close()


def serve(connection: socket.socket) -> None:
    """Answer one connection until it ends."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb", buffering=1 << 18) as stream:
        while line := stream.readline():
            headers = {}
            while (field := stream.readline().strip()) != b"":
                name, _, value = field.partition(b":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get(b"content-length", 0)))
            if headers.get(b"content-encoding") == b"gzip":
                body = gzip.decompress(body)
            connection.sendall(
                MAPPING if line.startswith(b"GET") else answer(body, short=b"filter_path" in line)
            )


def reply_with(body: bytes) -> bytes:
    """Give an answer as Elasticsearch's HTTP has it."""
    head = (
        b"HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n"
    )
    return head % len(body) + body


MAPPING = reply_with(b'{"stream-000001":{"mappings":{"_meta":{"managed_by":"driftlog"}}}}')


def answer(body: bytes, *, short: bool) -> bytes:
    """Give Elasticsearch's reply to a bulk body, with the fields that were asked for."""
    long = (
        b'{"create":{"_index":".ds-logs-driftlog.churn-default-2026.11.22-000001","_id":"%b","_version":1,'
        b'"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":1,"_primary_term":1,'
        b'"status":201}}'
    )
    item = b'{"create":{"_id":"%b","status":201}}' if short else long
    items = b",".join([item % name for name in MARK.findall(body) if name])
    return reply_with(b'{"errors":false,"took":30,"items":[' + items + b"]}")


def features(chance: random.Random) -> dict[str, object]:
    """Give one event's 30 features."""
    return {
        **{f"float_{n}": chance.random() * 100 for n in range(12)},
        **{f"int_{n}": chance.randrange(1000) for n in range(6)},
        **{f"string_{n}": f"v-{chance.randrange(10**8 if n < 3 else 9)}" for n in range(12)},  # noqa: PLR2004 - 3 of high cardinality
    }


def fill(spool: Path) -> float:
    """Log the events; give bytes an event."""
    chance = random.Random(7)
    with PredictionLogger(model="churn", version="7", spool=spool, service="churn-api",
                          environment="production") as logger:  # fmt: skip
        for _ in range(EVENTS):
            logger.log(features(chance), prediction=chance.random(), duration=0.0018)
    return sum(file.stat().st_size for file in spool.iterdir()) / EVENTS


def floor(spool: Path, url: str, *, level: int | None = None) -> None:
    """Read, cut at newlines, put an action line between, POST: nothing looked at, nothing kept."""
    pool = urllib3.connection_from_url(url)
    headers = {"content-type": "application/x-ndjson"}
    headers |= {"content-encoding": "gzip"} if level else {}
    number = 0
    for segment in sorted(spool.glob("*.ndjson")):
        with segment.open("rb") as file:
            held = b""
            while chunk := file.read(CHUNK):
                *lines, held = (held + chunk).split(b"\n")
                parts = []
                for line in lines:
                    number += 1
                    parts.append(b'{"create":{"_id":"%x"}}\n%b\n' % (number, line))
                body = b"".join(parts)
                body = gzip.compress(body, level) if level else body
                pool.urlopen("POST", f"/{STREAM}/_bulk?filter_path=errors", body, headers)


def driftlog(spool: Path, url: str, *, compress: bool) -> None:
    """Ship the spool, from the beginning."""
    shutil.rmtree(spool / "upload", ignore_errors=True)
    ship(spool, Upload(url=url, compress=compress, heartbeat=None), until_empty=True)


def actions(spool: Path) -> Iterator[dict[str, object]]:
    """Give the events as the helpers want them."""
    number = 0
    for segment in sorted(spool.glob("*.ndjson")):
        with segment.open("rb") as file:
            for line in file:
                number += 1
                yield {"_op_type": "create", "_id": f"{number:x}", "_index": STREAM,
                       "_source": json.loads(line)}  # fmt: skip


def helper(name: str, spool: Path, url: str, *, compress: bool) -> None:
    """Ship by one of the client's helpers, with its defaults."""
    from elasticsearch import Elasticsearch, helpers  # noqa: PLC0415 - only where it is measured

    client = Elasticsearch(url, http_compress=compress)
    for good, _ in getattr(helpers, name)(client, actions(spool)):
        assert good


CASES: dict[tuple[str, str], Callable[[Path, str], None]] = {
    ("floor", "plain"): floor,
    ("driftlog", "plain"): lambda s, u: driftlog(s, u, compress=False),
    ("streaming_bulk", "plain"): lambda s, u: helper("streaming_bulk", s, u, compress=False),
    ("parallel_bulk", "plain"): lambda s, u: helper("parallel_bulk", s, u, compress=False),
    ("floor", "gzip"): lambda s, u: floor(s, u, level=1),
    ("driftlog", "gzip"): lambda s, u: driftlog(s, u, compress=True),
    ("streaming_bulk", "gzip"): lambda s, u: helper("streaming_bulk", s, u, compress=True),
    ("parallel_bulk", "gzip"): lambda s, u: helper("parallel_bulk", s, u, compress=True),
}


def run_case(subject: str, case: str, spool: str, url: str) -> None:
    """Run one case in a process of its own; print events/s, CPU s per 10⁶, peak RSS in MiB."""
    logging.disable()
    if subject != "floor":
        import elasticsearch.helpers  # noqa: F401, PLC0415 - loaded before the clock starts
    work = CASES[subject, case]
    cpu, begin = time.process_time(), time.perf_counter()
    work(Path(spool), url)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(EVENTS / seconds, cpu / EVENTS * 1e6, rss)


def measure(spool: Path, url: str) -> dict[tuple[str, str], list[list[float]]]:
    """Run all cases in turn, some rounds of it."""
    found: dict[tuple[str, str], list[list[float]]] = {key: [] for key in CASES}
    for number in range(ROUNDS):
        for (subject, case), figures in found.items():
            command = [
                sys.executable,
                __file__,
                str(EVENTS),
                "1",
                "run",
                subject,
                case,
                str(spool),
                url,
            ]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            figures.append([float(word) for word in out.split()])
            print(f"round {number + 1}: {subject}, {case}: {figures[-1][0]:,.0f} events/s, "
                  f"{figures[-1][1]:.1f} CPU s, {figures[-1][2]:.0f} MiB", flush=True)  # fmt: skip
    return found


def rows(found: dict[tuple[str, str], list[list[float]]]) -> list[dict[str, object]]:
    """Give the rows of the result file: every subject's figures, then driftlog's ratios."""
    result = []
    metrics = (("events a second", "events/s"), ("CPU per million", "s"), ("peak RSS", "MiB"))
    for (subject, case), figures in found.items():
        for place, (metric, unit) in enumerate(metrics):
            values = [round_[place] for round_ in figures]
            result.append(_row(subject, case, metric, values, unit, None))
    for case in ("plain", "gzip"):
        mine = [round_[0] for round_ in found["driftlog", case]]
        for other, target in (("floor", 0.5), ("streaming_bulk", 5.0), ("parallel_bulk", None)):
            theirs = [round_[0] for round_ in found[other, case]]
            ratios = [one / two for one, two in zip(mine, theirs, strict=True)]
            name = f"throughput ratio to {other}"
            result.append(_row("driftlog", case, name, ratios, "x", target))
    return result


def _row(  # noqa: PLR0917 - a part of the row for each argument
    subject: str, case: str, metric: str, values: list[float], unit: str, target: float | None
) -> dict[str, object]:
    return {"subject": subject, "case": case, "metric": metric,
            "value": round(statistics.median(values), 3), "unit": unit,
            "spread": [round(min(values), 3), round(max(values), 3)], "target": target}  # fmt: skip


def markdown(kept: dict[str, object], size: float) -> str:
    """Give the figures as a table."""
    lines = [
        f"# Shipping {EVENTS:,} events of {size:,.0f} bytes into a sink that counts",
        "",
        f"{kept['date']}, {kept['environment']}; median and range of {ROUNDS} interleaved rounds, sender alone.",
        "",
        "| subject | case | metric | median | range | target |",
        "|---|---|---|---|---|---|",
    ]
    for row in kept["rows"]:
        low, high = row["spread"]
        target = "" if row["target"] is None else f"≥ {row['target']}"
        lines.append(f"| {row['subject']} | {row['case']} | {row['metric']} | {row['value']:,} {row['unit']} "
                     f"| {low:,} to {high:,} | {target} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all cases and write ``benchmarks/results/shipping.json`` and ``.md``."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=sink, args=(there,))
    server.start()
    url = f"http://127.0.0.1:{here.recv()}"
    try:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            spool = Path(name) / "spool"
            size = fill(spool)
            found = measure(spool, url)
    finally:
        server.kill()
    environment = f"{platform.python_implementation()} {platform.python_version()}, "
    environment += f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
    kept: dict[str, object] = {"race": "shipping", "date": datetime.now(UTC).date().isoformat(),
                               "environment": environment, "rows": rows(found)}  # fmt: skip
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "shipping.json").write_text(json.dumps(kept, indent=1) + "\n")
    (results / "shipping.md").write_text(markdown(kept, size))
    print(markdown(kept, size))


if __name__ == "__main__":
    if sys.argv[3:4] == ["run"]:
        run_case(*sys.argv[4:])
    else:
        main()
