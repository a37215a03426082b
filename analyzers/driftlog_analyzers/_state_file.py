"""The state file: profiles, evaluations and episodes in one SQLite database beside the spool."""

import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from driftlog_analyzers._charted import Charted
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._json import to_json
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._review import Action
from driftlog_analyzers._state import the_one
from driftlog_analyzers._state_keeping import Keeping, text
from driftlog_analyzers._state_tables import store_error
from driftlog_analyzers._window import Window, WindowSize
from driftlog_analyzers.errors import ConflictError

# An update keeps the row in its place, so that a reader of the same connection meets it once.
_SAVE_PROFILE = """
    INSERT INTO profile VALUES (:model, :size, :start, :start_id, :stop, :stop_id, :revision,
        :fingerprint, :events, :body)
    ON CONFLICT DO UPDATE SET stop = excluded.stop, stop_id = excluded.stop_id,
        revision = excluded.revision, fingerprint = excluded.fingerprint,
        events = excluded.events, body = excluded.body"""
_SAVE_EVALUATION = """
    INSERT INTO evaluation VALUES (:model, :size, :start, :start_id, :stop, :stop_id, :revision,
        :events, :body)
    ON CONFLICT DO UPDATE SET stop = excluded.stop, stop_id = excluded.stop_id,
        revision = excluded.revision, events = excluded.events, body = excluded.body"""
_SAVE_EPISODE = """
    INSERT INTO episode VALUES (:id, :model, :size, :status, :start, :start_id, :closed, :over, :body)
    ON CONFLICT DO UPDATE SET status = excluded.status, closed = excluded.closed,
        over = excluded.over, body = excluded.body"""
_SAVE_ACTION = """
    INSERT INTO action VALUES (:subject, :number, :at, :body) ON CONFLICT DO NOTHING RETURNING 1"""
_ACTIONS = "SELECT body FROM action ORDER BY at, subject, number"
_ACTIONS_OF = """
    SELECT body FROM action WHERE subject IN (SELECT value FROM json_each(:subjects))
    ORDER BY at, subject, number"""
_FORGET = tuple(
    f"""DELETE FROM {table} WHERE model = :model AND size = :size
        AND start = :start AND start_id = :start_id AND stop = :stop AND stop_id = :stop_id"""  # noqa: S608 - two names of ours
    for table in ("profile", "evaluation")
)
_FORGET_EPISODES = """
    DELETE FROM episode
    WHERE model = :model AND size = :size AND (:since IS NULL OR start >= :since)"""
_PROFILE = """
    SELECT revision, fingerprint, body FROM profile
    WHERE model = :model AND size = :size AND start = :start AND start_id = :start_id
        AND stop = :stop AND stop_id = :stop_id"""
_PROFILES = """
    SELECT start, stop, start_id, stop_id, revision, body FROM profile
    WHERE model = :model AND size = :size AND fingerprint = coalesce(:fingerprint, fingerprint)
        AND (:from IS NULL OR stop > :from OR start >= :from) AND (:to IS NULL OR start < :to)
    ORDER BY start, start_id"""
_EVALUATIONS = """
    SELECT body FROM evaluation
    WHERE model = coalesce(:model, model) AND size = coalesce(:size, size)
        AND (:from IS NULL OR stop > :from OR start >= :from) AND (:to IS NULL OR start < :to)
    ORDER BY start, start_id, model, size"""
_EPISODES = """
    SELECT body FROM episode
    WHERE model = coalesce(:model, model) AND size = coalesce(:size, size)
        AND status = coalesce(:status, status) AND (:closed OR status <> 'inactive')
        AND (:over OR NOT over) AND (:since IS NULL OR closed IS NULL OR closed > :since)
    ORDER BY start, start_id, model, size, id"""


class StateFile(Keeping):
    """What the analyzers remember between runs; open it in a ``with``, in the thread that uses it.

    A file that cannot be written to can still be read. Times are UTC. Every method raises
    `StoreError` if the file is damaged or cannot be read or written.

    Args:
        path: the file; if it is not there, it is made with its folders, for its owner's eyes only.
        timeout: seconds to wait for another process that is writing.

    Raises:
        StoreError: the file is of another program or version, damaged, or cannot be opened.
    """

    def save_profile(  # noqa: PLR0917 - the row's keys in their order, then what they hold
        self,
        model: str,
        size: WindowSize,
        window: Window,
        revision: int,
        fingerprint: str,
        profile: WindowProfile,
        *,
        charted: Charted | None = None,  # noqa: ARG002 - nobody charts a file
    ) -> None:
        """Save one window's profile in place of an earlier one; see `State.save_profile`."""
        values = _keys(window) | {"model": model, "size": str(size), "revision": revision}
        values |= {"fingerprint": fingerprint, "events": profile.events}
        with self.transaction():
            self._execute(_SAVE_PROFILE, values | {"body": zlib.compress(to_json(profile), 1)})

    def profile(
        self, model: str, size: WindowSize, window: Window
    ) -> tuple[int, str, WindowProfile] | None:
        """Revision, fingerprint and profile of one window; None if it has none."""
        for revision, fingerprint, body in self._rows(
            _PROFILE, _keys(window) | {"model": model, "size": str(size)}
        ):
            return revision, fingerprint, self._read_profile(body)
        return None

    def profiles(
        self,
        model: str,
        size: WindowSize,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        fingerprint: str | None = None,
    ) -> Iterator[tuple[Window, int, WindowProfile]]:
        """Window, revision and profile of every window that touches [start, end), oldest first."""
        values = {"model": model, "size": str(size), "fingerprint": fingerprint}
        for *keys, revision, body in self._rows(_PROFILES, values | _range(start, end)):
            yield _window(*keys), revision, self._read_profile(body)

    def save_evaluation(self, size: WindowSize, evaluation: Evaluation) -> None:
        """Save one window's results in place of earlier ones."""
        values = _keys(evaluation.window) | {"model": evaluation.model, "size": str(size)}
        values |= {"revision": evaluation.revision, "events": evaluation.events}
        with self.transaction():
            self._execute(_SAVE_EVALUATION, values | {"body": to_json(evaluation).decode()})

    def evaluations(
        self,
        model: str | None = None,
        size: WindowSize | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[Evaluation]:
        """The evaluations of every window that touches [start, end), oldest window first."""
        values = {"model": model, "size": size and str(size)} | _range(start, end)
        for (body,) in self._rows(_EVALUATIONS, values):
            yield self._read(Evaluation, body.encode())

    def sizes(self, model: str) -> tuple[str, ...]:
        """The sizes of the windows that were evaluated, as text, sorted."""
        statement = "SELECT DISTINCT size FROM evaluation WHERE model = :model ORDER BY size"
        return tuple(size for (size,) in self._rows(statement, {"model": model}))

    def save_episodes(self, size: WindowSize, episodes: Iterable[Episode]) -> None:
        """Save episodes of windows of one size, each in place of its earlier state."""
        with self.transaction():
            for episode in episodes:
                values = _keys(episode.opened) | {"id": episode.id, "model": episode.model}
                values |= {"size": str(size), "status": episode.status.value}
                values |= {"closed": episode.closed and text(episode.closed.end)}
                values |= {"over": episode.over}
                self._execute(_SAVE_EPISODE, values | {"body": to_json(episode).decode()})

    def forget_windows(self, model: str, size: WindowSize, windows: Iterable[Window]) -> None:
        """Remove the profiles and evaluations of windows that are no more."""
        with self.transaction():
            for window in windows:
                values = {"model": model, "size": str(size)} | _keys(window)
                for statement in _FORGET:
                    self._execute(statement, values)

    def forget_episodes(self, model: str, size: WindowSize, since: datetime | None = None) -> None:
        """Remove a model's episodes, before they are folded anew; see `State.forget_episodes`."""
        values = {"model": model, "size": str(size), "since": since and text(since)}
        with self.transaction():
            self._execute(_FORGET_EPISODES, values)

    def episodes(
        self,
        model: str | None = None,
        status: Status | None = None,
        *,
        size: WindowSize | None = None,
        closed: bool = True,
        over: bool = True,
        since: datetime | None = None,
    ) -> tuple[Episode, ...]:
        """Episodes in the order in which they opened; see `State.episodes`."""
        values = {"model": model, "status": status and status.value, "size": size and str(size)}
        flags = {"closed": closed, "over": over, "since": since and text(since)}
        rows = self._rows(_EPISODES, values | flags)
        return tuple(self._read(Episode, body.encode()) for (body,) in rows)

    def episode(self, prefix: str) -> Episode:
        """The one episode whose id begins so.

        Raises:
            InputError: none does, or several do.
        """
        statement = "SELECT body FROM episode WHERE substr(id, 1, :n) = :prefix"
        rows = self._rows(statement, {"n": len(prefix), "prefix": prefix})
        found = [self._read(Episode, body.encode()) for (body,) in rows]
        return the_one(found, prefix, str(self.path))

    def save_actions(self, actions: Iterable[Action]) -> None:
        """Add to the journal of what people did; see `State.save_actions`."""
        with self.transaction():
            for action in actions:
                values = {"subject": action.subject, "number": action.number}
                values |= {"at": text(action.at), "body": to_json(action).decode()}
                if not list(self._rows(_SAVE_ACTION, values)):
                    raise ConflictError(
                        f"somebody else reviewed this in {self.path} meanwhile; look again and repeat it"
                    )

    def actions(self, subjects: Collection[str] | None = None) -> tuple[Action, ...]:
        """What people did, of some subjects or all, oldest first."""
        if subjects is None:
            rows = self._rows(_ACTIONS, {})
        else:
            rows = self._rows(_ACTIONS_OF, {"subjects": json.dumps(sorted(subjects))})
        return tuple(self._read(Action, body.encode()) for (body,) in rows)

    def _read_profile(self, body: bytes) -> WindowProfile:
        try:
            return self._read(WindowProfile, zlib.decompress(body))
        except zlib.error as error:
            raise store_error(self.path, sqlite3.SQLITE_CORRUPT, error) from error


def _keys(window: Window) -> dict[str, Any]:
    return {
        "start": text(window.start),
        "stop": text(window.end),
        "start_id": window.start_id,
        "stop_id": window.end_id,
    }


def _range(start: datetime | None, end: datetime | None) -> dict[str, Any]:
    return {"from": start and text(start), "to": end and text(end)}


def _window(start: str, stop: str, start_id: str, stop_id: str) -> Window:
    return Window(datetime.fromisoformat(start), datetime.fromisoformat(stop), start_id, stop_id)
