"""What is told of wrong settings, by real processes: one sentence with the next step, and nothing is dropped."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from driftlog import PredictionLogger
from driftlog._upload import read_status
from tests.elasticsearch.scripted import scripted
from tests.faults.spool import account

COMMAND = [sys.executable, "-c", "from driftlog._main import main; main()"]
KEY = "c2VjcmV0OnNlY3JldA=="
INFO = (200, {"version": {"number": "9.5.3"}})
N = 5
OURS = (200, {".ds-x-000001": {"mappings": {"_meta": {"managed_by": "driftlog"}}}})


def refusal(status, kind, words="no"):
    """Give Elasticsearch's way of refusing."""
    return status, {"error": {"type": kind, "reason": words}, "status": status}


WRONG_KEY = refusal(401, "security_exception", f"unable to authenticate with key {KEY}")
NO_PRIVILEGE = refusal(
    403,
    "security_exception",
    "action [x] is unauthorized for API key id [k] of user [u], this action is granted by the "
    "index privileges [create_doc,create,index,write,all]",
)
OTHER_MAJOR = refusal(
    400,
    "media_type_header_exception",
    "Accept version must be either version 8 or 7, but found 9. Accept=application/x; compatible-with=9",
)

TOO_OLD = refusal(
    400,
    "illegal_argument_exception",
    "request [/x/_bulk] contains unrecognized parameter: [require_data_stream]",
)
FULL = refusal(
    400,
    "validation_exception",
    "Validation Failed: 1: this action would add [2] shards, but this cluster currently has "
    "[1000]/[1000] maximum normal shards open;",
)


def run(*arguments):
    """Run driftlog to its end; give exit code, stdout and the lines of stderr."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def told(spool, url, *arguments):
    """Ship a spool until something is said, and a little longer; give what was said in all."""
    command = [*COMMAND, "ship", "--spool", spool, "--url", url, "--api-key", KEY, *arguments]
    with subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True) as process:
        first = process.stderr.readline()
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert ("", 0) == (rest, process.returncode)
    assert KEY not in first
    assert first.endswith("(nothing is dropped: the events wait in the spool)\n")
    return first


@pytest.fixture
def folder(tmp_path):
    """A spool with a few events."""
    with PredictionLogger(model="churn", version="7", spool=tmp_path / "spool") as logger:
        for number in range(N):
            logger.log({"age": number})
    return tmp_path / "spool"


@pytest.fixture
def waits(folder):
    """A function that checks the status: all events wait, none was dropped, and the trouble is told."""

    def check(sentence):
        assert (0, 0, 0, 0, N) == account(folder)
        trouble = read_status(folder).trouble
        assert trouble.lasting
        assert sentence in trouble.sentence

    return check


@pytest.mark.parametrize(
    ("answer", "headers", "sentence"),
    [
        ((200, "<html>"), {}, "what answers is not Elasticsearch; check the URL and port"),
        (WRONG_KEY, None, "does not accept the API key; give a valid one"),
        (
            NO_PRIVILEGE,
            None,
            "the API key needs create_doc and view_index_metadata on logs-driftlog.*",
        ),
        (TOO_OLD, None, "does not understand the request; upgrade it to 8.14 or later"),
        (FULL, None, "raise cluster.max_shards_per_node or delete old indices (400: validation"),
        (
            OTHER_MAJOR,
            None,
            "refuses; mend what it names (400: media_type_header_exception: Accept",
        ),
    ],
    ids=["another product", "wrong key", "no privilege", "too old", "shards", "other version"],
)
def test_ship_is_refused(folder, waits, answer, headers, sentence):
    """Whoever answers so, `ship` says once what to do, goes on, and keeps every event."""
    product = {} if headers is None else {"headers": headers}
    with scripted(lambda _: answer, **product) as (url, _):
        assert sentence in told(folder, url)
    waits(sentence)


def test_ship_reaches_nobody(folder, waits):
    """Where nobody listens `ship` says so and keeps every event; `status` accounts for them and repeats it."""
    sentence = "check the URL, and that Elasticsearch is running"
    assert sentence in told(folder, "http://127.0.0.1:9")
    waits(sentence)

    code, out, said = run("status", "--spool", folder, "--json")
    assert (0, []) == (code, said)
    (status,) = json.loads(out)["spools"]
    facts = [status[name] for name in ("accepted", "unsent", "quarantined", "dropped")]
    assert [N, N, {}, {}] == facts
    assert status["error"]["lasting"]
    assert sentence in status["error"]["sentence"]


def test_ship_speaks_tls_to_a_server_that_does_not(folder, waits):
    """A server without TLS under https is said to be just that."""
    sentence = "check whether it speaks https, and the certificates to trust"
    with scripted(lambda _: INFO) as (url, _):
        assert sentence in told(folder, url.replace("http:", "https:"))
    waits(sentence)


def test_ship_without_templates(folder, waits, elasticsearch_url, namespace):
    """Where the templates are missing, `ship` names the command that installs them."""
    sentence = (
        "the data stream or its template is missing; "
        f"run: driftlog setup --url {elasticsearch_url} --namespace {namespace} (404"
    )
    assert sentence in told(folder, elasticsearch_url, "--namespace", namespace)
    waits(sentence)


def test_ship_cannot_keep_what_is_refused(folder, waits):
    """Where the quarantine cannot be written, no refused event is passed."""
    aside = Path(folder) / "upload" / "quarantine"
    aside.parent.mkdir()
    aside.write_text("in the way")

    def refuse(path):
        if path.endswith("_mapping"):
            return OURS
        # The reply's ids must be those of the request: segment and offset.
        (path,) = folder.glob("*.ndjson")
        head, *lines = path.read_bytes().splitlines(keepends=True)
        name = json.loads(head)["driftlog"]["segment"]["id"]
        offsets = [len(head) + sum(map(len, lines[:place])) for place in range(N)]
        error = {"type": "document_parsing_exception", "reason": "no number"}
        items = [{"_id": f"{name}-{offset:x}", "status": 400, "error": error} for offset in offsets]
        return 200, {"errors": True, "items": [{"create": item} for item in items]}

    sentence = f"{aside} cannot be written (File exists); make room, or correct the rights"
    with scripted(refuse) as (url, _):
        assert sentence in told(folder, url)
    waits(sentence)
    assert "in the way" == aside.read_text()


@pytest.mark.parametrize(
    ("script", "headers", "sentence"),
    [
        (lambda _: (200, "<html>"), {}, "is not Elasticsearch; check"),
        (lambda _: WRONG_KEY, None, "does not accept the API key, or wants one and got none; give"),
        (
            lambda path: INFO if path == "/" else NO_PRIVILEGE,
            None,
            "use a key with the privileges that docs/elasticsearch.md lists",
        ),
        (
            lambda _: (200, {"version": {"number": "7.17.9"}}),
            None,
            "is 7.17.9; driftlog needs 8.14 or later: upgrade it",
        ),
        (lambda _: OTHER_MAJOR, None, "pip install 'elasticsearch>=8,<9'"),
    ],
    ids=["another product", "wrong key", "no privilege", "too old", "other version"],
)
def test_setup_is_refused(script, headers, sentence):
    """`setup` ends with 1 and one sentence that names the next step, never the key."""
    product = {} if headers is None else {"headers": headers}
    with scripted(script, **product) as (url, _):
        code, out, said = run("setup", "--url", url, "--api-key", KEY)
    assert (1, "", 1) == (code, out, len(said))
    assert sentence in said[0]
    assert KEY not in said[0]


def test_setup_reaches_nobody():
    """`setup` under a wrong URL ends with 1 and says what to check."""
    code, out, (sentence,) = run("setup", "--url", "http://127.0.0.1:9")
    assert (1, "") == (code, out)
    assert "check the URL" in sentence
