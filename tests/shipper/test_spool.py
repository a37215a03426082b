"""The spool on real files and in real processes: what is acknowledged is there."""

import errno
import fcntl
import json
import logging
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from driftlog import SettingsError, SpoolLimits
from driftlog._files import is_live
from driftlog._segment import BadRange, Line, recover
from driftlog.testing import read_events


def recovered(spool):
    """Give the ids that a reader finds, and the bad ranges."""
    ids, bad = [], []
    for path in sorted(Path(spool).glob("*.ndjson")):
        with path.open("rb") as file:
            for piece in recover(file):
                if isinstance(piece, BadRange):
                    bad.append(piece)
                elif isinstance(piece, Line):
                    ids.append(json.loads(piece.data)["event"]["id"])
    return ids, bad


def run(code, *arguments, **options):
    """Start Python on some code."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, **options
    )


CHILD = """
import sys, driftlog
logger = driftlog.PredictionLogger(model="m", version="1", spool=sys.argv[1])
"""


def test_private(make, spool):
    """The folder and its segments are for their owner alone."""
    make().log({"a": 1})
    (segment,) = spool.glob("*.ndjson")
    assert 0o700 == stat.S_IMODE(spool.stat().st_mode)
    assert 0o600 == stat.S_IMODE(segment.stat().st_mode)


def test_lock_tells_a_live_segment(make, spool):
    """A segment is locked as long as its process writes it."""
    logger = make()
    logger.log({"a": 1})
    (segment,) = spool.glob("*.ndjson")
    assert is_live(segment)
    logger.close()
    assert not is_live(segment)


def test_write_after_close(make, spool):
    """A logger that was closed opens another segment."""
    logger = make()
    logger.log({"a": 1})
    logger.close()
    assert logger.log({"a": 2})
    assert 2 == len(list(spool.glob("*.ndjson")))


def test_roll_by_size(make, spool):
    """Segments end before their size, and no event is split or lost."""
    with make(limits=SpoolLimits(segment_bytes=4096)) as logger:
        ids = [logger.log({"a": "x" * 200}) for _ in range(100)]
    sizes = [path.stat().st_size for path in spool.glob("*.ndjson")]
    assert len(sizes) > 5
    assert max(sizes) <= 4096
    assert ids == [event["event"]["id"] for event in read_events(spool)]


def test_roll_by_age(make, spool):
    """An old segment is closed with the next event."""
    logger = make(limits=SpoolLimits(segment_age=0.01))
    logger.log({})
    time.sleep(0.02)
    logger.log({})
    assert 2 == len(list(spool.glob("*.ndjson")))


def test_too_large(make):
    """An event above the limit is dropped and counted, its neighbours stay."""
    logger = make(limits=SpoolLimits(event_bytes=10_000))
    assert logger.log({f"f{n}": "x" * 100 for n in range(200)}) is None
    assert logger.log({"a": "x" * 100_000_000}) is not None
    assert (1, {"too large": 1}) == (logger.counters.accepted, logger.counters.dropped)


def test_cap_drop_newest(make, spool):
    """At the cap new events are dropped and counted; room lets events in again."""
    logger = make(limits=SpoolLimits(spool_bytes=20_000))
    results = [logger.log({"a": "x" * 500}) for _ in range(100)]
    kept = [event for event in results if event]
    assert 0 < len(kept) < 40
    assert sum(path.stat().st_size for path in spool.glob("*.ndjson")) <= 20_000
    assert 100 == logger.counters.accepted + logger.counters.dropped["spool full"]
    min(spool.glob("*.ndjson")).unlink()
    time.sleep(1.1)
    assert logger.log({"a": 1})


def test_cap_drop_oldest(make, spool):
    """At the cap the oldest closed segments go, counted, and every new event is kept."""
    limits = SpoolLimits(spool_bytes=20_000, when_full="drop oldest")
    logger = make(limits=limits)
    ids = [logger.log({"a": "x" * 500}) for _ in range(100)]
    assert all(ids)
    assert sum(path.stat().st_size for path in spool.glob("*.ndjson")) <= 20_000
    left = [event["event"]["id"] for event in read_events(spool)]
    assert ids[-len(left) :] == left
    assert 100 == len(left) + logger.counters.deleted_events


def test_foreign_segment_is_counted_when_deleted(make, spool):
    """The events of a segment that another process left are counted, and nobody waits for it."""
    with make() as before:
        for _ in range(30):
            before.log({"a": "x" * 500})
    logger = make(limits=SpoolLimits(spool_bytes=20_000, when_full="drop oldest"))
    assert all(logger.log({"a": "x" * 500}) for _ in range(10))
    assert 30 == logger.counters.deleted_events
    held = [target(path) for path in Path("/proc/self/fd").iterdir()]
    assert not [path for path in held if str(spool) in path and "(deleted)" in path]


def target(path):
    """Say what a descriptor stands for; nothing, where it is closed by now."""
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


def test_close_does_not_wait_for_a_hung_disk(make, monkeypatch):
    """A disk that hangs in fsync holds close() up for a second at the most."""
    hung = threading.Event()
    logger = make(limits=SpoolLimits(sync_interval=60))
    logger.log({"a": 1})
    monkeypatch.setattr(os, "fdatasync", lambda _: hung.wait(20))
    started = time.monotonic()
    logger.close()
    assert time.monotonic() - started < 3
    hung.set()


def test_locked_segment_is_not_deleted(make, spool):
    """A segment that somebody holds a lock on is not deleted to make room."""
    logger = make(limits=SpoolLimits(spool_bytes=20_000, when_full="drop oldest"))
    logger.log({"a": 1})
    first = next(spool.glob("*.ndjson"))
    logger.close()
    with first.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        for _ in range(100):
            logger.log({"a": "x" * 500})
        assert first.exists()


def test_threads(make, spool):
    """Four threads write whole lines with ids of their own."""
    logger = make()

    def work():
        for number in range(500):
            logger.log({"n": number, "s": "x" * number})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids, bad = recovered(spool)
    assert (2001, []) == (len(set(ids)), bad)
    assert 2000 == logger.counters.accepted


@pytest.mark.parametrize("after", ["", "logger.close()", "os._exit(0)", "os.kill(os.getpid(), 15)"])
def test_exit(spool, after):
    """However a process ends, nothing that it logged is lost, and the end takes no second."""
    code = CHILD + f"import os\nfor n in range(100): logger.log({{'n': n}})\n{after}"
    started = time.monotonic()
    with run(code, spool) as process:
        process.wait(20)
    assert time.monotonic() - started < 10
    assert 100 == len(read_events(spool))


def test_kill(spool):
    """Killed at random moments, a service has lost no event whose id it was given.

    ``DRIFTLOG_KILLS`` says how often; 20 times by default.
    """
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    code = (
        CHILD
        + "import os\nwhile True: os.write(1, (logger.log({'a': 'x' * 300}) + chr(10)).encode())"
    )
    total = 0
    for _ in range(int(os.environ.get("DRIFTLOG_KILLS", "20"))):
        with run(code, spool) as process:
            process.stdout.readline()
            time.sleep(chance.random() / 20)
            process.send_signal(signal.SIGKILL)
            acknowledged = process.stdout.read().decode().split("\n")[:-1]
        ids, bad = recovered(spool)
        assert not set(acknowledged) - set(ids)
        assert {one.reason for one in bad} <= {"torn"}
        total += len(acknowledged)
        for path in Path(spool).iterdir():
            path.unlink()
    print(f"{total} events acknowledged, none lost")


def test_fork(make, spool):
    """Forked writers of large lines each have a segment, and never touch their parent's."""
    logger = make()
    logger.log({"who": "parent"})
    logger.flush()
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            for _ in range(10):
                logger.log({f"f{n}": f"{child}" * 1000 for n in range(300)})
            alive = any(thread.name == "driftlog-sync" for thread in threading.enumerate())
            os._exit(0 if alive and logger.counters.accepted == 10 else 1)
        children.append(pid)
    assert [0] * 4 == [os.waitpid(pid, 0)[1] for pid in children]
    logger.log({"who": "parent"})
    ids, bad = recovered(spool)
    assert (5 + 42, []) == (len(set(ids)), bad)
    assert 5 == len(list(spool.glob("*.ndjson")))


def test_file_size_limit(spool):
    """At the operating system's limit half a line is taken back; a new segment takes the next."""
    code = """
import resource, time
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
written = [logger.log({"a": "x" * 200}) for _ in range(20)]
time.sleep(1.1)
print(sum(map(bool, written)), logger.log({"a": 1}) is not None, flush=True)
"""
    with run(CHILD + code, spool) as process:
        out = process.stdout.read().decode()
    assert [] == recovered(spool)[1]
    count, recovered_itself = out.split()
    assert "True" == recovered_itself
    assert 0 < int(count) == len(read_events(spool)) - 1


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("Mounting a small tmpfs needs root.")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk_full(make, small_disk):
    """On a full disk events are dropped and counted, lines stay whole, and it recovers."""
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 40_000)
    logger = make(spool=small_disk / "spool")
    results = [logger.log({"a": "x" * 900}) for _ in range(100)]
    kept = sum(map(bool, results))
    assert 0 < kept < 100
    assert {"disk full": 100 - kept} == logger.counters.dropped
    assert logger.counters.write_errors < 5
    filler.unlink()
    time.sleep(1.1)
    assert logger.log({"a": 1})
    _, bad = recovered(small_disk / "spool")
    assert ([], kept + 1) == (bad, len(read_events(small_disk / "spool")))


def test_unusable_folder(make, tmp_path, caplog):
    """A spool that cannot be made costs events and one warning, not the service."""
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        logger = make(spool=tmp_path / "file" / "spool")
        assert [None] * 50 == [logger.log({"a": 1}) for _ in range(50)]
    assert {"spool missing": 50} == logger.counters.dropped
    assert 1 == len(caplog.records)
    assert "spool missing" in caplog.text
    assert logger.counters.write_errors == 1


def test_half_a_write(make, spool, monkeypatch):
    """A short write is taken back; where even that fails the next line has another segment."""
    logger = make()
    logger.log({"a": 1})
    write = os.write

    def short(fd, data):
        return write(fd, data[:20])

    def refuse(*_):
        raise OSError(errno.EIO, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        patch.setattr(os, "ftruncate", refuse)
        assert logger.log({"a": 2}) is None
    logger._spool._blocked = ("", 0.0)
    assert logger.log({"a": 3})
    ids, bad = recovered(spool)
    assert (4, [20]) == (len(ids), [one.length for one in bad])


def test_sync_thread(make, monkeypatch):
    """What was written is brought to the disk within the interval, and not without need."""
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), real(fd)))
    logger = make(limits=SpoolLimits(sync_interval=0.02))
    logger.log({"a": 1})
    time.sleep(0.2)
    count = len(synced)
    assert 2 == count
    time.sleep(0.1)
    assert count == len(synced)


def test_no_sync_thread(make):
    """Without an interval there is no thread."""
    make(limits=SpoolLimits(sync_interval=None)).log({"a": 1})
    assert not [thread for thread in threading.enumerate() if thread.name == "driftlog-sync"]


@pytest.mark.parametrize(
    "limits",
    [{"segment_bytes": 0}, {"spool_bytes": -1}, {"sync_interval": 0}, {"when_full": "explode"}],
)
def test_limits(limits):
    """Limits that make no sense are refused with a sentence."""
    with pytest.raises(SettingsError, match="SpoolLimits: "):
        SpoolLimits(**limits)


def test_open_files_limit(spool):
    """Without a descriptor to be had the service goes on, and logs again when there is one."""
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
    code = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
taken = []
try:
    while True: taken.append(os.dup(1))
except OSError: pass
lost = logger.log({"a": 1})
os.close(taken.pop()); os.close(taken.pop()); os.close(taken.pop())
time.sleep(1.1)
print(lost, logger.log({"a": 1}) is not None)
"""
    with run(CHILD + code, spool) as process:
        assert b"None True" == process.stdout.read().strip()
