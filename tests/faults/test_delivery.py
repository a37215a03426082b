"""FAULTS.md, section 5, Delivery: row by row through a proxy that spoils what a real node takes and answers."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from driftlog import PredictionLogger
from driftlog._upload import Upload, read_status, start_uploader
from tests.contract.shipping import install
from tests.faults.proxy import Fault
from tests.faults.spool import MODEL, Spool

N = 30
PATIENCE, TOO_LONG = 2.0, 3.0
WAIT = b'{"error":{"type":"es_rejected_execution_exception","reason":"rejected"},"status":429}'
BUSY = {"type": "es_rejected_execution_exception", "reason": "rejected"}
FLOOD = {
    "type": "cluster_block_exception",
    "reason": "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage];",
}
HTML = {"content-type": "text/html", "X-elastic-product": ""}

pytestmark = pytest.mark.usefixtures("quick")


def error(kind, words="no"):
    """Give an error's body."""
    return json.dumps({"error": {"type": kind, "reason": words}}).encode()


def reordered(reply):
    """Give a reply with its items the other way round."""
    found = json.loads(reply)
    return json.dumps(found | {"items": found["items"][::-1]}).encode()


def short(reply):
    """Give a reply without its last item."""
    found = json.loads(reply)
    return json.dumps(found | {"items": found["items"][:-1]}).encode()


NOT_TAKEN = {
    "connection reset": Fault(hang_up=True),
    "black hole": Fault(seconds=TOO_LONG, hang_up=True),
    "429 of the request": Fault(status=429, body=WAIT, headers={"retry-after": "0.01"}),
    "503": Fault(status=503, body=error("master_not_discovered_exception")),
    "502 of a proxy": Fault(status=502, body=b"<html>", headers=HTML),
    "401 wrong key": Fault(status=401, body=error("security_exception")),
    "403 no privilege": Fault(status=403, body=error("security_exception")),
    "404 no stream": Fault(status=404, body=error("index_not_found_exception")),
    "another product": Fault(status=200, body=b"<html>hello", headers=HTML),
    "another version": Fault(status=400, body=error("media_type_header_exception")),
    "400 of a proxy": Fault(status=400, body=b"<html>bad request", headers=HTML),
}
TAKEN = {
    "reply lost": Fault(forward=True, hang_up=True),
    "timeout after indexing": Fault(forward=True, seconds=TOO_LONG),
    "short reply": Fault(forward=True, alter=short),
    "reordered reply": Fault(forward=True, alter=reordered),
    "truncated reply": Fault(forward=True, alter=lambda reply: reply[:-20]),
    "not JSON": Fault(forward=True, status=200, body=b"created, all of them"),
    "200 with HTML": Fault(forward=True, status=200, body=b"<html>", headers=HTML),
    "no items": Fault(forward=True, status=200, body=b'{"errors":false}'),
    "503 after indexing": Fault(forward=True, status=503, body=b"{}"),
}


@pytest.mark.parametrize("fault", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_not_taken(client, proxy, spool, fault):
    """What Elasticsearch did not take is sent again whole: indexed once, nothing dropped or refused."""
    logged = spool.log(N)
    proxy.script.extend([fault, fault])

    assert (N, 0, 0, 0, 0) == spool.ship(timeout=PATIENCE)
    assert sorted(logged) == spool.copies(client)
    assert (3, N) == (proxy.bulks, spool.counted(client))
    assert spool.trouble() is None


@pytest.mark.parametrize("fault", TAKEN.values(), ids=TAKEN)
def test_taken_and_unclear(client, proxy, spool, fault):
    """Where the outcome is unknown all is sent again; 409 says that it was there: analysis counts it once."""
    logged = spool.log(N)
    proxy.script.append(fault)

    assert (0, N, 0, 0, 0) == spool.ship(timeout=PATIENCE)
    assert sorted(logged) == spool.copies(client)
    assert N == spool.counted(client)


@pytest.mark.parametrize("fault", TAKEN.values(), ids=TAKEN)
def test_taken_and_rolled_over(client, proxy, spool, fault):
    """With a rollover in between there are two raw copies; the second is marked, and analysis counts one."""
    logged = spool.log(N)
    proxy.script.append(replace(fault, then=lambda: client.indices.rollover(alias=spool.stream)))

    assert (N, 0, 0, 0, 0) == spool.ship(timeout=PATIENCE)
    assert sorted(logged * 2) == spool.copies(client)
    assert N == client.count(index=spool.stream, query={"term": {"tags": "resent"}})["count"]
    assert N == spool.counted(client)


@pytest.mark.parametrize(
    "result",
    [
        {"status": 429, "error": BUSY},
        {"status": 429, "error": FLOOD},
        {"status": 503, "error": BUSY},
    ],
)
def test_some_items_must_wait(client, proxy, spool, result):
    """Of a reply with 429 on some items these alone are sent again, until they are taken."""
    logged = spool.log(N)
    proxy.script.append(Fault(forward=True, items=dict.fromkeys(range(0, N, 3), result)))
    proxy.script.append(Fault(forward=True, items={0: result, 4: result}))

    assert (N, 0, 0, 0, 0) == spool.ship()
    assert sorted(logged) == spool.copies(client)
    assert (3, N) == (proxy.bulks, spool.counted(client))


def test_the_failure_store(client, proxy, spool):
    """What the failure store took counts as quarantined, is kept, and is not in the analysis."""
    logged = spool.log(N)
    used = {"status": 201, "failure_store": "used"}
    proxy.script.append(Fault(forward=True, items={3: used, 7: used}))

    assert (N - 2, 0, 2, 0, 0) == spool.ship()
    assert {"failure store": 2} == read_status(spool.folder).account.quarantined
    kept = [json.loads(record["line"])["event"]["id"] for record in spool.quarantine()]
    assert [logged[3], logged[7]] == kept
    assert N - 2 == spool.counted(client)


def test_every_outcome_in_one_reply(client, proxy, spool):
    """Created, duplicate, waiting, refused, blocked and redirected events of one request: each its own way."""
    logged = spool.log(N)
    spool.ship(batch_events=2)  # with 2 of them there already
    spool.forget()
    refused = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no"}}
    proxy.script.append(
        Fault(
            forward=True,
            items={
                2: {"status": 429, "error": BUSY},
                3: refused,
                4: {"status": 503, "error": BUSY},
                5: {"status": 201, "failure_store": "used"},
                6: {"status": 403, "error": {"type": "cluster_block_exception"}},
            },
        )
    )
    assert (0, N - 2, 2, 0, 0) == spool.ship()
    assert {"document_parsing_exception": 1, "failure store": 1} == read_status(
        spool.folder
    ).account.quarantined
    assert sorted(logged) == spool.copies(client)
    assert N == spool.counted(client)


def test_one_event_spoils_the_whole_request(client, proxy, spool):
    """A 400 of the whole request is narrowed down to the event that causes it; the others are indexed."""
    logged = spool.log(N) + (bad := spool.log(1, poison="yes")) + spool.log(N)
    proxy.standing = lambda body: (
        Fault(status=400, body=error("x_content_parse_exception", "duplicate field"))
        if b"poison" in body
        else None
    )
    assert (2 * N, 0, 1, 0, 0) == spool.ship()
    (record,) = spool.quarantine()
    assert bad == [json.loads(record["line"])["event"]["id"]]
    assert "duplicate field" in record["reason"]
    assert sorted(set(logged) - set(bad)) == spool.copies(client)
    assert 2 * N == spool.counted(client)


def test_too_large_a_request(client, proxy, spool):
    """413 splits until it fits; the event that alone is too large is set aside."""
    logged = spool.log(N)
    big = spool.log(1, **{f"text_{number}": "x" * 900 for number in range(10)})
    proxy.standing = lambda body: Fault(status=413) if len(body) > 5_000 else None

    assert (N, 0, 1, 0, 0) == spool.ship()
    assert big == [json.loads(one["line"])["event"]["id"] for one in spool.quarantine()]
    assert sorted(logged) == spool.copies(client)
    assert N == spool.counted(client)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_hold_and_shout(proxy, spool, status):
    """A refusal that lasts drops nothing, refuses nothing, and is told."""
    spool.log(N)
    proxy.standing = lambda _: Fault(status=status, body=error("x_exception"))

    assert (0, 0, 0, 0, N) == spool.ship(seconds=1.0)
    assert str(status) in spool.trouble()
    assert not (Path(spool.folder) / "upload" / "quarantine").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "no answer (Connection refused)"),
        ("http://nowhere.invalid", "no such host ("),
        ("https://{}", "no secure connection ("),
    ],
)
def test_unreachable(client, proxy, spool, url, said):
    """Nobody there, no such name, no TLS: the events wait, and it is said; then they arrive."""
    logged = spool.log(N)

    wrong = url.format(proxy.url.removeprefix("http://"))
    assert (0, 0, 0, 0, N) == spool.ship(seconds=0.7, url=wrong)
    assert said in spool.trouble()
    assert (N, 0, 0, 0, 0) == spool.ship()
    assert sorted(logged) == spool.copies(client)


def test_flood_stage(client, spool):
    """What the node itself answers on a full disk holds the events; they arrive when there is room."""
    spool.log(N)
    spool.ship()
    block = "index.blocks.read_only_allow_delete"
    client.indices.put_settings(index=spool.stream, settings={block: True})
    spool.log(N)

    assert (N, 0, 0, 0, N) == spool.ship(seconds=1.0)
    assert "(429: cluster_block_exception" in spool.trouble()
    client.indices.put_settings(index=spool.stream, settings={block: None})
    assert (2 * N, 0, 0, 0, 0) == spool.ship()
    assert 2 * N == spool.counted(client)


@pytest.fixture
def anothers(client, namespace):
    """A namespace without our templates, in which Elasticsearch's own make every stream."""
    mapping = {"dynamic_templates": [{"s": {"match": "*_score", "mapping": {"type": "float"}}}]}
    body = {
        "index_patterns": [f"logs-*-{namespace}", f"metrics-*-{namespace}"],
        "priority": 100,
        "data_stream": {},
        "template": {"mappings": mapping, "settings": {"number_of_replicas": 0}},
    }
    client.indices.put_index_template(name=f"logs-{namespace}", **body)
    yield namespace
    client.indices.delete_index_template(name=f"logs-{namespace}")


def test_another_template_makes_the_stream(client, elasticsearch_url, tmp_path, anothers):
    """Where a template that is not ours wins, no event and no heartbeat goes there; setup and a rollover mend it."""
    spool = Spool(tmp_path, elasticsearch_url, anothers)
    logged = [spool.log(1, credit_score=value)[0] for value in ("A+", 1.0, "B")]

    assert (0, 0, 0, 0, 3) == spool.ship(seconds=2.0, heartbeat=0.01)
    command = f"driftlog setup --url {elasticsearch_url} --namespace {anothers}"
    assert (
        f"run: {command}, then in Elasticsearch: POST /{spool.stream}/_rollover." in spool.trouble()
    )
    heartbeats = f"metrics-driftlog.shipper-{anothers}"
    assert 0 == client.count(index=f"{spool.stream},{heartbeats}")["count"]
    assert not (spool.folder / "upload" / "quarantine").exists()

    install(client, anothers)
    assert (0, 0, 0, 0, 3) == spool.ship(seconds=1.0)
    client.indices.rollover(alias=spool.stream)
    assert (3, 0, 0, 0, 0) == spool.ship()
    assert sorted(logged) == spool.copies(client)


def test_the_stream_is_made_empty(client, elasticsearch_url, tmp_path, installed):
    """A stream of ours that is not there yet is made by asking for it, and holds the events and nothing else."""
    spool = Spool(tmp_path, elasticsearch_url, installed)
    logged = spool.log(N)
    assert not client.indices.exists(index=spool.stream)

    assert (N, 0, 0, 0, 0) == spool.ship(heartbeat=0.01)
    assert sorted(logged) == spool.copies(client)
    assert spool.trouble() is None


def test_slow(client, proxy, spool):
    """A server that takes long holds up nobody: all is logged before its first answer comes."""
    proxy.script.append(Fault(forward=True, seconds=2.0))
    upload = Upload(**(spool.upload | {"poll": 0.01}))
    with PredictionLogger(model=MODEL, version="7", spool=spool.folder) as logger:
        logger.log({"age": 0})
        handle = start_uploader(spool.folder, upload)
        deadline = time.monotonic() + 20
        while not proxy.bulks and time.monotonic() < deadline:
            time.sleep(0.01)
        for number in range(1, 1_000):
            logger.log({"age": number})
        assert (0, 0, 0, 0, 1_000) == spool.account()
        handle.close(30.0)
    assert (1_000, 0, 0, 0, 0) == spool.account()
    assert 1_000 == spool.counted(client)
