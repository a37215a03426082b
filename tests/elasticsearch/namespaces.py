"""Fixtures of suites that index into namespaces of a real node; a conftest that wants them imports them."""

import uuid

import pytest
from elasticsearch import Elasticsearch

from tests.contract.shipping import install


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
