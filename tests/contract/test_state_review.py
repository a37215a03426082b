from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._review import ActionKind, about, due, review
from driftlog_analyzers.errors import ConflictError
from tests.analyzers.state_helpers import DAY, HOUR
from tests.analyzers.value_strategies import evaluation, finding, hour

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def state(home):
    """An open state."""
    with home.open() as state:
        yield state


def alerts(pattern, first=0, **settings):
    """The alerts of hours that are bad (b) or good."""
    bad = [[finding()] if letter == "b" else [] for letter in pattern]
    evaluations = [evaluation(n, *fs) for n, fs in enumerate(bad, first)]
    return fold(evaluations, EpisodeSettings(**settings))


def act(state, episode, kind, **more):
    """Do something about an alert, as a command does."""
    action = replace(about(episode, ActionKind(kind), by="ann", at=NOON), **more)
    with state.transaction():
        made = due(episode, action, state.actions([action.subject]))
        state.save_actions([made] if made else [])
    return made


class TestActions:
    """What people did."""

    def test_kept_in_order(self, home):
        """What one process saved another reads, oldest first, of one subject or of all."""
        (episode,) = alerts("b")
        other = replace(episode, id="f" * 16, feature="city")
        with home.open() as state:
            state.save_episodes(HOUR, [episode, other])
            late = act(state, episode, "ack", at=NOON + timedelta(hours=1))
            early = act(state, other, "ack", reason="why")
            last = act(state, episode, "resolve", at=NOON + timedelta(hours=2), verdict=False)
        with home.open() as state:
            assert (early, late, last) == state.actions()
            assert (late, last) == state.actions([late.subject])
            assert () == state.actions(["nothing"])

    def test_never_overwritten(self, home, state):
        """Of two people who act at once, one is told and nothing of theirs is saved; the first one's stays."""
        (episode,) = alerts("b")
        state.save_episodes(HOUR, [episode])
        first = act(state, episode, "ack")
        with home.open() as other, pytest.raises(ConflictError, match="meanwhile"):
            other.save_actions([replace(first, by="bob")])
        assert (first,) == state.actions()

    def test_survives_folding_anew(self, state):
        """Episodes are forgotten and folded anew, with another begin; what people did stays with the alert."""
        (before,) = alerts("b", first=1)
        state.save_episodes(HOUR, [before])
        act(state, before, "ack")
        with state.transaction():
            state.forget_episodes("churn", HOUR)
            state.save_episodes(HOUR, alerts("bb"))
        (after,) = state.episodes()
        assert after.id != before.id
        assert "acknowledged" == review(after, state.actions()).state(NOON)

    def test_undone_with_its_transaction(self, state):
        """An error undoes what was done within a transaction."""
        (episode,) = alerts("b")

        def fail():
            with state.transaction():
                act(state, episode, "ack")
                raise KeyError("x")

        with pytest.raises(KeyError):
            fail()
        assert () == state.actions()

    def test_writes_nothing_twice(self, home, state):
        """Doing again what was done leaves everything as it is."""
        (episode,) = alerts("b")
        state.save_episodes(HOUR, [episode])
        act(state, episode, "ack")
        before = home.contents()
        assert act(state, episode, "ack") is None
        assert before == home.contents()


class TestWhichEpisodes:
    """Which episodes are read."""

    def test_not_over(self, state):
        """What has closed and could come back is read with what is open."""
        open_one, closed, over = (
            replace(alerts(pattern)[0], feature=name, id=name * 4)
            for name, pattern in (("aaaa", "b"), ("bbbb", "bgg"), ("cccc", "bgggg"))
        )
        state.save_episodes(HOUR, [open_one, closed, over])
        found = {e.feature for e in state.episodes("churn", size=HOUR, over=False)}
        assert {"aaaa", "bbbb"} == found

    def test_since(self, state):
        """What closed by a moment is left out, of whatever size."""
        (closed,) = alerts("bgg")
        lasting = replace(alerts("b")[0], feature="city", id="d" * 16)
        state.save_episodes(HOUR, [closed])
        state.save_episodes(DAY, [lasting])
        found = [
            {e.feature for e in state.episodes("churn", since=at)}
            for at in (hour(2).end - timedelta(microseconds=1), hour(2).end)
        ]
        assert [{"age", "city"}, {"city"}] == found
        with state.transaction():
            state.save_episodes(HOUR, alerts("bg"))
            assert 2 == len(state.episodes("churn", since=hour(2).end))


class TestInElasticsearch:
    """What people see in Kibana."""

    def test_fields(self, emptied):
        """An alert's document tells its incident, its flapping and what people did about it."""
        with emptied.open() as state:
            (episode,) = alerts("bgbgb")
            state.save_episodes(HOUR, [episode])
            (before,) = emptied.rows("alerts")
            act(state, episode, "ack", reason="on it")
            act(state, episode, "assign", assignee="bob")
            act(state, episode, "snooze", until=NOON + timedelta(hours=3))
            act(state, episode, "comment", reason="billing is slow")
            (snoozed,) = emptied.rows("alerts")
            act(state, episode, "resolve", verdict=False)
            (after,) = emptied.rows("alerts")
        assert {"state": "open", "comments": 0} == before["review"]
        assert {
            "id": episode.incident.id,
            "cause": "alone",
            "kind": "alone",
            "opened": "2026-03-02T00:00:00.000000+00:00",
        } == before["incident"]
        assert (True, "high") == (before["flapping"], before["first_severity"])
        noon, later = "2026-03-02T12:00:00.000000+00:00", "2026-03-02T15:00:00.000000+00:00"
        told = {"acknowledged_by": "ann", "acknowledged_at": noon, "assignee": "bob"}
        told |= {"snoozed_by": "ann", "snoozed_until": later}
        told |= {"reason": "billing is slow", "comments": 1}
        assert {"state": "snoozed"} | told == snoozed["review"]
        closed = {"closed_by": "ann", "closed_at": noon, "verdict": "false"}
        assert {"state": "resolved"} | told | closed == after["review"]

    def test_analysis_meanwhile(self, emptied):
        """An alert that is reviewed while an analysis runs keeps both: the analysis is not told to run again."""
        with emptied.open() as analysis, emptied.open() as person:
            (episode,) = alerts("b")
            analysis.save_episodes(HOUR, [episode])
            with analysis.transaction():
                assert (episode,) == analysis.episodes("churn", size=HOUR)
                act(person, episode, "ack")
                analysis.save_episodes(HOUR, alerts("bb"))
            (row,) = emptied.rows("alerts")
        assert (2, "acknowledged") == (row["windows"], row["review"]["state"])

    def test_reviewed_while_it_is_written(self, emptied, monkeypatch):
        """An alert that somebody reviews between its reading and its writing is read and written again."""
        with emptied.open() as analysis, emptied.open() as person:
            (episode,) = alerts("b")
            analysis.save_episodes(HOUR, [episode])
            index = analysis._at.alerts
            write, interrupted = index.write, []

            def late(writes, *args):
                made = list(writes)
                if not interrupted:
                    interrupted.append(act(person, episode, "ack"))
                return write(made, *args)

            monkeypatch.setattr(index, "write", late)
            analysis.save_episodes(HOUR, alerts("bb"))
            (row,) = emptied.rows("alerts")
        assert (2, "acknowledged") == (row["windows"], row["review"]["state"])
