import pytest
from elastic_transport import ConnectionError as Unreachable
from elastic_transport import ConnectionTimeout, SerializationError, TlsError
from elasticsearch import Elasticsearch

from driftlog_analyzers._elasticsearch._errors import explained, reason, sentence
from driftlog_analyzers._elasticsearch._names import shown
from driftlog_analyzers.errors import StoreError
from tests.elasticsearch.scripted import scripted

URL = "http://there:9200"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionTimeout("timed out"), f"Elasticsearch at {URL} did not answer in time"),
        (Unreachable("[Errno -2] Name or service not known"), "(Name or service not known)"),
        (Unreachable("anything\nelse"), "(anything else)"),
        (
            TlsError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed"),
            "--ca-certs",
        ),
        (SerializationError("no JSON"), f"what answers at {URL} is not Elasticsearch"),
    ],
)
def test_a_transport_error_is_one_line(error, words):
    """Each way of not being answered has a sentence with the next step."""
    said = sentence(error, URL)
    assert words in said
    assert ";" in said
    assert "\n" not in said


def test_no_password_is_shown():
    """A URL is repeated without its user and password, and otherwise as it was."""
    assert "https://h:9200/es" == shown("https://u:p@ss@h:9200/es")
    assert URL == shown(URL)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"reason": "outer", "caused_by": {"reason": "inner\n one"}}}, "inner one"),
        ({"error": {"type": "only_a_type"}}, "only_a_type"),
        ({"error": "words"}, "words"),
        ("text", "text"),
        ({"error": {"reason": "x" * 1000}}, "x" * 300),
    ],
)
def test_the_innermost_reason_counts(body, said):
    """Of a chain of causes the first one is told, in one line of bounded length."""
    assert said == reason(body)


def test_becomes_a_store_error():
    """An error of the client leaves as ours, with the client's beneath it."""
    with (
        scripted(lambda _: (500, {"error": {"reason": "broken"}})) as (url, _),
        Elasticsearch(url, max_retries=0) as client,
        pytest.raises(StoreError, match="refused with 500: broken") as caught,
        explained(url),
    ):
        client.info()
    assert caught.value.__cause__ is not None
