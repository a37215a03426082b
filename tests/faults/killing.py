"""An uploader killed with -9 at random points on its way to a real node, and what analysis makes of it."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass

from driftlog import PredictionLogger, SpoolLimits
from driftlog._upload import read_status
from driftlog._upload._cursor import load
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._store import ProfileSpec
from tests.analyzers.spools import EVERYTHING
from tests.contract.shipping import stream

MODEL = "churn"
BATCH = 100
# Forks one uploader after the other: a process that is there at once can be killed at its very beginning too.
_NURSERY = f"""
import os, sys, traceback
import elasticsearch
from driftlog._upload import Upload, ship
spool, url, namespace = sys.argv[1:]
upload = Upload(url=url, namespace=namespace, batch_events={BATCH}, batch_bytes=1 << 16, keep=0.0, poll=0.02,
                heartbeat=0.2)
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        try:
            ship(spool, upload, until_empty=line.strip() == "once")
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""
_BUCKETS = 50_000
_PER_SECOND = 5_000  # what is guessed before anything was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """What came of a run.

    Attributes:
        seed: of the points of the kills and rollovers.
        events: logged.
        kills: how often the uploader was killed.
        before_the_end: how many of these left events unsent.
        rollovers: how often the stream was rolled over before the next uploader began.
        lost: events of which no copy arrived.
        raw_duplicates: second copies in the stream.
        counted: events that the analysis counts.
        numeric: n, mean, m2, minimum and maximum of the events' numbers, 0 to events - 1, in the analysis.
        account: accepted, indexed, duplicate, quarantined, dropped, unsent.
        seconds: from the first uploader to the last one's end.
    """

    seed: int
    events: int
    kills: int
    before_the_end: int
    rollovers: int
    lost: int
    raw_duplicates: int
    counted: int
    numeric: tuple[float, ...]
    account: tuple[int, ...]
    seconds: float

    @property
    def counted_twice(self):
        """Events that the analysis counts beyond one for each that arrived."""
        return self.counted - (self.events - self.lost)


def run(client, url, namespace, spool, *, kills, events, seed):
    """Log the events, carry them under kills and rollovers, and count what is there.

    The templates are installed before; the namespace is the run's own.
    """
    _fill(spool, events)
    begin = time.monotonic()
    chance = random.Random(seed)
    before_the_end, rollovers = _carry(
        client, url, namespace, spool, kills=kills, events=events, chance=chance
    )
    seconds = time.monotonic() - begin
    client.indices.refresh(index=stream(namespace))
    arrived, copies = _copies(client, stream(namespace), events)
    store = ElasticsearchStore(client, namespace)
    (profile,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])
    number = profile.features["age"].numeric
    return Kills(
        seed=seed,
        events=events,
        kills=kills,
        before_the_end=before_the_end,
        rollovers=rollovers,
        lost=events - arrived,
        raw_duplicates=copies - arrived,
        counted=profile.events,
        numeric=(number.n, number.mean, number.m2, number.minimum, number.maximum),
        account=_account(spool),
        seconds=round(seconds, 1),
    )


def _fill(spool, events):
    limits = SpoolLimits(segment_bytes=max(1 << 16, events * 10), sync_interval=None)
    with PredictionLogger(model=MODEL, version="7", spool=spool, limits=limits) as logger:
        for number in range(events):
            logger.log({"age": number})
        assert events == logger.counters.accepted


def _carry(client, url, namespace, spool, *, kills, events, chance):
    """Kill ``kills`` uploaders, at points that are spread over the whole way, and let one more end."""
    before_the_end = rollovers = sent = 0
    busy = 0.0
    with _nursery(url, namespace, spool) as fork:
        for left in range(kills, 0, -1):
            share = (events - sent) / (left + 1)
            seconds = chance.random() * 2 * share * (busy + 1.0) / (sent + _PER_SECOND)
            end = fork("on")
            time.sleep(seconds)
            assert signal.SIGKILL == end(signal.SIGKILL)
            busy += seconds
            sent = _sent(spool)
            before_the_end += sent < events
            if chance.random() < 1 / 4 and client.indices.exists(index=stream(namespace)):
                client.indices.rollover(alias=stream(namespace))
                rollovers += 1
        assert 0 == fork("once")()
    return before_the_end, rollovers


@contextmanager
def _nursery(url, namespace, spool):
    """Give a function that forks an uploader, and gives one that kills it or not, and waits for its end."""
    command = [sys.executable, "-c", _NURSERY, str(spool), url, namespace]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:

        def fork(mode):
            process.stdin.write(f"{mode}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline())

            def end(number=None):
                if number is not None:
                    os.kill(pid, number)
                return int(process.stdout.readline())

            return end

        try:
            yield fork
        finally:
            process.stdin.close()


def _sent(spool):
    """How many events are resolved, as the cursor says that the killed one left."""
    cursor, problem = load(spool / "upload" / "cursor.json")
    assert not problem
    return cursor.account.resolved if cursor else 0


def _copies(client, name, events):
    """How many different numbers there are in the stream, and how many events with them."""
    arrived = copies = 0
    field = "driftlog.num.age"
    numbers = {"histogram": {"field": field, "interval": 1, "min_doc_count": 1}}
    for start in range(0, events, _BUCKETS):
        query = {"range": {field: {"gte": start, "lt": start + _BUCKETS}}}
        found = client.search(index=name, size=0, query=query, aggs={"numbers": numbers})
        assert (False, 0) == (found["timed_out"], found["_shards"]["failed"])
        buckets = found["aggregations"]["numbers"]["buckets"]
        arrived += len(buckets)
        copies += sum(bucket["doc_count"] for bucket in buckets)
    return arrived, copies


def _account(spool):
    """Accepted, indexed, duplicate, quarantined, dropped and unsent."""
    status = read_status(spool)
    kept = status.account
    quarantined, dropped = sum(kept.quarantined.values()), sum(kept.dropped.values())
    parts = (kept.indexed, kept.duplicate, quarantined, dropped, status.unsent.events)
    return (status.accepted, *parts)
