"""`driftlog ship --once`: to the end, or to what only people can cure."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import driftlog
from driftlog._upload import Upload, read_status, ship
from tests.shipper.upload.fake_elasticsearch import Step
from tests.shipper.upload.test_command import COMMAND, run

HTML = {"content-type": "text/html"}
BAD = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no number"}}


def error(kind, reason="no"):
    """Give the body of a refusal."""
    return f'{{"error":{{"type":"{kind}","reason":"{reason}"}}}}'.encode()


def once(spool, url, *arguments):
    """Run `driftlog ship --once`."""
    return run("ship", "--spool", spool, "--url", url, "--once", *arguments)


def test_says_what_it_did(fake, spool, log):
    """At the end one line tells what this run did, and what waits."""
    log(5)
    fake.item = lambda _s, _i, line: BAD if b'"age":3' in line else None
    done = once(spool, fake.url)
    assert (0, "") == (done.returncode, done.stderr)
    assert f"{spool}: 4 indexed, 0 duplicate, 1 quarantined, 0 unsent\n" == done.stdout
    assert (
        f"{spool}: 0 indexed, 0 duplicate, 0 quarantined, 0 unsent\n"
        == once(spool, fake.url).stdout
    )
    assert f"and why: {spool}/upload/quarantine\n" in run("status", "--spool", spool).stdout


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (Step(status=401, body=error("security_exception")), "give a valid one"),
        (Step(status=403, body=error("security_exception")), "needs create_doc"),
        (Step(status=404, body=error("index_not_found_exception")), "driftlog setup --url"),
        (Step(status=200, body=b"<html>", headers=HTML, product=False), "is not Elasticsearch"),
        (
            Step(
                status=400, body=error("illegal", "unrecognized parameter: [require_data_stream]")
            ),
            "8.14 or later",
        ),
    ],
)
def test_gives_up(fake, spool, log, step, sentence):
    """What only people can cure ends it with 1 and a sentence; nothing is dropped."""
    log(5)
    fake.always = step
    done = once(spool, fake.url)
    assert (1, 1) == (done.returncode, done.stderr.count("\n"))
    assert sentence in done.stderr
    assert f"{spool}: 0 indexed, 0 duplicate, 0 quarantined, 5 unsent\n" == done.stdout
    assert read_status(spool).trouble.lasting


def test_gives_up_on_another_template(fake, spool, log):
    """So does a stream that is not driftlog's."""
    log(5)
    fake.meta = {}
    done = once(spool, fake.url, "--namespace", "prod")
    assert (1, []) == (done.returncode, fake.copies())
    assert f"run: driftlog setup --url {fake.url} --namespace prod" in done.stderr


def test_gives_up_on_an_unwritable_quarantine(fake, spool, log):
    """So does a refused event that cannot be kept."""
    log(5)
    fake.item = lambda _s, _i, line: BAD if b'"age":3' in line else None
    (spool / "upload").mkdir()
    (spool / "upload" / "quarantine").write_text("in the way")
    done = once(spool, fake.url)
    assert (1, 1) == (done.returncode, done.stderr.count("\n"))
    assert "quarantine cannot be written (File exists)" in done.stderr


def test_gives_up_on_a_name_that_nobody_knows(spool, log, monkeypatch):
    """So does a host that the name service does not know."""
    log(5)

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    upload = Upload(url="http://nowhere.invalid")
    done = ship(spool, upload, until_empty=True, give_up=float("inf"))
    assert (0, 5, True) == (done.indexed, done.unsent, "no such host (" in done.gave_up)


def test_gives_up_on_a_segment_that_cannot_be_read(fake, spool, log, monkeypatch):
    """So does a segment that cannot be read."""
    log(5)
    (path,) = spool.glob("*.ndjson")
    works = Path.open

    def broken(self, *arguments, **more):
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return works(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", broken)
    done = ship(spool, Upload(url=fake.url, poll=0.01), until_empty=True, give_up=float("inf"))
    assert "cannot be read (Permission denied)" in done.gave_up


def test_waits_for_what_may_pass(fake, spool, log):
    """What may pass by itself is waited for."""
    log(5)
    fake.script.extend([Step(status=503), Step(status=429), Step(how="reset")])
    done = once(spool, fake.url)
    assert (0, 5) == (done.returncode, len(fake.copies()))


@pytest.mark.parametrize("away", [True, False])
def test_waits_no_longer_than_it_may(fake, spool, log, away):
    """With --timeout it gives up when nothing was taken for so long."""
    log(5)
    fake.always = Step(status=503)
    done = once(spool, "http://127.0.0.1:9" if away else fake.url, "--timeout", "1")
    assert (1, 1) == (done.returncode, done.stderr.count("\n"))
    assert f"{spool}: 0 indexed, 0 duplicate, 0 quarantined, 5 unsent\n" == done.stdout


def test_a_timeout_needs_once(spool):
    """Without --once there is no --timeout."""
    done = run("ship", "--spool", spool, "--url", "http://localhost", "--timeout", "1")
    assert (2, True) == (done.returncode, "--once" in done.stderr)


def test_one_bad_spool_stops_no_other(fake, spool, log, tmp_path):
    """The other spools are sent all the same; the exit code tells of the bad one."""
    log(5)
    typo = tmp_path / "typo"
    typo.mkdir()
    done = once(spool, fake.url, "--spool", typo, "--spool", tmp_path / "none")
    assert (1, 2) == (done.returncode, done.stderr.count("\n"))
    assert f"{typo} holds no segment" in done.stderr
    assert f"There is no spool {tmp_path / 'none'}" in done.stderr
    assert (5, []) == (len(fake.copies()), list(typo.iterdir()))


def test_an_emptied_spool_is_none_without_segments(fake, spool, log):
    """A spool of which everything was sent and deleted is in order."""
    log(5)
    assert 0 == once(spool, fake.url, "--keep", "0").returncode
    assert 0 == once(spool, fake.url, "--keep", "0").returncode
    assert [] == list(spool.glob("*.ndjson"))


def test_one_spool_by_two_names(fake, spool, log, tmp_path):
    """A spool that is named twice, once by a link, is shipped once and told once."""
    log(5)
    link = tmp_path / "link"
    link.symlink_to(spool)
    done = once(spool, fake.url, "--spool", link, "--spool", f"{spool}/.")
    assert (0, "", 1) == (done.returncode, done.stderr, done.stdout.count("\n"))
    told = run("status", "--spool", spool, "--spool", link)
    assert 1 == told.stdout.count("being shipped")


def test_waits_for_spools_that_come_later(fake, spool, tmp_path):
    """Without --once spools that are not there yet are waited for, the others shipped meanwhile."""
    other = tmp_path / "other"
    command = [*COMMAND, "ship", "--spool", spool, "--spool", other, "--url", fake.url]
    with subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True) as process:
        said = process.stderr.readline() + process.stderr.readline()
        for number, folder in enumerate((spool, other), 1):
            with driftlog.PredictionLogger(model="m", version="1", spool=folder) as logger:
                logger.log({"a": 1})
            deadline = time.monotonic() + 30
            while len(fake.copies()) < number and time.monotonic() < deadline:
                time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert (0, "") == (process.wait(20), process.stderr.read())
    assert 2 == said.count("yet; waiting for a service to log there.")
    assert 2 == len(fake.copies())


def test_stopped_while_it_waits(fake, tmp_path):
    """Waiting for a spool ends when it is told to, with 0, and makes no folder."""
    command = [*COMMAND, "ship", "--spool", str(tmp_path / "later"), "--url", fake.url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        process.stderr.readline()
        os.kill(process.pid, signal.SIGTERM)
        assert (0, "") == (process.wait(20), process.stderr.read())
    assert [] == list(tmp_path.iterdir())
