import pytest
from elasticsearch import Elasticsearch


@pytest.fixture(scope="session")
def client(elasticsearch_url):
    """A plain client of the node."""
    with Elasticsearch(elasticsearch_url, request_timeout=60, max_retries=0) as connected:
        yield connected
