import json
import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-c", "from driftlog._main import main; main()"]


def run(*arguments, **settings):
    """Run driftlog; give what became of it."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, **settings
    )


def test_ship_once_and_status(fake, spool, log, tmp_path):
    """`ship --once` carries several spools and ends; `status` accounts for them."""
    import driftlog  # noqa: PLC0415 - only here

    log(30)
    other = tmp_path / "other"
    with driftlog.PredictionLogger(model="risk", version="1", spool=other) as logger:
        logger.log({"a": 1})
    both = ("--spool", spool, "--spool", other)
    before = json.loads(run("status", *both, "--json").stdout)["spools"]
    assert [(30, 30), (1, 1)] == [(one["accepted"], one["unsent"]) for one in before]
    done = run("ship", *both, "--url", fake.url, "--once")
    assert (0, "") == (done.returncode, done.stderr)
    assert 31 == len(fake.copies())
    first, second = json.loads(run("status", *both, "--json").stdout)["spools"]
    assert (30, 30, 0, None) == tuple(first[k] for k in ("accepted", "indexed", "unsent", "error"))
    assert 1 == second["indexed"]
    told = run("status", "--spool", spool).stdout
    assert "not being shipped" in told
    assert ["indexed", "30"] == next(
        line.split() for line in told.splitlines() if "indexed" in line
    )


def test_drains_on_sigterm(fake, spool, make):
    """On SIGTERM what waits is sent, and the command ends with 0."""
    logger = make()
    logger.log({"age": 0})
    command = [*COMMAND, "ship", "--spool", str(spool), "--url", fake.url]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 30
    while not fake.copies() and time.monotonic() < deadline:
        time.sleep(0.01)
    for number in range(100):
        logger.log({"age": number})
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(20)
    assert 101 == len(fake.copies())


def test_trouble_is_told(spool, log):
    """Where nothing listens, the command says so, goes on, and ends when it is told to."""
    log(1)
    command = [*COMMAND, "ship", "--spool", str(spool), "--url", "http://127.0.0.1:9"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = process.stderr.readline()
    deadline = time.monotonic() + 30
    while "Trouble (since" not in run("status", "--spool", spool).stdout:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(20)
    assert "no answer (Connection refused); check the URL" in said
    assert "the events wait in the spool" in said
    assert "" == process.stderr.read()
    process.stderr.close()
    assert "Trouble (since" in run("status", "--spool", spool).stdout


def test_status_tells_what_was_not_accepted(spool, make):
    """`status` tells what every logger of the spool dropped before it got there, and why."""
    import driftlog  # noqa: PLC0415 - only here

    logger = make(limits=driftlog.SpoolLimits(event_bytes=500))
    logger.log({"age": b"raw"})
    logger.log({f"n{number}": number for number in range(100)})
    logger.flush()
    (told,) = json.loads(run("status", "--spool", spool, "--json").stdout)["spools"]
    parts = [told[name] for name in ("accepted", "unsent", "not_accepted", "changed")]
    assert [1, 1, {"too large": 1}, {"value of no known kind": 1}] == parts
    shown = run("status", "--spool", spool).stdout
    (line,) = [line for line in shown.splitlines() if "not accepted" in line]
    assert ["not", "accepted", "1", "too", "large:", "1"] == line.split()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ship", "--spool", "no", "--once", "--url", "http://localhost"), "There is no spool"),
        (("ship", "--spool", ".", "--once", "--url", "http://localhost"), "holds no segment"),
        (("ship", "--spool", ".", "--url", "localhost"), "such as https://localhost:9200"),
        (("ship", "--spool", ".", "--url", "https://x", "--ca-certs", "no"), "cannot be read"),
        (("status", "--spool", "no"), "There is no spool"),
    ],
)
def test_bad_input(tmp_path, arguments, sentence):
    """What cannot work is one sentence on stderr, and exit code 1."""
    done = run(*arguments, cwd=tmp_path)
    assert (1, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert sentence in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_no_url(spool):
    """Without a URL the usage says how to give one."""
    done = run("ship", "--spool", spool, env={"PATH": "/usr/bin"})
    assert 2 == done.returncode
    assert "ELASTICSEARCH_URL" in done.stderr
