import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from driftlog import Upload
from driftlog_analyzers._demo._elastic import play_there
from driftlog_analyzers._demo._live import Play
from driftlog_analyzers._kibana._folder import shipped_folder
from driftlog_analyzers._kibana._objects import load
from tests.kibana.fake_kibana import FakeKibana

FRIDAY = 4


@pytest.fixture(scope="session")
def shipped():
    """The objects that driftlog ships."""
    return load(shipped_folder())


@pytest.fixture(scope="session")
def played(elasticsearch_url, tmp_path_factory):
    """A namespace with two days of the demo, an hour's window each; gives its name and a client.

    They end on the last Friday at 13:00, since it depends on the hour of the week whether an alert is recovering then.
    """

    @contextmanager
    def quiet(_):
        yield lambda *_: None

    namespace = f"t{uuid.uuid4().hex[:12]}"
    now = datetime.now(UTC)
    friday = now - timedelta(days=(now.weekday() - FRIDAY) % 7)
    end = friday.replace(hour=13, minute=0, second=0, microsecond=0)
    end -= timedelta(weeks=end > now)
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
