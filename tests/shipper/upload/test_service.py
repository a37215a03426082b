"""A service whose logger ships its own spool: ``PredictionLogger(upload=Upload(...))``."""

import gc
import random
import subprocess
import sys
import time
import weakref

import pytest
from elasticsearch import Elasticsearch

from driftlog import PredictionLogger, SettingsError, Upload
from driftlog._upload import read_status, ship
from driftlog.testing import read_events
from tests.shipper.upload.test_thread import wait_for

SERVICE = """
import logging, os, sys, time
import driftlog
spool, url, namespace, count = sys.argv[1:5]
upload = driftlog.Upload(url=url, namespace=namespace, keep=None, poll=0.05, heartbeat=0.2)
logger = driftlog.PredictionLogger(model="churn", version="7", spool=spool, upload=upload)
def log(count):
    for number in range(count):
        os.write(1, (logger.log({"age": number}) + chr(10)).encode())
"""


@pytest.fixture
def serve(spool, namespace):
    """Give a function that runs a service in a process of its own; all are ended after the test."""
    running = []

    def run(url, code="log(int(count))", count=500, folder=spool, name=namespace):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVICE + code, str(folder), url, name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def node(elasticsearch_url, namespace):
    """Give the node's URL; it has a template for the namespace."""
    with Elasticsearch(elasticsearch_url, request_timeout=60, max_retries=0) as client:
        install(client, namespace)
    return elasticsearch_url


def install(client, namespace):
    """Put a template that makes the streams and keeps whatever comes."""
    keywords = {"event": {"properties": {"id": {"type": "keyword"}}}}
    body = {
        "index_patterns": [f"logs-driftlog.*-{namespace}", f"metrics-driftlog.*-{namespace}"],
        "priority": 600,
        "data_stream": {},
        "template": {
            "settings": {"number_of_replicas": 0},
            "mappings": {
                "_meta": {"managed_by": "driftlog"},
                "dynamic": False,
                "properties": keywords,
            },
        },
    }
    headers = {"content-type": "application/json", "accept": "application/json"}
    path = f"/_index_template/test-{namespace}"
    client.perform_request("PUT", path, body=body, headers=headers)


def stored(url, namespace):
    """Give the event ids of all raw copies, sorted."""
    stream = f"logs-driftlog.churn-{namespace}"
    with Elasticsearch(url, request_timeout=60, max_retries=0) as client:
        client.indices.refresh(index=stream)
        found = client.search(index=stream, size=10_000, source=["event.id"], sort="_doc")
    hits = found["hits"]
    assert hits["total"]["value"] == len(hits["hits"])
    return sorted(hit["_source"]["event"]["id"] for hit in hits["hits"])


def account(spool):
    """Give the account as (accepted, indexed or duplicate, unsent), after adding up."""
    status = read_status(spool)
    kept = status.account
    assert ({}, {}, {}) == (kept.quarantined, kept.dropped, status.losses.dropped)
    parts = (kept.indexed + kept.duplicate, status.unsent.events)
    assert status.accepted == sum(parts)
    return status.accepted, *parts


def test_arrive_while_it_runs(node, serve, spool, namespace):
    """What a service logs arrives while it runs, the account is exact when it has closed."""
    process = serve(node, "log(int(count)); sys.stdin.read()")
    logged = [process.stdout.readline().strip() for _ in range(500)]
    wait_for(lambda: (500, 500, 0) == account(spool), 60)
    assert sorted(logged) == stored(node, namespace)


def test_the_last_events(node, serve, spool, namespace):
    """The end of the service sends its last events, and does not wait for long."""
    code = "log(1); logger.flush(); time.sleep(3); log(int(count)); start = time.monotonic(); logger.close()"
    process = serve(node, code + "; print(time.monotonic() - start < 3)")
    *logged, soon = process.communicate(timeout=60)[0].split()
    assert ("True", 0) == (soon, process.returncode)
    accepted, sent, unsent = account(spool)
    assert (501, 501) == (accepted, sent + unsent)
    # How much a busy machine sends in half a second is not promised, that none is lost is.
    ship(spool, Upload(url=node, namespace=namespace, keep=None, heartbeat=None), until_empty=True)
    assert ((501, 501, 0), sorted(logged)) == (account(spool), stored(node, namespace))


def test_forked_workers(node, serve, spool, namespace):
    """Workers forked after the logger was made ship too: one for all, another when that one ends."""
    code = """
log(1)
workers = []
for _ in range(3):
    workers.append(os.fork())
    if not workers[-1]:
        log(int(count))
        logger.close()
        os._exit(0)
for worker in workers:
    assert os.waitpid(worker, 0)[1] == 0
sys.stdin.read()
"""
    process = serve(node, code, 100)
    logged = [process.stdout.readline().strip() for _ in range(301)]
    wait_for(lambda: (301, 301, 0) == account(spool), 60)
    assert sorted(logged) == stored(node, namespace)


def test_killed_and_started_again(node, serve, spool, namespace):
    """A service killed with -9 at random points: none of its events is lost, none counted twice."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    logged = []
    for _ in range(5):
        process = serve(node, "while True: log(1); time.sleep(0.001)")
        logged.append(process.stdout.readline().strip())
        time.sleep(chance.random() * 1.5)
        process.kill()
        logged += process.communicate()[0].split("\n")[:-1]
    serve(node, "log(1); sys.stdin.read()").stdout.readline()
    wait_for(lambda: account(spool)[2] == 0, 60)
    there = stored(node, namespace)
    in_spool = sorted(event["event"]["id"] for event in read_events(spool))
    assert set(logged) <= set(there)
    assert in_spool == there
    assert (len(there), len(there), 0) == account(spool)


def test_elasticsearch_comes_later(own_node, serve, spool, namespace, elasticsearch_url):  # noqa: ARG001 - skips where there is no node
    """A service logs while Elasticsearch is not there; when it comes, all of it arrives.

    None of what the uploader and its client have to say about it gets into the spool, though the
    service gives every record of its log features and takes all of them, down to DEBUG.
    """
    url = own_node.start().url
    with Elasticsearch(url, request_timeout=60) as client:
        install(client, namespace)
    own_node.stop()
    code = """
make = logging.getLogRecordFactory()
def with_features(*arguments, **more):
    record = make(*arguments, **more)
    record.features = {"age": 1}
    return record
logging.setLogRecordFactory(with_features)
logging.basicConfig(level=logging.DEBUG, handlers=[driftlog.Handler(logger)])
log(int(count))
logging.getLogger("service").info("one more")
sys.stdin.read()
"""
    process = serve(url, code, 300)
    for _ in range(300):
        process.stdout.readline()
    wait_for(lambda: read_status(spool).trouble is not None, 30)
    assert "no answer" in read_status(spool).trouble.sentence
    assert (301, 0, 301) == account(spool)
    own_node.start()
    wait_for(lambda: (301, 301, 0) == account(spool), 90)
    process.terminate()
    process.wait()
    in_spool = sorted(event["event"]["id"] for event in read_events(spool))
    assert (301, in_spool) == (len(in_spool), stored(url, namespace))


def test_close_without_elasticsearch(spool):
    """Where nothing listens, making, using and closing a logger is as if there were no upload."""
    started = time.monotonic()
    with PredictionLogger(
        model="churn", version="7", spool=spool, upload=Upload(url="http://127.0.0.1:9")
    ) as logger:
        assert all(logger.log({"age": number}) for number in range(10))
    assert time.monotonic() - started < 10
    assert (10, 0, 10) == account(spool)
    assert logger.log({"age": 11})
    logger.close()
    assert (11, 0, 11) == account(spool)


def test_nothing_keeps_a_closed_logger(fake, spool):
    """A logger that was closed goes, though it had an uploader; so does the uploader's thread."""
    import threading  # noqa: PLC0415 - only here

    logger = PredictionLogger(model="m", version="1", spool=spool, upload=Upload(url=fake.url))
    logger.log({"a": 1})
    logger.close()
    there = weakref.ref(logger)
    del logger
    gc.collect()
    assert there() is None
    names = {thread.name for thread in threading.enumerate()}
    assert set() == names & {"driftlog-upload", "driftlog-sync"}


def test_two_loggers_of_one_process(fake, spool):
    """Two loggers that share a spool ship it once, with any of them closed."""
    upload = Upload(url=fake.url, poll=0.01)
    first = PredictionLogger(model="a", version="1", spool=spool, upload=upload)
    with PredictionLogger(model="b", version="1", spool=spool, upload=upload) as second:
        first.log({"a": 1})
        wait_for(lambda: len(fake.copies()) == 1)
        first.close()
        second.log({"a": 2})
        wait_for(lambda: len(fake.copies()) == 2)
    assert (2, 2, 0) == account(spool)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("driftlog.Upload(url='http://x')", "False False"),
        ("logger(upload=None).log({})", "False False"),
        ("logger(upload=driftlog.Upload(url='http://127.0.0.1:9')).log({})", "True False"),
    ],
)
def test_import_weight(spool, code, expected):
    """Where there is an upload the client's HTTP layer is loaded, and only then; the client itself never is."""
    program = (
        "import sys, driftlog\n"
        "def logger(upload):\n"
        f"    return driftlog.PredictionLogger(model='m', version='1', spool={str(spool)!r}, upload=upload)\n"
        f"{code}\nprint('elastic_transport' in sys.modules, 'elasticsearch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert expected == done.stdout.strip()


def test_without_the_client(spool):
    """Without the Elasticsearch client a logger with an upload is refused: what to install."""
    program = (
        "import sys, driftlog\nsys.modules['elastic_transport'] = None\n"
        "try:\n"
        f"    driftlog.PredictionLogger(model='m', version='1', spool={str(spool)!r},"
        " upload=driftlog.Upload(url='http://x'))\n"
        "except driftlog.ShipperError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert "pip install 'driftlog[upload]'" in done.stdout
    assert (1, "") == (done.stdout.count("\n"), done.stderr)


def test_wrong_settings(spool):
    """What cannot work is refused by the constructor, and nothing is left running."""
    import threading  # noqa: PLC0415 - only here

    with pytest.raises(SettingsError, match="such as https://localhost:9200"):
        Upload(url="localhost:9200")
    with pytest.raises(SettingsError, match="cannot be read"):
        PredictionLogger(
            model="m",
            version="1",
            spool=spool,
            upload=Upload(url="https://x", ca_certs=str(spool / "none.pem")),
        )
    names = {thread.name for thread in threading.enumerate()}
    assert (False, False) == (spool.exists(), "driftlog-upload" in names)
