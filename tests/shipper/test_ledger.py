"""What a process dropped and changed, as others can read it: while it runs, after it, and after a kill."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog import SpoolLimits
from driftlog._ledger import Losses, read_losses

COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 9))
LOSSES = st.builds(Losses, COUNTS, COUNTS, st.integers(0, 9), st.integers(0, 9))
SMALL = SpoolLimits(event_bytes=500, sync_interval=0.02)
TOO_LARGE = {f"n{number}": number for number in range(100)}
CHILD = """
import sys, time, driftlog
limits = driftlog.SpoolLimits(event_bytes=500, sync_interval=0.02)
logger = driftlog.PredictionLogger(model="m", version="1", spool=sys.argv[1], limits=limits)
for _ in range(int(sys.argv[2])):
    logger.log({f"n{number}": number for number in range(100)})
logger.log({"a": b"raw"})
print(flush=True)
"""
SLEEP = "time.sleep(60)"


def wait_for(expected, look, seconds=15.0):
    """Wait until a look gives what is expected."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != expected:
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)


def files(spool):
    """Give the names of the files of single processes."""
    return [path.name for path in (spool / "counters").glob("*.json") if path.stem != "total"]


@given(LOSSES, LOSSES)
def test_adding(one, other):
    """Losses add up, and what was added can be taken off."""
    assert one.plus(other) == other.plus(one)
    assert one == one.plus(other).plus(other, -1)


def test_nothing_to_tell(make, spool):
    """A service for which all goes well keeps no counters."""
    with make(limits=SMALL) as logger:
        logger.log({"a": 1})
        logger.flush()
    assert [] == [path for path in spool.iterdir() if path.is_dir()]
    assert Losses() == read_losses(spool)


def test_while_it_runs_and_after(make, spool):
    """Others see what was dropped while the logger runs; the file ends up in the total."""
    logger = make(limits=SMALL)
    logger.log(TOO_LARGE)
    wait_for({"too large": 1}, lambda: read_losses(spool).dropped)
    assert 1 == len(files(spool))
    logger.log(TOO_LARGE)
    logger.log({"a": object()})
    logger.close()
    expected = Losses({"too large": 2}, {"value of no known kind": 1})
    assert (expected, []) == (read_losses(spool), files(spool))
    logger.log(TOO_LARGE)
    logger.close()
    assert ({"too large": 3}, []) == (read_losses(spool).dropped, files(spool))


def test_flush_and_no_thread(make, spool):
    """Without a thread, `flush` and `close` write the counters."""
    logger = make(limits=SpoolLimits(event_bytes=500, sync_interval=None))
    logger.log(TOO_LARGE)
    assert Losses() == read_losses(spool)
    logger.flush()
    assert {"too large": 1} == read_losses(spool).dropped
    logger.log(TOO_LARGE)
    logger.close()
    assert {"too large": 2} == read_losses(spool).dropped


def test_private(make, spool):
    """The counters are their owner's alone, even where they are the first thing in a spool."""
    logger = make(limits=SMALL)
    logger.log(TOO_LARGE)
    wait_for(1, lambda: len(files(spool)))
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in (spool / "counters").iterdir()
        if path.suffix != ".new"
    }
    assert {0o600} == modes
    assert [0o700, 0o700] == [
        stat.S_IMODE(path.stat().st_mode) for path in (spool, spool / "counters")
    ]


def test_killed(spool, make):
    """What a killed process had written down stays, once, whoever tidies up after it."""
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", CHILD + SLEEP, str(spool), "5"])
        expected = read_losses(spool).plus(Losses({"too large": 5}, {"value of no known kind": 1}))
        wait_for((expected, 1), lambda: (read_losses(spool), len(files(spool))))
        process.kill()
        process.wait()
        assert (expected, 1) == (read_losses(spool), len(files(spool)))
    make(limits=SMALL).log(TOO_LARGE)
    wait_for(({"too large": 16}, 1), lambda: (read_losses(spool).dropped, len(files(spool))))


def test_killed_while_tidying(make, spool):
    """A file that stands in the total already is not counted again, and goes."""
    with make(limits=SMALL) as logger:
        logger.log(TOO_LARGE)
    total = spool / "counters" / "total.json"
    (folded,) = orjson.loads(total.read_bytes())["folded"]
    left = spool / "counters" / folded
    left.write_bytes(total.read_bytes())
    assert {"too large": 1} == read_losses(spool).dropped
    with make(limits=SMALL) as logger:
        logger.log(TOO_LARGE)
    assert ({"too large": 2}, False) == (read_losses(spool).dropped, left.exists())


@pytest.mark.parametrize("data", [b"", b"{}", b"\0\0", b'{"dropped":1}'])
def test_damaged(make, spool, data):
    """A file that a power loss left empty or damaged is nothing, and goes; the others count."""
    with make(limits=SMALL) as logger:
        logger.log(TOO_LARGE)
    damaged = spool / "counters" / "0123.json"
    damaged.write_bytes(data)
    assert {"too large": 1} == read_losses(spool).dropped
    with make(limits=SMALL) as logger:
        logger.log(TOO_LARGE)
    assert ({"too large": 2}, []) == (read_losses(spool).dropped, files(spool))


def test_many_processes_at_once(spool):
    """Processes that end at the same time lose none of each other's counts, whoever looks on."""
    crew = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(spool), "7"], stdout=subprocess.DEVNULL)
        for _ in range(6)
    ]
    seen = [0]
    while any(process.poll() is None for process in crew):
        seen.append(sum(read_losses(spool).dropped.values()))
    assert sorted(seen) == seen
    assert {"too large": 42} == read_losses(spool).dropped


def test_fork(make, spool):
    """A forked child counts for itself, and the parent's file stays the parent's."""
    logger = make(limits=SMALL)
    logger.log(TOO_LARGE)
    wait_for({"too large": 1}, lambda: read_losses(spool).dropped)
    child = os.fork()
    if child == 0:
        logger.log(TOO_LARGE)
        logger.close()
        os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]
    # The child's file may have been left to the parent to add up, where that was at it just then.
    assert ({"too large": 2}, True) == (read_losses(spool).dropped, len(files(spool)) in {1, 2})
    child = os.fork()
    if child == 0:
        logger.log(TOO_LARGE)
        logger.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    logger.close()
    assert ({"too large": 3}, []) == (read_losses(spool).dropped, files(spool))


def test_not_writable(make, tmp_path):
    """Counters that cannot be written harm nobody, and are written when they can be."""
    (tmp_path / "spool").write_bytes(b"a file, not a folder")
    logger = make(limits=SMALL)
    logger.log({"a": 1})
    logger.flush()
    assert {"spool missing": 1} == logger.counters.dropped
    Path(tmp_path / "spool").unlink()
    logger.flush()
    assert {"spool missing": 1} == read_losses(tmp_path / "spool").dropped
