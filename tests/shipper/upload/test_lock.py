import fcntl
import os
import threading
import time

import pytest

from driftlog import SpoolError
from driftlog._upload import Upload, ship
from driftlog._upload._lock import SpoolLock, holder


def test_the_number_is_never_missing(tmp_path):
    """Whoever looks while a lock is taken again and again sees its holder's number or none, never 0."""
    (tmp_path / "lock").write_text("4194303999\n")
    seen, done = set(), threading.Event()

    def look():
        while not done.is_set():
            seen.add(holder(tmp_path))

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(500):
        lock = SpoolLock(tmp_path)
        lock.acquire()
        lock.release()
    done.set()
    thread.join()
    assert seen <= {None, os.getpid(), 4194303999}


def test_a_number_that_comes_late(tmp_path):
    """Of a lock that was just taken for the first time the number is waited for."""
    path = tmp_path / "lock"
    path.touch()
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        threading.Timer(0.05, file.write, [b"77\n"]).start()
        assert 77 == holder(tmp_path)


def test_somebody_who_only_looks(fake, spool, log):
    """A look at the lock, as `driftlog status` takes one, does not keep an uploader from starting."""
    log(3)
    (spool / "upload").mkdir()
    path = spool / "upload" / "lock"
    path.touch()
    file = path.open("rb")
    fcntl.flock(file, fcntl.LOCK_SH)
    threading.Timer(0.2, file.close).start()
    ship(spool, Upload(url=fake.url, heartbeat=None), until_empty=True)
    assert 3 == len(fake.copies())


def test_the_other_one_is_named(fake, spool, log):
    """The process that ships a spool already is named."""
    log(1)
    lock = SpoolLock(spool / "upload")
    assert lock.acquire()
    start = time.monotonic()
    with pytest.raises(SpoolError, match=f"being shipped by process {os.getpid()} already"):
        ship(spool, Upload(url=fake.url), until_empty=True)
    assert time.monotonic() - start < 5
    lock.release()
