"""The homes as another process opens them."""

from contextlib import contextmanager
from pathlib import Path

from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._notifications import ElasticsearchNotifications
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._state_file import StateFile


@contextmanager
def opened(kind, place, name=""):
    """The state at the address that the test was given."""
    if kind == "file":
        with StateFile(Path(place)) as state:
            yield state
        return
    with Elasticsearch(place, request_timeout=60, max_retries=0) as client:
        yield ElasticsearchState(client, name)


@contextmanager
def opened_notifications(kind, place, name=""):
    """The notifications at the same address."""
    if kind == "file":
        with NotificationFile(Path(place)) as kept:
            yield kept
        return
    with Elasticsearch(place, request_timeout=60, max_retries=0) as client:
        yield ElasticsearchNotifications(client, name)
