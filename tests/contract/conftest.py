"""Both stores over the same events: a test that takes `opened` runs once on each."""

import uuid

import pytest
from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._spool_store import SpoolStore
from tests.contract.shipping import install, ship


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
def shipped(client, installed):
    """A function that indexes a spool and gives the store."""

    def index(spool):
        outcomes = ship(client, installed, spool)
        assert outcomes.keys() <= {201}, outcomes
        return ElasticsearchStore(client, installed)

    return index


@pytest.fixture(params=["spool", "elasticsearch"])
def opened(request):
    """A function that gives a store with the events of a spool."""
    if request.param == "elasticsearch":
        yield request.getfixturevalue("shipped")
        return
    stores = []

    def read(spool):
        stores.append(SpoolStore(spool))
        return stores[-1]

    yield read
    for store in stores:
        store.close()
