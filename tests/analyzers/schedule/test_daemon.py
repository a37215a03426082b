"""The command as a process of its own, on windows of two seconds."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._baseline_file import BaselineFolder
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import parse_size
from tests.analyzers.notify.receivers import free_port
from tests.analyzers.spools import MODEL
from tests.analyzers.state_helpers import ROOT

SIZE = parse_size("2s")
PER_WINDOW = 40
CONFIG = """
spool = "spool"
[detection]
min_events = 5
[schedule]
every = "1s"
lag_least = "1s"
lease = "5s"
[models.churn]
window = "2s"
"""
COMMAND = "from driftlog_analyzers.cli import main; main()"


def log(spool, begin, seconds):
    """Log events from a moment on."""
    chance = random.Random(1)
    with PredictionLogger(model=MODEL, version="7", spool=spool) as logger:
        for n in range(seconds * PER_WINDOW // 2):
            at = begin + timedelta(seconds=2 * n / PER_WINDOW)
            logger.log({"x": chance.gauss(0, 1), "c": chance.choice("abc")}, timestamp=at)


@pytest.fixture
def place(tmp_path):
    """A folder with a configuration, a spool of two minutes until now, and a baseline of the first of them."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=120)
    log(tmp_path / "spool", begin, 120)
    with SpoolStore(tmp_path / "spool") as store:
        baseline = baseline_from_store(
            store, model=MODEL, version="7", end=begin + timedelta(seconds=60)
        )
    BaselineFolder(tmp_path / "spool" / "analysis" / "baselines").save(baseline)
    (tmp_path / "driftlog.toml").write_text(CONFIG)
    return tmp_path


@contextmanager
def running(place, *options):
    """The command, killed at the end if it still runs."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with (place / "err.txt").open("ab") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "run", "--config", "driftlog.toml", *options],
            cwd=place,
            env=environment,
            stderr=err,
            stdout=subprocess.PIPE,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def said(place):
    """Everything on stderr so far."""
    return (place / "err.txt").read_text()


def evaluated(place) -> list[Evaluation]:
    """What is stored."""
    path = place / "spool" / "analysis" / "state.sqlite"
    if not path.exists():
        return []
    with StateFile(path) as state:
        return list(state.evaluations(MODEL, SIZE))


def wait_for(condition, seconds=400):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def assert_whole(found):
    """Every window from the first to the last is there once."""
    starts = [evaluation.window.start for evaluation in found]
    steps = {b - a for a, b in pairwise(starts)}
    assert {SIZE.duration} == steps


def test_runs_until_it_is_told_to_end(place):
    """Windows are evaluated as they end, silent ones too; SIGTERM ends it with 0 and a last heartbeat."""
    with running(place) as process:
        # From an odd second on, the events lie in 61 windows.
        wait_for(lambda: len(evaluated(place)) > 61)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(200)
    found = evaluated(place)
    assert_whole(found)
    assert found[-1].events == 0
    with StateFile(place / "spool" / "analysis" / "state.sqlite") as state:
        (beat,) = state.beats(datetime(2000, 1, 1, tzinfo=UTC))
        assert ("stopped", 1.0, 0) == (beat.status, beat.every_s, beat.failed)
        assert beat.windows_done <= len(found)
        # The lease was given back: another need not wait for its end.
        assert state.take(MODEL, "another", datetime.now(UTC), timedelta(seconds=5)) is not None
    assert "Traceback" not in said(place)


def test_killed_at_random(place):
    """Killed with -9 again and again, it ends with every window once, as one run over all leaves it."""
    seed = random.randrange(1000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(4):
        with running(place) as process:
            time.sleep(chance.uniform(0.5, 6))
            process.kill()
    with running(place, "--once") as process:
        assert 0 == process.wait(300)
    found = evaluated(place)
    assert_whole(found)
    assert 1 == max(evaluation.revision for evaluation in found)


def test_reads_its_configuration_again(place):
    """SIGHUP has it read the configuration; one with a problem is refused with a sentence, and the old one stays."""
    file = place / "driftlog.toml"
    with running(place) as process:
        wait_for(lambda: evaluated(place))
        file.write_text(CONFIG.replace("every", "evry"))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "did you mean every?" in said(place))
        assert "The configuration stays as it was: driftlog.toml: schedule.evry" in said(place)
        file.write_text(CONFIG + '[[routes]]\nname = "ops"\nurl_env = "NOT_SET"\n')
        process.send_signal(signal.SIGHUP)
        refused = "The configuration stays as it was: route ops: the variable NOT_SET is not set"
        wait_for(lambda: refused in said(place))
        assert "trying again" not in said(place)
        file.write_text(CONFIG.replace('window = "2s"', 'windows = ["2s", "4s"]'))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "was read again" in said(place))

        def larger():
            with StateFile(place / "spool" / "analysis" / "state.sqlite") as state:
                return "4s" in state.sizes(MODEL)

        wait_for(larger)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(200)


def test_metrics(place):
    """Prometheus can read what was done, and the figures of each feature in the latest window."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"127.0.0.1:{free_port()}"
    with running(place, "--metrics", address) as process:
        wait_for(lambda: evaluated(place))

        def read():
            try:
                with direct.open(f"http://{address}/metrics", timeout=10) as answer:
                    return answer.read().decode()
            except OSError:
                return ""

        wait_for(lambda: 'driftlog_windows_total{model="churn",window="2s"}' in read())
        lines = dict(line.rsplit(" ", 1) for line in read().splitlines() if line[0] != "#")
        assert float(lines['driftlog_windows_total{model="churn",window="2s"}']) > 50
        assert float(lines["driftlog_runs_total"]) >= 1
        assert 'driftlog_ingest_lag_seconds{model="churn"}' in lines
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(200)


def test_no_spool_is_waited_for(place):
    """A store that is not there is said in a sentence and tried again; it goes on once it is there."""
    (place / "spool").rename(place / "away")
    with running(place) as process:
        wait_for(lambda: "there is no spool folder" in said(place))
        assert "trying again in" in said(place)
        (place / "away").rename(place / "spool")
        wait_for(lambda: evaluated(place))
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(200)
    assert "Traceback" not in said(place)
