import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import StoreError
from tests.analyzers.state_helpers import HOUR, ROOT, rows, save_hours
from tests.analyzers.value_strategies import hour


@pytest.fixture
def path(tmp_path):
    """Where the state file goes."""
    return tmp_path / "state.db"


@pytest.fixture
def state(path):
    """An open state file."""
    with StateFile(path) as state:
        yield state


def refusal(path, **kwargs):
    """What opening the file is refused with."""
    with pytest.raises(StoreError) as caught:
        StateFile(path, **kwargs)
    return str(caught.value)


@contextmanager
def unwritable(folder):
    """Nobody may write to the folder and its files, and this process is not the superuser."""
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    user = os.getuid()
    if user == 0:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if user == 0:
            os.setresuid(0, 0, 0)
        folder.chmod(0o755)


def test_made_with_its_folders_for_its_owner(tmp_path):
    """A new file comes with its folders, and only its owner can read it."""
    path = tmp_path / "a b" / "#c?" / "state.db"
    with StateFile(path) as state:
        save_hours(state, 1)
        files = {file.name for file in path.parent.iterdir()}
    assert {"state.db", "state.db-wal", "state.db-shm"} == files
    assert path.stat().st_mode & 0o777 == 0o600


def test_closing_leaves_one_file(path):
    """A closed state is one file, which can be copied."""
    with StateFile(path) as state:
        save_hours(state, 1)
    assert [path] == list(path.parent.iterdir())


def test_many_at_once(path):
    """Processes that open a new file at the same moment all succeed."""
    script = """
import sys
from pathlib import Path
from driftlog_analyzers._state_file import StateFile
from tests.analyzers.state_helpers import save_hours
number = int(sys.argv[2])
sys.stdin.read()
with StateFile(Path(sys.argv[1])) as state:
    save_hours(state, number)
"""
    command = [sys.executable, "-c", script, path]
    processes = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, cwd=ROOT)
        for number in range(4)
    ]
    for process in processes:
        process.stdin.close()
    assert [process.wait() for process in processes] == [0] * 4
    with StateFile(path) as state:
        events = [profile.events for _, _, profile in state.profiles("churn", HOUR)]
    assert events == [0, 1, 2, 3]


def test_an_empty_file_becomes_one(path):
    """An empty file, such as mktemp makes, is taken."""
    path.touch()
    with StateFile(path) as state:
        assert state.episodes() == ()


def test_not_a_database(path):
    """A text file is refused and left as it is."""
    path.write_text("not a database, but quite long enough to look at" * 100)
    before = path.read_bytes()
    assert refusal(path) == (
        f"state file {path} is not a state file of driftlog; name another place for the state"
    )
    assert before == path.read_bytes()


def test_another_programs_database(path):
    """Another program's database is refused and left as it is."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    before = path.read_bytes()
    assert "is not a state file of driftlog" in refusal(path)
    assert before == path.read_bytes()


def test_another_version(path):
    """A file of another version is refused with what to do."""
    StateFile(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 7")
    database.close()
    assert refusal(path) == (
        f"state file {path} has version 7, and this driftlog reads version 2; use the driftlog"
        " that wrote it, or move the file away and analyze again"
    )


def test_damaged_pages(path):
    """A file with zeroed pages is refused when they are read."""
    with StateFile(path) as state, state.transaction():
        save_hours(state, *range(300))
    data = path.read_bytes()
    path.write_bytes(data[:8192] + bytes(len(data) - 8192))
    with StateFile(path) as state, pytest.raises(StoreError) as caught:
        list(state.profiles("churn", HOUR))
    assert str(caught.value) == (
        f"state file {path} is damaged; move it away and analyze again: the spool has the events"
    )


@pytest.mark.parametrize("body", [b"junk", zlib.compress(b"{"), zlib.compress(b'{"no": 1}')])
def test_damaged_profile(state, body):
    """A row that is not what was saved is refused as damage."""
    save_hours(state, 1)
    state._database.execute("UPDATE profile SET body = ?", (body,))
    with pytest.raises(StoreError, match="is damaged; move it away and analyze again"):
        state.profile("churn", HOUR, hour(1))


def test_a_folder(tmp_path):
    """A folder is refused."""
    expected = "cannot be opened; check that it is a file, and its permissions"
    assert f"state file {tmp_path} {expected}" == refusal(tmp_path)


def test_a_file_as_folder(path):
    """A place under a file is refused."""
    path.touch()
    assert "cannot be made (File exists)" in refusal(path / "state.db")


def test_a_full_disk(state, path):
    """A disk that is full is one sentence, and what was there stays."""
    save_hours(state, 1)
    pages = state._database.execute("PRAGMA page_count").fetchone()[0]
    state._database.execute(f"PRAGMA max_page_count = {pages}")
    noise = {os.urandom(20).hex(): 1 for _ in range(2000)}
    big = WindowProfile(3, versions=noise)
    with pytest.raises(StoreError) as caught, state.transaction():
        state.save_profile("churn", HOUR, hour(2), 1, "f", big)
    assert str(caught.value) == (
        f"state file {path} cannot grow: the disk is full;"
        " free some space and run the command again"
    )
    assert [profile.events for _, _, profile in state.profiles("churn", HOUR)] == [1]


@pytest.mark.parametrize("in_use", [False, True])
def test_read_only(in_use):
    """Who may not write can read, be somebody writing or not, and is told so when they save."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        writer = StateFile(path)
        save_hours(writer, 1)
        if not in_use:
            writer.close()
        with unwritable(path.parent), StateFile(path) as state:
            events = [profile.events for _, _, profile in state.profiles("churn", HOUR)]
            with pytest.raises(StoreError) as caught:
                save_hours(state, 2)
        writer.close()
    assert events == [1]
    expected = "is read-only; make it writable or name another place for the state"
    assert str(caught.value) == f"state file {path} {expected}"


def test_closed(path):
    """A closed file says so rather than failing in the library."""
    state = StateFile(path)
    state.close()
    with pytest.raises(StoreError, match="cannot be used"):
        state.episodes()


def test_times_in_the_file_are_utc(state, path):
    """Whoever opens the file with another tool reads UTC with microseconds."""
    start = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1)))
    window = Window(start, start + timedelta(hours=1))
    state.save_profile("churn", HOUR, window, 1, "f", WindowProfile(5))
    ((_, *row, _),) = rows(path)["profile"]
    midnight, one = "2026-03-02T00:00:00.000000+00:00", "2026-03-02T01:00:00.000000+00:00"
    assert ["churn", "1h", midnight, "", one, "", 1, "f", 5] == row
    assert UTC.utcoffset(None) == window.start.astimezone(UTC).utcoffset()


def test_a_large_profile_is_compressed(state, path):
    """Repetitive profiles take a fraction of their JSON."""
    versions = {f"version {number}": number for number in range(20_000)}
    state.save_profile("churn", HOUR, hour(0), 1, "f", WindowProfile(1, versions=versions))
    ((*_, body),) = rows(path)["profile"]
    assert 3 * len(body) < len(zlib.decompress(body))


def test_killed_on_the_way(path):
    """A process that dies within a transaction leaves the file as it was."""
    script = """
import os, sys
from pathlib import Path
from driftlog_analyzers._state_file import StateFile
from tests.analyzers.state_helpers import save_hours
with StateFile(Path(sys.argv[1])) as state:
    save_hours(state, 1)
    with state.transaction():
        save_hours(state, 2)
        os._exit(9)
"""
    command = [sys.executable, "-c", script, path]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == 9
    with StateFile(path) as state:
        assert [profile.events for _, _, profile in state.profiles("churn", HOUR)] == [1]


def test_one_writer_at_a_time(state, path):
    """A second writer waits, and gives up in one sentence."""
    with (
        StateFile(path, timeout=0.05) as other,
        state.transaction(),
        pytest.raises(StoreError) as caught,
    ):
        save_hours(other, 1)
    assert str(caught.value) == (
        f"state file {path} is in use by another process; try again when that has finished"
    )
