"""``driftlog notify`` where the state is in Elasticsearch."""

import pytest
from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._notifications import ElasticsearchNotifications
from driftlog_analyzers._notify._deliver import deliver
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._senders import senders
from tests.analyzers.notify.conftest import http
from tests.analyzers.notify.incidents import CHURN, at, incident, route

__all__ = ["http"]


@pytest.fixture
def there(elasticsearch_url, namespace):
    """Options that lead to the test's namespace."""
    return ("--url", elasticsearch_url, "--namespace", namespace)


def test_as_in_a_file(driftlog, there, elasticsearch_url, namespace, http):
    """After setup, what was given up is listed, found by a search as people make it, and sent again."""
    store = ("--store", "elasticsearch", *there)
    assert "run: driftlog setup" in driftlog("notify", "list", *store).sentence
    assert 0 == driftlog("setup", *there).code
    ways = (route(url=http.message_url),)
    http.answers = [410]
    with Elasticsearch(elasticsearch_url, max_retries=0) as client:
        home = ElasticsearchNotifications(client, namespace)
        notify([incident(1)], home, ways, place=CHURN, now=at(1))
        deliver(home, senders(ways, {}), at(1))
        found = client.search(
            index=f"driftlog-notifications-{namespace}",
            query={"term": {"driftlog.notification.state": "undelivered"}},
        )["hits"]["hits"]
    (body,) = [hit["_source"]["driftlog"]["notification"] for hit in found]
    assert ("ops", "opened", "high", "age moved") == tuple(
        body[name] for name in ("route", "kind", "severity", "summary")
    )
    done = driftlog("notify", "list", *store, "--json")
    assert [body["id"]] == [one["id"] for one in done.json["notifications"]]
    assert 0 == driftlog("notify", "retry", body["id"][:9], *store).code
    assert {"pending": 1} == driftlog("notify", "list", *store, "--json").json["counts"]
