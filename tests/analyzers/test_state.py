import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state import StateFile
from driftlog_analyzers._window import CountSize, TimeSize, Window
from driftlog_analyzers.errors import InputError, StoreError
from tests.analyzers import value_strategies as values
from tests.analyzers.value_strategies import evaluation, finding, hour

ROOT = Path(__file__).parents[2]
HOUR = TimeSize(timedelta(hours=1))
DAY = TimeSize(timedelta(days=1))
THOUSAND = CountSize(1000)


@pytest.fixture
def path(tmp_path):
    """Where the state file goes."""
    return tmp_path / "state.db"


@pytest.fixture
def state(path):
    """An open state file."""
    with StateFile(path) as state:
        yield state


def save_hours(state, *numbers, model="churn"):
    """Save a profile for each of these hours; the hour is its number of events."""
    for number in numbers:
        state.save_profile(model, HOUR, hour(number), 1, "f", WindowProfile(number))


def rows(path):
    """Everything in the file."""
    with sqlite3.connect(path) as database:
        tables = ("profile", "evaluation", "episode")
        found = {name: list(database.execute(f"SELECT rowid, * FROM {name}")) for name in tables}
    database.close()
    return found


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


class TestProfiles:
    """Profiles of windows."""

    def test_kept_between_runs(self, path):
        """What one run saves the next one reads."""
        with StateFile(path) as state:
            save_hours(state, 1)
        with StateFile(path) as state:
            assert (1, "f", WindowProfile(1)) == state.profile("churn", HOUR, hour(1))

    def test_in_order(self, state):
        """Profiles come oldest window first, whatever the order in which they were saved."""
        save_hours(state, 3, 1, 2)
        expected = [(hour(number), 1, WindowProfile(number)) for number in (1, 2, 3)]
        assert expected == list(state.profiles("churn", HOUR))

    def test_windows_by_count_in_order(self, state):
        """Windows that begin at one moment are ordered by their first event."""
        start = values.MIDNIGHT
        windows = [Window(start, start, f"e{i}", f"e{i + 1}") for i in range(3)]
        for window in reversed(windows):
            state.save_profile("churn", THOUSAND, window, 1, "f", WindowProfile(1000))
        assert windows == [window for window, _, _ in state.profiles("churn", THOUSAND, start)]
        assert list(state.profiles("churn", THOUSAND, None, start)) == []

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (None, None, [1, 2, 3]),
            (hour(2).start, None, [2, 3]),
            (None, hour(2).start, [1]),
            (hour(1).start + timedelta(minutes=30), hour(2).start + timedelta(minutes=1), [1, 2]),
            (hour(2).start.astimezone(timezone(timedelta(hours=9))), hour(2).end, [2]),
            (hour(4).start, None, []),
        ],
    )
    def test_range(self, state, start, end, expected):
        """A range takes in every window that it touches."""
        save_hours(state, 1, 2, 3)
        found = [profile.events for _, _, profile in state.profiles("churn", HOUR, start, end)]
        assert expected == found

    def test_models_sizes_and_fingerprints_are_apart(self, state):
        """A model, a window size and a way of profiling each have profiles of their own."""
        save_hours(state, 1)
        save_hours(state, 2, model="fraud")
        state.save_profile("churn", DAY, hour(3), 1, "f", WindowProfile(3))
        state.save_profile("churn", HOUR, hour(4), 1, "g", WindowProfile(4))

        def events(*args, **kwargs):
            return [profile.events for _, _, profile in state.profiles(*args, **kwargs)]

        assert [
            events("churn", HOUR),
            events("fraud", HOUR),
            events("churn", DAY),
            events("churn", HOUR, fingerprint="g"),
        ] == [[1, 4], [2], [3], [4]]

    def test_a_revision_replaces(self, state):
        """A later revision of a window takes the place of the earlier one."""
        save_hours(state, 1)
        state.save_profile("churn", HOUR, hour(1), 2, "g", WindowProfile(7))
        assert [(hour(1), 2, WindowProfile(7))] == list(state.profiles("churn", HOUR))
        assert (2, "g", WindowProfile(7)) == state.profile("churn", HOUR, hour(1))

    def test_unknown(self, state):
        """A window that was never saved has no profile, nor has one that was cut otherwise."""
        save_hours(state, 1)
        otherwise = replace(hour(1), end_id="e-9")
        found = [state.profile("churn", HOUR, window) for window in (hour(2), otherwise)]
        assert found == [None, None]

    def test_saved_while_read(self, state):
        """Profiles may be saved anew while they are read; each is met once."""
        save_hours(state, 1, 2, 3)
        for window, revision, profile in state.profiles("churn", HOUR):
            state.save_profile("churn", HOUR, window, revision + 1, "f", profile)
        assert [revision for _, revision, _ in state.profiles("churn", HOUR)] == [2, 2, 2]

    def test_a_large_profile_is_compressed(self, state, path):
        """Repetitive profiles take a fraction of their JSON."""
        versions = {f"version {number}": number for number in range(20_000)}
        state.save_profile("churn", HOUR, hour(0), 1, "f", WindowProfile(1, versions=versions))
        ((*_, body),) = rows(path)["profile"]
        assert 3 * len(body) < len(zlib.decompress(body))


@settings(deadline=None, max_examples=40)
@given(values.profiles, values.windows, st.text(max_size=5), values.evaluations, values.episodes)
def test_round_trip(profile, window, name, result, episode):
    """Whatever is saved is read back equal, and saving it twice leaves the file's rows the same."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        with StateFile(path) as state:
            before = None
            for _ in range(2):
                state.save_profile(name, THOUSAND, window, 3, name, profile)
                state.save_evaluation(HOUR, result)
                state.save_episodes(HOUR, [episode])
                before = before or rows(path)
            assert before == rows(path)
            assert [(window, 3, profile)] == list(state.profiles(name, THOUSAND))
            assert (3, name, profile) == state.profile(name, THOUSAND, window)
            assert [result] == list(state.evaluations())
            assert (episode,) == state.episodes()


class TestEvaluations:
    """Evaluations of windows."""

    def test_filters(self, state):
        """Evaluations are found by model, size and time, oldest window first."""
        hours = [evaluation(number, finding()) for number in range(3)]
        for one in reversed(hours):
            state.save_evaluation(HOUR, one)
        fraud = evaluation(1, model="fraud")
        state.save_evaluation(DAY, fraud)
        assert [*hours[:2], fraud, hours[2]] == list(state.evaluations())
        assert hours == list(state.evaluations("churn"))
        assert [fraud] == list(state.evaluations(size=DAY))
        assert hours[1:2] == list(state.evaluations("churn", HOUR, hour(1).start, hour(1).end))

    def test_a_revision_replaces(self, state):
        """A later revision of an evaluation takes the place of the earlier one."""
        state.save_evaluation(HOUR, evaluation(0, finding()))
        healed = evaluation(0, revision=2)
        state.save_evaluation(HOUR, healed)
        assert [healed] == list(state.evaluations())


class TestEpisodes:
    """Episodes."""

    @pytest.fixture
    def episodes(self, state):
        """Three episodes, kept: one closed, one recovering and one pending no more."""
        bad = [finding("age"), finding("income"), finding("zip")]
        history = [evaluation(0, bad[0]), evaluation(1, bad[1]), evaluation(2, bad[2])]
        episodes = fold(history, EpisodeSettings(1, 2))
        state.save_episodes(HOUR, reversed(episodes))
        return episodes

    def test_in_order(self, state, episodes):
        """Episodes come in the order in which they opened."""
        assert episodes == state.episodes()

    def test_filters(self, state, episodes):
        """Episodes are found by model, size and status, and the open ones by themselves."""
        assert [e.status for e in episodes] == [Status.INACTIVE, Status.RECOVERING, Status.ACTIVE]
        other = fold([evaluation(5, finding(), model="fraud")], EpisodeSettings())
        state.save_episodes(DAY, other)
        assert other == state.episodes("fraud")
        assert other == state.episodes(size=DAY)
        assert episodes[:1] == state.episodes(status=Status.INACTIVE)
        assert episodes[1:] == state.episodes("churn", size=HOUR, closed=False)
        assert state.episodes("fraud", Status.PENDING) == ()

    def test_an_episode_goes_on(self, state, episodes):
        """A later state of an episode takes the place of the earlier one."""
        later = replace(episodes[2], status=Status.RECOVERING, good=1)
        state.save_episodes(HOUR, [later])
        assert (*episodes[:2], later) == state.episodes()

    def test_by_prefix(self, state, episodes):
        """An episode is found by as much of its id as tells it apart."""
        for episode in episodes:
            others = [e.id for e in episodes if e is not episode]
            length = next(
                n for n in range(1, 17) if not any(o[:n] == episode.id[:n] for o in others)
            )
            assert [episode] * 2 == [state.episode(episode.id[:n]) for n in (length, 16)]

    @pytest.mark.parametrize("prefix", ["xyz", "%", "_", "'"])
    def test_unknown_prefix(self, state, path, episodes, prefix):
        """An id that no alert has is refused, with the command that shows the ids."""
        assert episodes
        with pytest.raises(InputError) as caught:
            state.episode(prefix)
        assert str(caught.value) == (
            f"no alert in {path} has an id that begins with {prefix!r};"
            " `driftlog alerts list` shows the ids"
        )

    def test_ambiguous_prefix(self, state, episodes):
        """An id that several alerts begin with is refused, with two of them."""
        twins = [replace(episodes[0], id=f"abc{number}") for number in range(3)]
        state.save_episodes(HOUR, twins)
        with pytest.raises(InputError) as caught:
            state.episode("abc")
        assert str(caught.value) == (
            "3 alerts have an id that begins with 'abc', abc0 and abc1; write more of it"
        )

    def test_forget(self, state, episodes):
        """Folding anew begins by forgetting one model's episodes of one size."""
        state.save_episodes(DAY, [replace(episodes[0], id="daily")])
        state.forget_episodes("churn", HOUR)
        assert [episode.id for episode in state.episodes()] == ["daily"]


class TestTransaction:
    """All of a window or nothing."""

    def save_all(self, state):
        """Save a window as an analysis does; gives None."""
        with state.transaction():
            save_hours(state, 0)
            state.save_evaluation(HOUR, evaluation(0, finding()))
            state.save_episodes(HOUR, fold([evaluation(0, finding())], EpisodeSettings()))

    def test_all(self, state, path):
        """What was saved together is there together."""
        self.save_all(state)
        assert [len(table) for table in rows(path).values()] == [1, 1, 1]

    def test_nothing(self, state, path):
        """An error on the way leaves nothing, and the file can be used on."""
        with pytest.raises(TypeError), state.transaction():
            state.save_episodes(HOUR, [*self.save_all(state)])
        assert [len(table) for table in rows(path).values()] == [0, 0, 0]
        self.save_all(state)

    def test_unseen_until_it_ends(self, state, path):
        """Another reader sees a window's rows together, at the end."""
        with StateFile(path) as reader:
            with state.transaction():
                save_hours(state, 0)
                assert list(reader.profiles("churn", HOUR)) == []
            assert len(list(reader.profiles("churn", HOUR))) == 1

    def test_killed_on_the_way(self, path):
        """A process that dies within a transaction leaves the file as it was."""
        script = """
import os, sys
from pathlib import Path
from tests.analyzers.test_state import StateFile, save_hours
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

    def test_one_writer_at_a_time(self, state, path):
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


class TestTheFile:
    """The file itself."""

    def test_made_with_its_folders_for_its_owner(self, tmp_path):
        """A new file comes with its folders, and only its owner can read it."""
        path = tmp_path / "a b" / "#c?" / "state.db"
        with StateFile(path) as state:
            save_hours(state, 1)
            files = {file.name for file in path.parent.iterdir()}
        assert {"state.db", "state.db-wal", "state.db-shm"} == files
        assert path.stat().st_mode & 0o777 == 0o600

    def test_closing_leaves_one_file(self, path):
        """A closed state is one file, which can be copied."""
        with StateFile(path) as state:
            save_hours(state, 1)
        assert [path] == list(path.parent.iterdir())

    def test_many_at_once(self, path):
        """Processes that open a new file at the same moment all succeed."""
        script = """
import sys
from pathlib import Path
from tests.analyzers.test_state import StateFile, save_hours
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

    def test_an_empty_file_becomes_one(self, path):
        """An empty file, such as mktemp makes, is taken."""
        path.touch()
        with StateFile(path) as state:
            assert state.episodes() == ()

    def test_not_a_database(self, path):
        """A text file is refused and left as it is."""
        path.write_text("not a database, but quite long enough to look at" * 100)
        before = path.read_bytes()
        assert refusal(path) == (
            f"state file {path} is not a state file of driftlog; name another place for the state"
        )
        assert before == path.read_bytes()

    def test_another_programs_database(self, path):
        """Another program's database is refused and left as it is."""
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE theirs (x)")
        database.close()
        before = path.read_bytes()
        assert "is not a state file of driftlog" in refusal(path)
        assert before == path.read_bytes()

    def test_another_version(self, path):
        """A file of another version is refused with what to do."""
        StateFile(path).close()
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 7")
        database.close()
        assert refusal(path) == (
            f"state file {path} has version 7, and this driftlog reads version 1; use the driftlog"
            " that wrote it, or move the file away and analyze again"
        )

    def test_damaged_pages(self, path):
        """A file with zeroed pages is refused when they are read."""
        with StateFile(path) as state, state.transaction():
            save_hours(state, *range(300))
        data = path.read_bytes()
        path.write_bytes(data[:8192] + bytes(len(data) - 8192))
        with StateFile(path) as state, pytest.raises(StoreError) as caught:
            list(state.profiles("churn", HOUR))
        assert str(caught.value) == (
            f"state file {path} is damaged; move it away and analyze again:"
            " the spool has everything"
        )

    @pytest.mark.parametrize("body", [b"junk", zlib.compress(b"{"), zlib.compress(b'{"no": 1}')])
    def test_damaged_profile(self, state, body):
        """A row that is not what was saved is refused as damage."""
        save_hours(state, 1)
        state._database.execute("UPDATE profile SET body = ?", (body,))
        with pytest.raises(StoreError, match="is damaged; move it away and analyze again"):
            state.profile("churn", HOUR, hour(1))

    def test_a_folder(self, tmp_path):
        """A folder is refused."""
        expected = "cannot be opened; check that it is a file, and its permissions"
        assert f"state file {tmp_path} {expected}" == refusal(tmp_path)

    def test_a_file_as_folder(self, path):
        """A place under a file is refused."""
        path.touch()
        assert "cannot be made (File exists)" in refusal(path / "state.db")

    def test_a_full_disk(self, state, path):
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
    def test_read_only(self, in_use):
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

    def test_closed(self, path):
        """A closed file says so rather than failing in the library."""
        state = StateFile(path)
        state.close()
        with pytest.raises(StoreError, match="cannot be used"):
            state.episodes()

    def test_times_in_the_file_are_utc(self, state, path):
        """Whoever opens the file with another tool reads UTC with microseconds."""
        start = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1)))
        window = Window(start, start + timedelta(hours=1))
        state.save_profile("churn", HOUR, window, 1, "f", WindowProfile(5))
        ((_, *row, _),) = rows(path)["profile"]
        midnight, one = "2026-03-02T00:00:00.000000+00:00", "2026-03-02T01:00:00.000000+00:00"
        assert ["churn", "1h", midnight, "", one, "", 1, "f", 5] == row
        assert UTC.utcoffset(None) == window.start.astimezone(UTC).utcoffset()
