import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from driftlog import Upload
from driftlog_analyzers._demo._elastic import play_there
from driftlog_analyzers._demo._live import Play
from driftlog_analyzers._kibana._folder import shipped_folder
from driftlog_analyzers._kibana._objects import load
from tests.kibana.fake_kibana import FakeKibana


@pytest.fixture(scope="session")
def shipped():
    """The objects that driftlog ships."""
    return load(shipped_folder())


@pytest.fixture(scope="session")
def played(elasticsearch_url, tmp_path_factory):
    """A namespace with two days of the demo, an hour's window each; gives its name and a client."""

    @contextmanager
    def quiet(_):
        yield lambda *_: None

    namespace = f"t{uuid.uuid4().hex[:12]}"
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with Elasticsearch(elasticsearch_url, request_timeout=60, max_retries=0) as client:
        upload = Upload(url=elasticsearch_url, namespace=namespace)
        folder = tmp_path_factory.mktemp("demo")
        play_there(Play(end, days=2, per_hour=60), folder, client, upload, quiet)
        client.indices.refresh(index=f"*-{namespace}")
        yield namespace, client


@pytest.fixture
def kibana():
    """A server that answers as Kibana does, of what it was asked; see `FakeKibana`."""
    server = FakeKibana()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def client(elasticsearch_url):
    """A plain client of the node."""
    with Elasticsearch(elasticsearch_url, request_timeout=60, max_retries=0) as connected:
        yield connected
