"""What stands in the way is one sentence with the next step, and no secret is ever in it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.elasticsearch.scripted import PRODUCT, scripted

KEY = "c2VjcmV0OnNlY3JldA=="
PASSWORD = "hunter2hunter2"
PROCESS = (sys.executable, "-c", "from driftlog._main import main; main()")
INFO = {"version": {"number": "9.5.3"}}
COMMANDS = {
    "analyze": ["analyze"],
    "baseline": ["baseline"],
    "a file's baseline": ["baseline", "--model", "m", "--input", "a.csv"],
    "alerts list": ["alerts", "list"],
    "alerts show": ["alerts", "show", "abc"],
    "report": ["report"],
}


@pytest.fixture(params=COMMANDS)
def refused(request, driftlog, tmp_path, monkeypatch):
    """Run a command against a URL with a key and give the one sentence that it fails with."""
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", KEY)

    def run(url, *options):
        place = ("--store", "elasticsearch", "--url", url, *options)
        done = driftlog(*COMMANDS[request.param], *place)
        assert (1, "", 1) == (done.code, done.out, done.err.count("\n"))
        assert KEY not in done.err
        assert ["a.csv"] == [path.name for path in tmp_path.iterdir()]
        return done.sentence

    return run


def said(status, kind, words):
    """Elasticsearch's way of refusing."""
    return status, {"error": {"type": kind, "reason": words}, "status": status}


def always(status, body):
    """A server that knows one answer."""
    return lambda _: (status, body)


def then(status, body):
    """A server that says what it is, and then has one answer."""
    return lambda path: (200, INFO) if path == "/" else (status, body)


def test_nobody_listens(refused):
    """A wrong port is said to be unreachable."""
    expected = "Elasticsearch at http://127.0.0.1:1 cannot be reached (Connection refused);"
    assert refused("http://127.0.0.1:1").startswith(expected)


@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (200, {})])
def test_not_elasticsearch(refused, status, body):
    """Another product's server is recognised."""
    for headers in ({}, PRODUCT):
        with scripted(always(status, body), headers=headers) as (url, _):
            assert f"what answers at {url} is not Elasticsearch; check the URL" in refused(url)


def test_wrong_key(refused):
    """A key that the cluster does not know is said to be not accepted, though the cluster repeats it."""
    answer = said(401, "security_exception", f"unable to authenticate with key {KEY}")
    with scripted(always(*answer)) as (url, seen):
        assert "does not accept the API key" in refused(url)
    assert ["GET /"] == seen


def test_key_without_privilege(refused):
    """A key that lacks a privilege is told which, and where they are listed."""
    words = (
        "action [indices:monitor/settings/get] is unauthorized for API key id [x],"
        " this action is granted by the index privileges [view_index_metadata,monitor,manage,all]"
    )
    with scripted(then(*said(403, "security_exception", words))) as (url, _):
        sentence = refused(url)
    assert "one of the index privileges [view_index_metadata,monitor,manage,all]" in sentence
    assert "docs/elasticsearch.md" in sentence


def test_not_set_up(refused):
    """A missing index names the command that makes it."""
    with scripted(then(*said(404, "index_not_found_exception", "no such index"))) as (url, _):
        expected = f"run: driftlog setup --url {url} --namespace default"
        assert expected == refused(url).rpartition("; ")[2]


def test_a_key_that_may_not_ask_for_the_version(refused):
    """A key without any privilege on the cluster, as the documented one, gets as far as the others."""
    missing = said(404, "index_not_found_exception", "no such index")
    forbidden = said(403, "security_exception", "action [cluster:monitor/main] is unauthorized")
    with scripted(lambda path: forbidden if path == "/" else missing) as (url, _):
        assert "is not set up for driftlog" in refused(url)


@pytest.mark.parametrize("number", ["7.17.9", "8.13.4"])
def test_too_old(refused, number):
    """A version that lacks what driftlog needs is named."""
    with scripted(always(200, {"version": {"number": number}})) as (url, _):
        assert f"is {number}; driftlog needs 8.14 or later: upgrade it" in refused(url)


def test_client_of_another_major_version(refused):
    """A server that does not understand the client's dialect names the client to install."""
    words = "Accept version must be either version 8 or 7, but found 9. Accept=application/x; compatible-with=9"
    with scripted(always(*said(400, "media_type_header_exception", words))) as (url, _):
        assert "pip install 'elasticsearch>=8,<9'" in refused(url)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--namespace", "A-b"), "namespace 'A-b' cannot end a data stream's name"),
        (("--namespace", ""), "namespace '' cannot end a data stream's name"),
        (("--api-key", "nö"), "The API key is not the encoded form"),
        (("--ca-certs", "no.pem"), "The certificates no.pem cannot be read"),
    ],
)
def test_nonsense_is_refused_before_anything_is_sent(refused, options, words):
    """A namespace, key or file that makes no sense is named, and no request made."""
    with scripted(always(200, INFO)) as (url, seen):
        assert words in refused(url, *options)
    assert [] == seen


def test_no_such_url(refused):
    """A URL without a scheme is refused, and shown only where no password can be in it."""
    assert "such as https://localhost:9200, which 'localhost:9200' is not" in refused(
        "localhost:9200"
    )
    for url in (f"u:{PASSWORD}@localhost", f"https://u:{PASSWORD}@[::1"):
        assert "which the one given (not shown: it may hold a password) is not" in refused(url)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--store", "elasticsearch"], "--url URL or ELASTICSEARCH_URL, or with url under"),
        (["--store", "disk"], "'disk' is not one of 'spool', 'elasticsearch'"),
        (
            ["--store", "elasticsearch", "--spool", "s"],
            "the store is elasticsearch, which has no --spool; leave it out, or add --store spool",
        ),
        (
            ["--spool", "s", "--url", f"https://u:{PASSWORD}@es:9200"],
            "the store is spool, which has no --url; leave it out, or add --store elasticsearch",
        ),
        (["--spool", "s", "--api-key", KEY], "the store is spool, which has no --api-key"),
        (["--spool", "s", "--ca-certs", "x"], "the store is spool, which has no --ca-certs"),
        (["--spool", "s", "--namespace", "x"], "the store is spool, which has no --namespace"),
        ([f"--api-kye={KEY}"], "No such option: --api-kye"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_usage(driftlog, command, arguments, words):
    """Options that do not go together are named, and exit with 2."""
    done = driftlog(*COMMANDS[command], *arguments)
    assert (2, "", True) == (done.code, done.out, words in done.err)
    assert (KEY in done.err, PASSWORD in done.err) == (False, False)


def test_variables_for_other_commands_do_not_disturb(driftlog, spool, monkeypatch):
    """A cluster named in the environment is no reason to leave the spool."""
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DRIFTLOG_NAMESPACE", "prod")
    assert 0 == driftlog("analyze", "--spool", spool).code
    monkeypatch.setenv("DRIFTLOG_STORE", "elasticsearch")
    assert 0 == driftlog("analyze", "--spool", spool, "--store", "spool").code


def test_a_file_with_the_key(driftlog, tmp_path, monkeypatch):
    """It is sent where neither option nor variable gives one; without the file, nothing is."""
    heard = []

    def script(path):
        heard.append(path)
        return said(401, "security_exception", "no")

    (tmp_path / "key").write_text(f"{KEY}\n")
    with scripted(script) as (url, _):
        (tmp_path / "c.toml").write_text(
            f'store = "elasticsearch"\n[elasticsearch]\nurl = "{url}"\napi_key_file = "key"\n'
        )
        for command in (["analyze"], ["setup"], ["alerts", "list"]):
            done = driftlog(*command, "--config", "c.toml")
            assert (1, True) == (done.code, "does not accept the API key" in done.sentence)
        (tmp_path / "key").unlink()
        before = len(heard)
        for command in (["analyze"], ["setup"], ["ship", "--spool", "."]):
            done = driftlog(*command, "--config", "c.toml")
            expected = "the file that elasticsearch.api_key_file names cannot be read"
            assert (1, True) == (done.code, done.sentence.startswith(expected))
        assert before == len(heard)
        monkeypatch.setenv("ELASTICSEARCH_API_KEY", KEY)
        done = driftlog("analyze", "--config", "c.toml")
        assert "does not accept the API key" in done.sentence


def test_check_config_tells_the_store_and_no_secret(driftlog, tmp_path):
    """It says where the events are and where the key is, and refuses what holds a secret."""
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "c.toml").write_text(
        'store = "elasticsearch"\n[elasticsearch]\nurl = "https://es:9200"\napi_key_file = "key"\n'
    )
    for options in ([], ["--json"]):
        done = driftlog("check-config", "c.toml", *options)
        told = "events: Elasticsearch at https://es:9200, namespace default, with the API key in"
        assert (0, True, False) == (done.code, told in done.out, KEY in done.out)
    (tmp_path / "c.toml").write_text(
        f'[elasticsearch]\nurl = "https://u:{PASSWORD}@es:9200"\napi_kye = "{KEY}"\n'
    )
    done = driftlog("check-config", "c.toml")
    assert (1, "", False, False) == (done.code, done.out, KEY in done.err, PASSWORD in done.err)


def test_the_documented_configuration_is_good(driftlog, tmp_path):
    """What docs/elasticsearch.md shows is taken as it stands there."""
    page = Path(__file__).parents[3] / "docs" / "elasticsearch.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    (tmp_path / "driftlog.toml").write_text(example)
    assert "driftlog.toml is ok." in driftlog("check-config", "driftlog.toml").out


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS.values(),
        ["setup"],
        ["ship", "--spool", "s", "--once"],
        *([*words, "--help"] for words in (["analyze"], ["setup"], ["ship"], ["alerts", "list"])),
    ],
)
def test_no_secret_is_printed(driftlog, tmp_path, monkeypatch, command):
    """Key and password reach the server and no output, whether it is away, refuses or is broken."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    if command[0] not in {"setup", "ship"}:
        monkeypatch.setenv("DRIFTLOG_STORE", "elasticsearch")
    answers = (
        always(200, "<html>"),
        always(*said(401, "security_exception", f"bad {KEY}")),
        then(*said(500, "broken", "all")),
    )
    for script in answers:
        with scripted(script) as (url, _):
            there = url.replace("//", f"//elastic:{PASSWORD}@")
            for variables in (
                {"ELASTICSEARCH_URL": url, "ELASTICSEARCH_API_KEY": KEY},
                {"ELASTICSEARCH_URL": there, "ELASTICSEARCH_API_KEY": ""},
                {"ELASTICSEARCH_URL": there, "ELASTICSEARCH_API_KEY": KEY},
            ):
                for name, value in variables.items():
                    monkeypatch.setenv(name, value)
                done = driftlog(*command)
                assert done.code == (0 if "--help" in command else 1)
                assert "--help" in command or done.sentence
                for secret in (KEY, PASSWORD):
                    assert secret not in done.out + done.err


def test_a_traceback_holds_no_secret(tmp_path):
    """An error that nobody foresaw, with the connection itself in its words, does not tell it."""
    code = (
        "from driftlog_analyzers.cli import _cluster, main\n"
        "def broken(self): raise RuntimeError(f'{self!r} {self}')\n"
        "_cluster.Cluster.connected = broken\n"
        "main()"
    )
    url = f"https://u:{PASSWORD}@es:9200"
    done = subprocess.run(
        [sys.executable, "-c", code, "alerts", "list", "--store", "elasticsearch"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"ELASTICSEARCH_URL": url, "ELASTICSEARCH_API_KEY": KEY},
    )
    assert "RuntimeError: Cluster(namespace='default'" in done.stderr
    assert "Elasticsearch at https://es:9200, namespace default" in done.stderr
    assert (KEY in done.stderr, PASSWORD in done.stderr) == (False, False)


def test_a_process_says_it_in_one_line(process):
    """The client's own warnings do not reach the terminal."""
    done = process("analyze", "--store", "elasticsearch", "--url", "http://127.0.0.1:1")
    assert (1, "", 1) == (done.code, done.out, done.err.count("\n"))


def test_the_shipper_and_its_status_print_no_secret(spool):
    """The uploader's troubles are told, now and later, without key and password."""
    answer = said(401, "security_exception", f"unable to authenticate {KEY}")
    with scripted(always(*answer)) as (url, _):
        variables = {
            "ELASTICSEARCH_URL": url.replace("//", f"//elastic:{PASSWORD}@"),
            "DRIFTLOG_SPOOL": str(spool),
        }
        for more in ({}, {"ELASTICSEARCH_URL": url, "ELASTICSEARCH_API_KEY": KEY}):
            shipper = subprocess.Popen(
                [*PROCESS, "ship"], stderr=subprocess.PIPE, text=True, env=variables | more
            )
            heard = shipper.stderr.readline()
            shipper.send_signal(signal.SIGTERM)
            heard += shipper.communicate(timeout=60)[1]
            for options in ([], ["--json"]):
                told = subprocess.run(
                    [*PROCESS, "status", *options],
                    check=True,
                    capture_output=True,
                    text=True,
                    env=variables | more,
                )
                heard += told.stdout + told.stderr
            assert "does not accept the API key" in heard
            assert (KEY in heard, PASSWORD in heard) == (False, False)
