import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import InputError, StoreError
from tests.analyzers import value_strategies as values
from tests.analyzers.state_helpers import DAY, HOUR, ROOT, THOUSAND, rows, save_hours
from tests.analyzers.value_strategies import evaluation, finding, hour


@pytest.fixture
def path(tmp_path):
    """Where the state file goes."""
    return tmp_path / "state.db"


@pytest.fixture
def state(path):
    """An open state file."""
    with StateFile(path) as state:
        yield state


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
