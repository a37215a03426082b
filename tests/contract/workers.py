"""The homes as another process opens them."""

from contextlib import contextmanager
from pathlib import Path

from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._notifications import ElasticsearchNotifications
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._state_file import StateFile


@contextmanager
def opened(kind, place, name="", *, file=StateFile, index=ElasticsearchState):
    """The state, or something else that has both homes, at the address that the test was given."""
    if kind == "file":
        with file(Path(place)) as home:
            yield home
        return
    with Elasticsearch(place, request_timeout=60, max_retries=0) as client:
        yield index(client, name)


def opened_notifications(*address):
    """The notifications at the same address."""
    return opened(*address, file=NotificationFile, index=ElasticsearchNotifications)
