"""A real node, and a namespace of it with the templates."""

import uuid

import pytest
from elasticsearch import Elasticsearch

from driftlog._upload import _backoff
from tests.contract.shipping import install
from tests.faults.proxy import FaultyProxy
from tests.faults.spool import Spool


@pytest.fixture(scope="session")
def client(elasticsearch_url):
    """A plain client of the node."""
    with Elasticsearch(elasticsearch_url, request_timeout=120, max_retries=0) as connected:
        yield connected


@pytest.fixture(scope="session")
def templates(client):
    """What all namespaces of these tests begin with; the templates are there."""
    prefix = uuid.uuid4().hex[:12]
    install(client, prefix)
    return prefix


@pytest.fixture
def installed(templates, namespace):
    """A namespace of the test's own, with templates."""
    return f"{templates}{namespace}"


@pytest.fixture
def quick(monkeypatch):
    """Let waits be short."""
    monkeypatch.setattr(_backoff, "_MOST", 0.02)
    monkeypatch.setattr(_backoff, "_FIRST", 0.02)
    monkeypatch.setattr(_backoff, "_LEAST", 0.001)


@pytest.fixture
def proxy(elasticsearch_url):
    """A proxy before the node, which spoils requests and replies on demand."""
    between = FaultyProxy(elasticsearch_url)
    yield between
    between.close()


@pytest.fixture
def spool(client, tmp_path, proxy, installed):
    """A spool that is shipped through the proxy; its stream is there, empty: making it takes the node a while."""
    spool = Spool(tmp_path / "spool", proxy.url, installed)
    body = {"@timestamp": "2026-11-22T00:00:00Z", "event": {"action": "segment"}}
    made = client.index(index=spool.stream, op_type="create", document=body)
    client.delete(index=made["_index"], id=made["_id"], refresh=True)
    return spool
