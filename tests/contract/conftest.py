"""Both stores over the same events: a test that takes `opened` runs once on each."""

import uuid

import pytest

from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._spool_store import SpoolStore
from tests.contract.shipping import ship
from tests.contract.state_homes import ElasticsearchHome, FileHome
from tests.elasticsearch.namespaces import client, installed, templates

__all__ = ["client", "installed", "templates"]


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


@pytest.fixture(scope="module")
def indices(client):
    """The indices of what analyzers remember, for one module of tests."""
    home = ElasticsearchHome(client, f"t{uuid.uuid4().hex[:12]}")
    home.create()
    yield home
    home.remove()


@pytest.fixture
def emptied(indices):
    """These indices, empty."""
    indices.clear()
    return indices


@pytest.fixture(params=["file", "elasticsearch"])
def home(request, tmp_path):
    """Both homes of state and baselines, empty: a test that takes it runs once on each."""
    if request.param == "file":
        return FileHome(tmp_path)
    return request.getfixturevalue("emptied")
