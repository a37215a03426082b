"""A real node, and a namespace of it with the templates."""

import pytest

from driftlog._upload import _backoff
from tests.elasticsearch.namespaces import client, installed, templates
from tests.faults.proxy import FaultyProxy
from tests.faults.spool import Spool

__all__ = ["client", "installed", "templates"]


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
