"""What the analyzers remember, in Elasticsearch: the second home of `State`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from elasticsearch import Elasticsearch

from driftlog_analyzers._charted import Charted
from driftlog_analyzers._elasticsearch._beats import AnalyzerBeats
from driftlog_analyzers._elasticsearch._names import check_namespace
from driftlog_analyzers._elasticsearch._state_actions import stored_action
from driftlog_analyzers._elasticsearch._state_buffer import Buffer, overlaid
from driftlog_analyzers._elasticsearch._state_commit import Fences, Indices, commit
from driftlog_analyzers._elasticsearch._state_documents import (
    Key,
    exact,
    key_of,
    stored_key,
)
from driftlog_analyzers._elasticsearch._state_findings import stored_episode, stored_evaluation
from driftlog_analyzers._elasticsearch._state_index import Query, StateIndex
from driftlog_analyzers._elasticsearch._state_keeping import Keeping
from driftlog_analyzers._elasticsearch._state_profiles import (
    SavedProfile,
    saved,
    stored_profile,
)
from driftlog_analyzers._elasticsearch._state_queries import (
    WINDOW_ROWS,
    asked,
    open_since,
    terms,
    touching,
)
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._review import Action
from driftlog_analyzers._state import the_one
from driftlog_analyzers._window import Window, WindowSize

_ORDER = ("window.start.exact", "window.start_id", "model.name", "window.size")
_PLACE = ("model.name", "window")
_ALERT = (*_PLACE, "alert")
# A profile may take a megabyte, an evaluation and an alert some kilobytes.
_PROFILES, _OTHERS = 20, 500


class ElasticsearchState(Keeping):
    """Profiles, evaluations and episodes of one namespace; for one thread.

    What is written within a transaction is held back until its end and seen before by this object only. Any number of
    processes may read; of several that write about one model and size of windows, one is told that another was faster.
    Every method raises `StoreError` where the cluster does not answer completely.

    Args:
        client: the connection, which should not retry by itself.
        namespace: last part of the indices' names.

    Raises:
        ConfigError: the namespace cannot be one.
    """

    def __init__(self, client: Elasticsearch, namespace: str = "default") -> None:
        check_namespace(namespace)
        kinds = ("profiles", "findings", "alerts", "actions", "leases")
        self._at = Indices(*(StateIndex(client, kind, namespace) for kind in kinds))
        self._fences = Fences(self._at.leases)
        self._beats = AnalyzerBeats(client, namespace)
        self._buffer: Buffer | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Save everything within or, if an error ends it, nothing; one within another joins it.

        Cut off while it is written, it leaves what the next analysis completes; see `_state_commit`.

        Raises:
            StoreError: another process saved the same windows or alerts meanwhile.
        """
        if self._buffer is not None:
            yield
            return
        self._buffer = Buffer(places=set(self._fences.held))
        done = False
        try:
            yield
            commit(self._at, self._fences, self._buffer)
            done = True
        finally:
            self._buffer = None
            if not done:
                self._fences.forget()

    def save_profile(  # noqa: PLR0917 - the row's keys in their order, then what they hold
        self,
        model: str,
        size: WindowSize,
        window: Window,
        revision: int,
        fingerprint: str,
        profile: WindowProfile,
        *,
        charted: Charted | None = None,
    ) -> None:
        """Save one window's profile in place of an earlier one; see `State.save_profile`."""
        with self._writing() as buffer:
            buffer.places.add((model, str(size)))
            kept = saved(window, revision, fingerprint, profile, charted)
            buffer.profiles[key_of(model, size, window)] = kept

    def profile(
        self, model: str, size: WindowSize, window: Window
    ) -> tuple[int, str, WindowProfile] | None:
        """Revision, fingerprint and profile of one window; None if it has none."""
        key = key_of(model, size, window)
        if self._buffer and key in self._buffer.profiles:
            kept = self._buffer.profiles[key]
        else:
            row = self._at.profiles.get(key.id)
            kept = stored_profile(row.body) if row else None
        if kept is None or kept.window != window:
            return None
        return kept.revision, kept.fingerprint, kept.profile

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
        filters = [WINDOW_ROWS, *terms(model, str(size)), *touching(start, end)]
        if fingerprint is not None:
            filters.append({"term": {"driftlog.fingerprint": fingerprint}})
        fields = (*_PLACE, "revision", "fingerprint", "profile")
        rows = self._at.profiles.find(filters, fields=fields, sort=_ORDER, page=_PROFILES)
        stored = ((stored_key(row.body), stored_profile(row.body)) for row in rows)

        def wanted(key: Key, kept: SavedProfile) -> bool:
            same = fingerprint in {None, kept.fingerprint}
            return same and asked(key, kept.window, (model, str(size)), (start, end))

        waiting = dict(self._buffer.profiles) if self._buffer else {}
        found = overlaid(stored, waiting, wanted)
        yield from ((kept.window, kept.revision, kept.profile) for _, kept in found)

    def save_evaluation(self, size: WindowSize, evaluation: Evaluation) -> None:
        """Save one window's results in place of earlier ones."""
        with self._writing() as buffer:
            buffer.places.add((evaluation.model, str(size)))
            buffer.evaluations[key_of(evaluation.model, size, evaluation.window)] = evaluation

    def evaluations(
        self,
        model: str | None = None,
        size: WindowSize | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[Evaluation]:
        """The evaluations of every window that touches [start, end), oldest window first.

        An evaluation whose alerts were not saved, since its run was cut off, names no baseline.
        """
        place = (model, _text(size))
        self._look(*place)
        filters = [WINDOW_ROWS, *terms(*place), *touching(start, end)]
        fields = (*_PLACE, "settled", "evaluation")
        rows = self._at.findings.find(filters, fields=fields, sort=_ORDER, page=_OTHERS)
        stored = ((stored_key(row.body), stored_evaluation(row.body)) for row in rows)
        waiting = dict(self._buffer.evaluations) if self._buffer else {}
        span = (start, end)
        found = overlaid(stored, waiting, lambda key, one: asked(key, one.window, place, span))
        yield from (evaluation for _, evaluation in found)

    def sizes(self, model: str) -> tuple[str, ...]:
        """The sizes of the windows that were evaluated, as text, sorted."""
        waiting = self._buffer.evaluations if self._buffer else {}
        replaced = [{"terms": {"driftlog.key": [key.id for key in waiting]}}]
        found = self._at.findings.values("window.size", [WINDOW_ROWS, *terms(model)], replaced)
        ours = {key.size for key, saved in waiting.items() if saved and key.model == model}
        return tuple(sorted(found | ours))

    def save_episodes(self, size: WindowSize, episodes: Iterable[Episode]) -> None:
        """Save episodes of windows of one size, each in place of its earlier state."""
        with self._writing() as buffer:
            for episode in episodes:
                buffer.save_episode((episode.model, str(size)), episode)

    def forget_windows(self, model: str, size: WindowSize, windows: Iterable[Window]) -> None:
        """Remove the profiles and evaluations of windows that are no more."""
        with self._writing() as buffer:
            for window in windows:
                buffer.forget_window(key_of(model, size, window), window)

    def forget_episodes(self, model: str, size: WindowSize, since: datetime | None = None) -> None:
        """Remove a model's episodes, before they are folded anew; see `State.forget_episodes`."""
        with self._writing() as buffer:
            buffer.forget_episodes((model, str(size)), since)

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
        text = _text(size)
        self._look(model, text)
        filters = terms(model, text)
        if status is not None:
            filters.append({"term": {"episode.status": status}})
        if not closed:
            filters.append({"term": {"driftlog.open": True}})
        if not over:
            filters.append({"term": {"driftlog.over": False}})
        if since is not None:
            filters.append(open_since(since))
        asked = [
            (at, episode)
            for at, episode in _episodes(self._at.alerts, filters, self._buffer)
            if model in {None, episode.model}
            and text in {None, at}
            and status in {None, episode.status}
            and (closed or episode.open)
            and (over or not episode.over)
            and (since is None or episode.closed is None or episode.closed.end > since)
        ]
        return _in_order(asked)

    def episode(self, prefix: str) -> Episode:
        """The one episode whose id begins so.

        Raises:
            InputError: none does, or several do.
        """
        begins = [{"prefix": {"episode.id": prefix}}]
        found = _episodes(self._at.alerts, begins, self._buffer)
        beginning = [episode for _, episode in found if episode.id.startswith(prefix)]
        return the_one(beginning, prefix, self._at.alerts.name)

    def save_actions(self, actions: Iterable[Action]) -> None:
        """Add to the journal of what people did; see `State.save_actions`."""
        with self._writing() as buffer:
            buffer.actions |= {(action.subject, action.number): action for action in actions}

    def actions(self, subjects: Collection[str] | None = None) -> tuple[Action, ...]:
        """What people did, of some subjects or all, oldest first."""
        wanted = [] if subjects is None else [{"terms": {"driftlog.subject": sorted(subjects)}}]
        found = [stored_action(r.body) for r in self._at.actions.find(wanted, fields=("action",))]
        waiting = self._buffer.actions.values() if self._buffer else ()
        found += [a for a in waiting if subjects is None or a.subject in subjects]
        return tuple(sorted(found, key=lambda a: (a.at, a.subject, a.number)))

    def _look(self, model: str | None, size: str | None) -> None:
        """What is read from now on must not have changed when something is saved."""
        if model is not None and size is not None:
            look = self._fences.look_once if self._buffer else self._fences.look
            look((model, size))

    @contextmanager
    def _writing(self) -> Iterator[Buffer]:
        with self.transaction():
            if self._buffer is not None:
                yield self._buffer


def _episodes(
    index: StateIndex, filters: Sequence[Query], waiting: Buffer | None
) -> list[tuple[str, Episode]]:
    """Size and episode: the stored ones that match, and all that wait."""
    buffer = waiting or Buffer()
    found = [(place[1], episode) for place, episode in buffer.episodes.values()]
    for row in index.find(filters, fields=_ALERT, page=_OTHERS):
        key = stored_key(row.body)
        episode = stored_episode(row.body)
        if not buffer.hides(episode, (key.model, key.size)):
            found.append((key.size, episode))
    return found


def _in_order(found: Iterable[tuple[str, Episode]]) -> tuple[Episode, ...]:
    """By the window in which each opened."""
    rows = [(exact(e.opened.start), e.opened.start_id, e.model, at, e.id, e) for at, e in found]
    return tuple(row[-1] for row in sorted(rows, key=lambda row: row[:-1]))


def _text(size: WindowSize | None) -> str | None:
    return None if size is None else str(size)
