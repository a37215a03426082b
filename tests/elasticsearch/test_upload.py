"""The uploader against a real node: what Elasticsearch itself says, not what we think it says."""

import json
import threading
import time
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from driftlog._upload import read_status
from tests.contract.shipping import install
from tests.elasticsearch.node import Node
from tests.faults.spool import Spool


@pytest.fixture
def spool(tmp_path, elasticsearch_url, namespace):
    """Give a spool that is shipped to the node."""
    return Spool(tmp_path / "spool", elasticsearch_url, namespace)


def template(client, namespace, **driftlog):
    """Install a template of the test's own, above all others."""
    body = {
        "index_patterns": [f"logs-driftlog.*-{namespace}"],
        "priority": 600,
        "data_stream": {},
        "template": {
            "settings": {"number_of_replicas": 0},
            "mappings": {
                "_meta": {"managed_by": "driftlog"},
                "dynamic": False,
                "properties": PROPERTIES | driftlog,
            },
        },
    }
    client.perform_request(
        "PUT",
        f"/_index_template/test-{namespace}",
        body=body,
        headers={"content-type": "application/json", "accept": "application/json"},
    )


PROPERTIES = {
    "@timestamp": {"type": "date_nanos"},
    "event": {"properties": {"id": {"type": "keyword"}}},
    "tags": {"type": "keyword"},
}
STRICT = {"driftlog": {"properties": {"num": {"properties": {"age": {"type": "byte"}}}}}}


def test_arrive_once(client, setup, spool):
    """Events arrive under the installed templates; sent again, the node has them already."""
    setup()
    logged = spool.log(500)
    assert (500, 0, 0, 0, 0) == spool.ship()
    spool.forget()
    assert (0, 500, 0, 0, 0) == spool.ship(compress=False)
    assert sorted(logged) == spool.copies(client)


def test_stopped_and_started_again(client, setup, spool):
    """An uploader that is stopped in the middle goes on where it was."""
    setup()
    logged = spool.log(2000)
    spool.ship(seconds=0.3, batch_events=20)
    assert 0 < spool.account()[4] < 2000
    assert (2000, 0, 0, 0, 0) == spool.ship()
    assert sorted(logged) == spool.copies(client)


def test_resent_across_a_rollover(client, setup, spool):
    """What is sent again after a rollover is there twice, and the second copy bears the mark."""
    setup()
    logged = spool.log(50)
    spool.ship()
    spool.forget()
    client.indices.rollover(alias=spool.stream)
    assert (50, 0, 0, 0, 0) == spool.ship()
    assert sorted(logged * 2) == spool.copies(client)
    marked = client.count(index=spool.stream, query={"term": {"tags": "resent"}})
    assert 50 == marked["count"]


def test_a_conflict_among_good_neighbours(client, namespace, spool):
    """An event that does not fit the mapping is set aside with Elasticsearch's reason, alone."""
    template(client, namespace, **STRICT)
    logged = spool.log(200)
    assert (128, 0, 72, 0, 0) == spool.ship()
    assert logged[:128] == spool.copies(client)
    kept = spool.quarantine()
    assert logged[128:] == [json.loads(record["line"])["event"]["id"] for record in kept]
    assert "out of range" in kept[0]["reason"]
    assert {"document_parsing_exception": 72} == read_status(spool.folder).account.quarantined


def test_glued_lines(client, setup, spool):
    """Two events on one line, and half an event before a whole one, are taken apart."""
    setup()
    logged = spool.log(6)
    (path,) = Path(spool.folder).glob("*.ndjson")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].rstrip(b"\n")
    lines[4] = lines[4][:60]
    path.write_bytes(b"".join(lines))
    assert (5, 0, 1, 0, 0) == spool.ship()
    assert sorted(logged[:3] + logged[4:]) == spool.copies(client)


def test_without_a_template(client, spool):
    """Where nothing makes the stream, none is made by mistake: the events wait, and it says why."""
    spool.log(5)
    assert (0, 0, 0, 0, 5) == spool.ship(seconds=1.0)
    assert "driftlog setup" in read_status(spool.folder).trouble.sentence
    assert not client.indices.exists(index=spool.stream)


def test_a_write_block(client, setup, spool):
    """A blocked stream holds the events; they arrive when the block is lifted."""
    setup()
    spool.log(5)
    spool.ship()
    client.indices.put_settings(index=spool.stream, settings={"index.blocks.write": True})
    spool.log(5)
    assert (5, 0, 0, 0, 5) == spool.ship(seconds=1.0)
    assert "block" in read_status(spool.folder).trouble.sentence
    client.indices.put_settings(index=spool.stream, settings={"index.blocks.write": False})
    assert (10, 0, 0, 0, 0) == spool.ship()


def test_killed_and_hanging_node(own_node, tmp_path, namespace):
    """A node that is killed in the middle of it, then hangs: each event is there once, and counts once, in the end."""
    url = own_node.start().url
    with Elasticsearch(url) as client:
        install(client, namespace)
        spool = Spool(tmp_path / "spool", url, namespace)
        logged = spool.log(9_000)
        thread = threading.Thread(
            target=spool.ship, kwargs={"batch_events": 50, "timeout": 2.0, "seconds": 300.0}
        )
        thread.start()
        _wait_for_progress(spool, 500)
        own_node.kill()
        time.sleep(1.0)
        own_node.start()
        _wait_for_progress(spool, 2_500)
        own_node.pause()
        time.sleep(3.0)
        own_node.resume()
        thread.join(310.0)
        indexed, duplicate, *rest = spool.account()
        assert (9_000, [0, 0, 0]) == (indexed + duplicate, rest)
        assert sorted(logged) == spool.copies(client)
        assert 9_000 == spool.counted(client)


def _wait_for_progress(spool, count):
    deadline = time.monotonic() + 90
    while sum(spool.account()[:2]) < count:
        assert time.monotonic() < deadline, "no progress"
        time.sleep(0.02)


class SmallNode(Node):
    """A node that takes small requests only."""

    def _settings(self):
        return super()._settings() + "http.max_content_length: 20kb\n"


def test_too_large_for_one_request(tmp_path, namespace, elasticsearch_url):  # noqa: ARG001 - skips where there is no node
    """A node that takes 20 kB gets requests of that size; what alone is larger is set aside."""
    folder = tmp_path / "small"
    folder.mkdir()
    with SmallNode(folder) as node, Elasticsearch(node.url) as client:
        template(client, namespace)
        spool = Spool(tmp_path / "spool", node.url, namespace)
        logged = spool.log(300)
        big = spool.log(1, **{f"text_{number}": "x" * 900 for number in range(40)})
        assert (300, 0, 1, 0, 0) == spool.ship(compress=False)
        assert sorted(logged) == spool.copies(client)
        assert big == [json.loads(one["line"])["event"]["id"] for one in spool.quarantine()]


def test_a_heartbeat(client, setup, spool, namespace):
    """The heartbeat is searchable by the fields that the dashboards chart."""
    setup()
    spool.log(10)
    spool.upload["heartbeat"] = 0.001
    spool.ship()
    stream = f"metrics-driftlog.shipper-{namespace}"
    client.indices.refresh(index=stream)
    found = client.search(
        index=stream,
        size=0,
        aggs={
            name: {"max": {"field": f"driftlog.shipper.{name}"}}
            for name in ("accepted", "indexed", "unsent", "rss_bytes", "oldest_unsent_s")
        },
    )["aggregations"]
    assert (10, 10, 10) == tuple(found[name]["value"] for name in ("accepted", "indexed", "unsent"))
    assert found["rss_bytes"]["value"] > 1e6
    assert found["oldest_unsent_s"]["value"] > 0
