import threading

import pytest

from driftlog._upload import Upload, read_status, ship
from driftlog._upload._bulk import Sender
from driftlog._upload._reply import Reply
from driftlog._upload._streams import Streams

SETUP = "driftlog setup --url http://es:9200 --namespace default"
STREAM = "logs-driftlog.churn-default"
OURS = {"mappings": {"_meta": {"managed_by": "driftlog", "generation": 1}}}
ANOTHER = {"mappings": {"_data_stream_timestamp": {"enabled": True}}}
NO_STREAM = Reply(404, {"error": {"type": "index_not_found_exception", "reason": "no such index"}})


class Scripted(Sender):
    """A sender whose questions are answered by a list, and which tells what it was asked."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    def mapping(self, stream, timeout=None):  # noqa: ARG002 - the sender's
        """Answer a question."""
        self.asked.append(f"mapping of {stream}")
        return self.replies.pop(0)

    def make(self, stream, timeout=None):  # noqa: ARG002 - the sender's
        """Answer an operation that makes a stream."""
        self.asked.append(f"make {stream}")
        return self.replies.pop(0)


def indices(*mappings):
    """Give Elasticsearch's answer about backing indices, the oldest first."""
    names = [f".ds-{STREAM}-2026.11.22-{number:06}" for number in range(1, len(mappings) + 1)]
    return Reply(200, dict(zip(names, mappings, strict=True)))


def made(status, **error):
    """Give the answer to an operation that makes a stream."""
    return Reply(200, {"errors": True, "items": [{"index": {"status": status, "error": error}}]})


MADE = made(
    400, type="illegal_argument_exception", reason="only write ops with an op_type of create"
)


@pytest.mark.parametrize(
    ("replies", "kind", "words"),
    [
        ([indices(OURS)], None, ""),
        ([indices(ANOTHER, OURS)], None, ""),
        ([indices(*[ANOTHER] * 9, OURS)], None, ""),
        ([indices(OURS, ANOTHER)], "hold", "not driftlog's"),
        (
            [indices(ANOTHER)],
            "hold",
            f"run: {SETUP}, then in Elasticsearch: POST /{STREAM}/_rollover",
        ),
        ([indices({"mappings": {"_meta": {"managed_by": "fleet"}}})], "hold", "not driftlog's"),
        ([Reply(200, {})], "hold", "not driftlog's"),
        ([Reply(200, [])], "hold", "not driftlog's"),
        ([Reply(200, {STREAM: "odd"})], "hold", "not driftlog's"),
        ([NO_STREAM, MADE, indices(OURS)], None, ""),
        ([NO_STREAM, MADE, indices(ANOTHER)], "hold", "not driftlog's"),
        ([NO_STREAM, MADE, NO_STREAM], "hold", f"run: {SETUP} (404"),
        ([NO_STREAM, made(404, type="index_not_found_exception")], "hold", f"run: {SETUP} (404"),
        ([NO_STREAM, made(403, type="security_exception")], "hold", "the API key needs"),
        ([NO_STREAM, made(429, type="busy")], "again", "asks to wait"),
        ([NO_STREAM, Reply(503, "")], "again", "asks to wait"),
        ([Reply(403, {"error": {"type": "security_exception"}})], "hold", "view_index_metadata"),
        ([Reply(404, "<html>", foreign=True)], "hold", "not Elasticsearch"),
        ([Reply(0, "no answer")], "again", "no answer"),
    ],
)
def test_whose_it_is(replies, kind, words):
    """A stream is ours by its newest index; where it is not, or that cannot be told, nothing is sent."""
    sender = Scripted(*replies)
    found = Streams(sender, SETUP).obstacle(STREAM)
    assert (kind, []) == (found.kind if found else None, sender.replies)
    assert words in (found.reason if found else "")


def test_asked_once_and_again_in_doubt():
    """A stream that is ours is not asked about again, one that is not is, and so is one in doubt."""
    sender = Scripted(indices(ANOTHER), indices(OURS), indices(OURS))
    streams = Streams(sender, SETUP)
    assert streams.obstacle(STREAM) is not None
    assert [None] * 3 == [streams.obstacle(STREAM) for _ in range(3)]
    streams.doubt(STREAM)
    assert streams.obstacle(STREAM) is None
    assert [f"mapping of {STREAM}"] * 3 == sender.asked


def test_another_mapping_holds(fake, spool, log, ship_all):
    """Nothing goes into a stream that is not ours, heartbeats included; all of it, when it is."""
    log(10)
    fake.meta = {"managed_by": "fleet"}
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    ship(spool, Upload(url=fake.url, namespace="default", heartbeat=0.01), stop=stop)
    assert ([], [], []) == (fake.copies(), fake.requests, fake.heartbeats)
    sentence = read_status(spool).trouble.sentence
    assert f"run: driftlog setup --url {fake.url} --namespace default, then" in sentence
    fake.meta = {"managed_by": "driftlog"}
    ship_all()
    assert 10 == len(fake.copies())


def test_no_secret_in_the_command():
    """The command to run next has neither user nor password."""
    upload = Upload(url="https://elastic:secret@es:9200/path", api_key="key", namespace="prod")
    assert "driftlog setup --url https://es:9200/path --namespace prod" == upload.setup
