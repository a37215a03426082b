from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftlog_analyzers._episode import EpisodeSettings, Status, fold
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import InputError
from tests.analyzers import value_strategies as values
from tests.analyzers.state_helpers import DAY, HOUR, THOUSAND, save_hours
from tests.analyzers.value_strategies import evaluation, finding, hour


@pytest.fixture
def state(home):
    """An open state."""
    with home.open() as state:
        yield state


class TestProfiles:
    """Profiles of windows."""

    def test_kept_between_runs(self, home):
        """What one run saves the next one reads."""
        with home.open() as state:
            save_hours(state, 1)
        with home.open() as state:
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

    def test_seen_by_others(self, state, home):
        """What one process saved another one reads at once."""
        save_hours(state, 1)
        with home.open() as other:
            assert (1, "f", WindowProfile(1)) == other.profile("churn", HOUR, hour(1))


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values.profiles, values.windows, st.text(max_size=5), values.evaluations, values.episodes)
def test_round_trip(home, profile, window, name, result, episode):  # noqa: PLR0917 - what hypothesis makes
    """Whatever is saved is read back equal, and saving it twice leaves everything as it is."""
    home.clear()
    with home.open() as state:
        before = None
        for _ in range(2):
            with state.transaction():
                state.save_profile(name, THOUSAND, window, 3, name, profile)
                state.save_evaluation(HOUR, result)
                state.save_episodes(HOUR, [episode])
            before = before or home.contents()
        assert before == home.contents()
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

    def test_sizes(self, state):
        """A model's sizes of windows are those that were evaluated."""
        state.save_evaluation(HOUR, evaluation(0))
        state.save_evaluation(DAY, evaluation(1))
        state.save_evaluation(THOUSAND, evaluation(0, model="fraud"))
        found = [state.sizes(model) for model in ("churn", "fraud", "other")]
        assert [("1d", "1h"), ("1000 events",), ()] == found

    def test_forget(self, state):
        """Windows that are no more lose profile and evaluation, others and other sizes keep theirs."""
        for number in range(3):
            save_hours(state, number)
            state.save_evaluation(HOUR, evaluation(number, finding()))
        state.save_evaluation(DAY, evaluation(1))
        state.forget_windows("churn", HOUR, [hour(1), hour(7)])
        assert [hour(0), hour(2)] == [window for window, _, _ in state.profiles("churn", HOUR)]
        assert [hour(0), hour(2)] == [e.window for e in state.evaluations("churn", HOUR)]
        assert [hour(1)] == [e.window for e in state.evaluations("churn", DAY)]

    def test_the_earliest_and_the_latest(self, state):
        """Windows of the years 1 and 9999 are kept like others."""
        moments = [datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1969, 2026, 9999)]
        kept = [Window(at, at + timedelta(hours=1)) for at in moments]
        for window in reversed(kept):
            state.save_profile("churn", HOUR, window, 1, "f", WindowProfile(1))
            state.save_evaluation(HOUR, replace(evaluation(0), window=window))
        assert kept == [window for window, _, _ in state.profiles("churn", HOUR)]
        assert kept[1:3] == [
            e.window for e in state.evaluations("churn", HOUR, moments[1], moments[3])
        ]


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
    def test_unknown_prefix(self, state, home, episodes, prefix):
        """An id that no alert has is refused, with the command that shows the ids."""
        assert episodes
        with pytest.raises(InputError) as caught:
            state.episode(prefix)
        assert str(caught.value) == (
            f"no alert in {home.place} has an id that begins with {prefix!r};"
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

    def found(self, home):
        """How many profiles, evaluations and episodes another reader finds."""
        with home.open() as reader:
            profiles, evaluations = reader.profiles("churn", HOUR), reader.evaluations()
            return [len(list(profiles)), len(list(evaluations)), len(reader.episodes())]

    def test_all(self, state, home):
        """What was saved together is there together."""
        self.save_all(state)
        assert [1, 1, 1] == self.found(home)

    def test_nothing(self, state, home):
        """An error on the way leaves nothing, and the state can be used on."""
        with pytest.raises(TypeError), state.transaction():
            state.save_episodes(HOUR, [*self.save_all(state)])
        assert [0, 0, 0] == self.found(home)
        self.save_all(state)
        assert [1, 1, 1] == self.found(home)

    def test_unseen_until_it_ends(self, state, home):
        """Another reader sees a window's profile, evaluation and alerts at the end."""
        with state.transaction():
            self.save_all(state)
            assert [0, 0, 0] == self.found(home)
        assert [1, 1, 1] == self.found(home)

    def test_sees_its_own_writes(self, state):
        """Within a transaction everything is as if it were saved, in order among what was there."""
        for number in (0, 2, 4):
            save_hours(state, number)
            state.save_evaluation(HOUR, evaluation(number, finding("old")))
        old = fold(state.evaluations(), EpisodeSettings())
        state.save_episodes(HOUR, old)
        with state.transaction():
            state.forget_windows("churn", HOUR, [hour(2)])
            save_hours(state, 1)
            state.save_profile("churn", HOUR, hour(4), 2, "g", WindowProfile(40))
            state.save_evaluation(HOUR, evaluation(1))
            state.save_evaluation(HOUR, evaluation(4, revision=2))
            state.save_evaluation(DAY, evaluation(3, model="fraud"))
            seen = [(p.events, r) for _, r, p in state.profiles("churn", HOUR)]
            assert [(0, 1), (1, 1), (40, 2)] == seen
            assert [(40, 2)] == [
                (p.events, r) for _, r, p in state.profiles("churn", HOUR, fingerprint="g")
            ]
            assert [hour(0), hour(1)] == [e.window for e in state.evaluations(end=hour(2).start)]
            assert [hour(0), hour(1), hour(3), hour(4)] == [e.window for e in state.evaluations()]
            assert state.profile("churn", HOUR, hour(2)) is None
            assert (2, "g", WindowProfile(40)) == state.profile("churn", HOUR, hour(4))
            assert ("1d",) == state.sizes("fraud")
            new = fold([evaluation(0, finding("new"))], EpisodeSettings())
            state.forget_episodes("churn", HOUR)
            assert () == state.episodes()
            state.save_episodes(HOUR, new)
            state.save_episodes(DAY, [replace(new[0], id="daily", model="fraud")])
            assert new == state.episodes("churn") == state.episodes(size=HOUR)
            assert new[0] == state.episode(new[0].id)
        assert [*new, replace(new[0], id="daily", model="fraud")] == list(state.episodes())
        assert [hour(0), hour(1), hour(4)] == [e.window for e in state.evaluations("churn")]
