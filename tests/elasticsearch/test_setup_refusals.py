import json

import pytest

from tests.elasticsearch.scripted import scripted

KEY = "c2VjcmV0OnNlY3JldA=="
PRIVILEGES = (
    "action [cluster:admin/component_template/put] is unauthorized for API key id [x] of user [u],"
    " this action is granted by the cluster privileges [manage_index_templates,manage,all]"
)
INFO = {"version": {"number": "9.5.3"}}


@pytest.fixture
def refused(driftlog):
    """Run setup against a URL and give the one sentence that it fails with."""

    def run(url, *arguments):
        code, out, err = driftlog("setup", "--url", url, "--api-key", KEY, *arguments)
        assert (1, "") == (code, out)
        assert KEY not in err
        (line,) = err.splitlines()
        return line.removeprefix("driftlog: ")

    return run


def always(status, body):
    """A server that knows one answer."""
    return lambda _: (status, body)


def said(status, kind, words):
    """Elasticsearch's way of refusing."""
    return status, {"error": {"type": kind, "reason": words}, "status": status}


def test_nobody_listens(refused):
    """A wrong port is said to be unreachable, and no password in the URL is repeated."""
    sentence = refused("http://elastic:changeme@127.0.0.1:1")
    assert "changeme" not in sentence
    assert "Elasticsearch at http://127.0.0.1:1 cannot be reached (Connection refused);" in sentence
    assert sentence.endswith("check the URL and that it is running")


def test_no_url(driftlog):
    """Without any URL the command says how to name one."""
    code, _, err = driftlog("setup")
    assert 2 == code
    assert "--url URL or ELASTICSEARCH_URL" in err


def test_no_such_url(refused):
    """A URL without a scheme is refused before anything is sent."""
    assert "such as https://localhost:9200" in refused("localhost:9200")


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html>"), (404, "<html>"), (200, {}), (501, "no")]
)
def test_not_elasticsearch(refused, status, body):
    """Another product's server is recognised, whatever it answers."""
    with scripted(always(status, body), headers={}) as (url, _):
        assert f"what answers at {url} is not Elasticsearch" in refused(url)


def test_not_https(refused):
    """A server without TLS under https is said to be just that."""
    with scripted(always(200, {})) as (url, _):
        secure = url.replace("http:", "https:")
        sentence = refused(secure)
    assert f"no secure connection to {secure} (" in sentence
    assert "whether it speaks https or http" in sentence


def test_wrong_key(refused):
    """A key that the cluster does not know is said to be not accepted."""
    answer = said(401, "security_exception", f"unable to authenticate with key {KEY}")
    with scripted(always(*answer)) as (url, seen):
        assert "does not accept the API key" in refused(url)
    assert ["GET /"] == seen


def test_key_without_privilege(refused):
    """A key that lacks a privilege is told which, by the cluster's own words."""

    def script(path):
        return (200, INFO) if path == "/" else said(403, "security_exception", PRIVILEGES)

    with scripted(script) as (url, _):
        sentence = refused(url)
    assert "one of the cluster privileges [manage_index_templates,manage,all]" in sentence
    assert sentence.endswith("use a key with the privileges that docs/elasticsearch.md lists")


@pytest.mark.parametrize("number", ["7.17.9", "8.13.4"])
def test_too_old(refused, number):
    """A version that lacks what driftlog needs is named with the one to upgrade to."""
    with scripted(always(200, {"version": {"number": number}})) as (url, seen):
        assert f"is {number}; driftlog needs 8.14 or later: upgrade it" in refused(url)
    assert ["GET /"] == seen


def test_client_of_another_major_version(refused):
    """A server that does not understand the client's dialect names the client to install."""
    words = "Accept version must be either version 8 or 7, but found 9. Accept=application/x; compatible-with=9"
    with scripted(always(*said(400, "media_type_header_exception", words))) as (url, _):
        assert "pip install 'elasticsearch>=8,<9'" in refused(url)


def test_anything_else_is_quoted(refused):
    """An answer nobody foresaw is passed on in Elasticsearch's words, on one line."""
    with scripted(always(*said(503, "cluster_block_exception", "blocked by:\n [no master];"))) as (
        url,
        _,
    ):
        assert f"Elasticsearch at {url} refused with 503: blocked by: [no master];" == refused(url)


def test_a_proxy_is_not_taken_for_another_product(refused):
    """A gateway that finds no Elasticsearch behind it is quoted."""
    with scripted(always(502, "Bad Gateway"), headers={}) as (url, _):
        assert f"Elasticsearch at {url} refused with 502: Bad Gateway" == refused(url)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--namespace", "Prod", "namespace 'Prod'"),
        ("--namespace", "a-b", "namespace 'a-b'"),
        ("--namespace", "", "namespace ''"),
        ("--retention", "90", "retention '90'"),
        ("--retention", "0d", "retention '0d'"),
        ("--retention", "forever", "retention 'forever'"),
    ],
)
def test_nonsense_is_refused_before_anything_is_sent(refused, option, value, sentence):
    """A namespace or retention that makes no sense is named, and no request made."""
    with scripted(always(200, {})) as (url, seen):
        assert sentence in refused(url, option, value)
    assert [] == seen


@pytest.mark.parametrize(
    ("lacks", "features", "notes"),
    [
        ("", {"logsdb": True, "failure_store": True}, 0),
        ("failure_store", {"logsdb": True, "failure_store": False}, 1),
        ("logsdb", {"logsdb": False, "failure_store": False}, 2),
    ],
)
def test_takes_what_an_older_cluster_has(driftlog, lacks, features, notes):
    """Each feature that a cluster refuses is left out, and said to be missing."""
    attempts = iter([lacks == "", lacks != "logsdb"])

    def script(path):
        if path == "/":
            return 200, {"version": {"number": "8.14.0"}}
        if path == "/_index_template":
            return 200, {"index_templates": []}
        if path.startswith("/_resolve"):
            return 200, {"indices": [], "aliases": [], "data_streams": []}
        if path == "/_index_template/_simulate":
            good = next(attempts)
            return (200, {}) if good else said(400, "x_content_parse_exception", "unknown field")
        return 200, {"template": {"mappings": {"_meta": {"managed_by": "driftlog"}}}}

    with scripted(script) as (url, _):
        code, out, err = driftlog("setup", "--url", url, "--json")
    assert (0, "") == (code, err)
    assert (features, notes) == (json.loads(out)["features"], len(json.loads(out)["notes"]))


def with_streams(path):
    """A cluster with five streams, the last of them foreign."""
    if path == "/":
        return 200, INFO
    if path == "/_index_template":
        return 200, {"index_templates": []}
    streams = [f"logs-driftlog.m{i}-default" for i in range(5)]
    if path.startswith("/_resolve"):
        found = [{"name": name, "backing_indices": [f".ds-{name}-1"]} for name in streams]
        return 200, {"indices": [], "aliases": [], "data_streams": found}
    ours = {"mappings": {"_meta": {"managed_by": "driftlog"}}}
    if path.endswith("/_mapping") and "logs-driftlog." in path:
        return 200, {f".ds-{name}-1": ours for name in streams[:4]}
    return 200, {"template": ours}


def test_brings_the_retention_to_streams_that_are_there(driftlog):
    """Each existing stream of the namespace gets the retention that is named."""
    with scripted(with_streams) as (url, seen):
        code, out, err = driftlog("setup", "--url", url, "--retention", "7d")
    assert (0, "") == (code, err)
    assert "logs-driftlog.m4-default was made without driftlog's templates" in out
    assert "m2-default and 1 more take a changed mapping with their next rollover." in out
    changed = [one for one in seen if one.endswith("/_lifecycle")]
    assert [f"PUT /_data_stream/logs-driftlog.m{i}-default/_lifecycle" for i in range(5)] == changed


def test_leaves_the_retention_of_streams_that_are_there(driftlog):
    """A setup that names no retention changes that of no stream."""
    with scripted(with_streams) as (url, seen):
        code, _, err = driftlog("setup", "--url", url)
    assert (0, "", []) == (code, err, [one for one in seen if one.endswith("/_lifecycle")])
