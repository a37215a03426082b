"""How a transaction is written, so that it may be cut off between any two requests.

1.  The fence, a document in ``driftlog-leases-*`` per model and size of windows: it must be as it was before the
    transaction's first reading. So of two processes that began alike, one writes nothing.
2.  The rows of the profiles. Without an evaluation they mean nothing: their window is profiled again.
3.  The results and evaluations, the latter as not ``settled``: the alerts are not carried on by them yet. Such a window
    is taken as evaluated against another baseline, so the next run evaluates it again and folds the alerts anew.
4.  Under a lease the fence again. What people did, the alerts, and the notes. People do not wait for the fence: an
    alert that somebody reviewed meanwhile is read and written again.
5.  The evaluations are settled; evaluations of windows that are no more, not settled since 3, are removed.
6.  The fence again, so that a process that read while this one wrote cannot save what it made of that.

Every document is compared with what is there: equal ones are left alone, others are written only onto what was
compared, rows that no longer belong to their window are removed.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from driftlog_analyzers._elasticsearch._state_actions import action_document, stored_action
from driftlog_analyzers._elasticsearch._state_buffer import Buffer, Place
from driftlog_analyzers._elasticsearch._state_documents import Key, document, identity, stored_key
from driftlog_analyzers._elasticsearch._state_findings import (
    alert_document,
    result_rows,
    stored_episode,
    window_row,
)
from driftlog_analyzers._elasticsearch._state_index import (
    Query,
    StateIndex,
    Stored,
    Write,
    delete,
    put,
    replacing,
    update,
)
from driftlog_analyzers._elasticsearch._state_profiles import profile_rows
from driftlog_analyzers._elasticsearch._state_queries import terms
from driftlog_analyzers._review import Action, subject_of
from driftlog_analyzers.errors import ConflictError

T = TypeVar("T")

_WINDOWS = 100
_IDS = 5_000
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Indices:
    """Where everything is.

    Attributes:
        profiles: rows of windows, features and values.
        findings: rows of windows and results.
        alerts: episodes.
        actions: what people did.
        leases: fences.
    """

    profiles: StateIndex
    findings: StateIndex
    alerts: StateIndex
    actions: StateIndex
    leases: StateIndex

    def guard(self, check: Callable[[], None] | None) -> None:
        """Have this called before each request that writes; it raises where nothing may be written any more."""
        for index in (self.profiles, self.findings, self.alerts, self.leases):
            index.check = check


class Fences:
    """What tells whether another process wrote since this one read.

    Args:
        index: where the fences are.

    Attributes:
        held: places whose fence must stay as it was at `hold`.
    """

    def __init__(self, index: StateIndex) -> None:
        self._index = index
        self._seen: dict[Place, Stored | None] = {}
        self.held: set[Place] = set()

    def hold(self, place: Place) -> None:
        """Move the fence on, and from then on never look at it again: whoever moves it on later has the place.

        Raises:
            StoreError: another process did at the same time.
        """
        self.look(place)
        self.claim(place)
        self.held.add(place)

    def let_go(self) -> None:
        """Hold nothing any more."""
        self.held.clear()
        self.forget()

    def look(self, place: Place) -> None:
        """Remember the fence as it is: what is read from now on must not have changed at the next `claim`."""
        if place not in self.held:
            self._seen[place] = self._index.get(_fence(place))

    def look_once(self, place: Place) -> None:
        """Look, unless that was done since the last `forget`."""
        if place not in self._seen:
            self.look(place)

    def forget(self) -> None:
        """Forget what was seen, but of places that are held."""
        self._seen = {place: self._seen[place] for place in self.held}

    def claim(self, place: Place) -> None:
        """Write the fence.

        Raises:
            StoreError: another process did since it was looked at.
        """
        self.look_once(place)
        before = self._seen[place]
        count = 1 + (before.body["lease"]["count"] if before else 0)
        name = f"the analysis of {place[0]} by {place[1]}"
        lease = {"name": name, "count": count}
        fence = document(_fence(place), {"driftlog": {"lease": lease}})
        (now,) = self._index.write([put(fence, before)], name)
        self._seen[place] = Stored(now.id, now.seq_no, now.term, {"lease": lease})


def commit(indices: Indices, fences: Fences, buffer: Buffer) -> None:
    """Write what waits.

    Raises:
        StoreError: another process wrote meanwhile, or the cluster cannot take it.
    """
    places = sorted(buffer.places)
    for place in places:
        fences.claim(place)
    indices.profiles.write(_profile_writes(indices.profiles, buffer))
    unsettled, gone = _save_evaluations(indices.findings, buffer)
    for place in sorted(fences.held):  # of what was taken over no alert is written or settled
        fences.claim(place)
    taken = [put(action_document(action), None) for action in buffer.actions.values()]
    indices.actions.write(taken, "what people did about this alert")
    _write_alerts(indices, buffer)
    indices.leases.write(_note_writes(indices.leases, buffer))
    indices.findings.write([*(update(row, settled=True) for row in unsettled), *map(delete, gone)])
    for place in places:
        fences.claim(place)


def _profile_writes(index: StateIndex, buffer: Buffer) -> Iterator[Write]:
    for keys, existing in _existing(index, buffer.profiles):
        for key in keys:
            kept = buffer.profiles[key]
            evaluation = buffer.evaluations.get(key)
            results = evaluation.results if evaluation else ()
            wanted = profile_rows(key, kept, results) if kept else ()
            yield from replacing(existing.get(key.id, ()), wanted)


def _save_evaluations(index: StateIndex, buffer: Buffer) -> tuple[list[Stored], list[Stored]]:
    """Write the evaluations; the window rows that are to be settled, and those that are to go."""
    unsettled: list[Stored] = []
    gone: list[Stored] = []

    def writes() -> Iterator[Write]:
        """Results, then the window's own row; on the way those to be settled and to go are noted."""
        for keys, existing in _existing(index, buffer.evaluations, ("digest", "key", "settled")):
            for key in keys:
                rows = existing.get(key.id, ())
                before = next((row for row in rows if row.id == key.id), None)
                others = [row for row in rows if row.id != key.id]
                evaluation = buffer.evaluations[key]
                yield from replacing(others, result_rows(key, evaluation) if evaluation else ())
                if evaluation is None:
                    if before:
                        gone.append(before)
                        yield update(before, settled=False)
                    continue
                row = window_row(key, evaluation, settled=False)
                if before is None or before.body["digest"] != row.digest:
                    yield put(row, before)
                elif not before.body["settled"]:
                    unsettled.append(before)

    written = {row.id: row for row in index.write(writes())}
    keys = {key.id for key, evaluation in buffer.evaluations.items() if evaluation}
    unsettled += [row for name, row in written.items() if name in keys]
    return unsettled, [written[row.id] for row in gone]


def _write_alerts(indices: Indices, buffer: Buffer) -> None:
    """Write the alerts with what people did about them, again where somebody did something meanwhile."""
    for _ in range(_TRIES - 1):
        with suppress(ConflictError):
            indices.alerts.write(_alert_writes(indices, buffer))
            return
    indices.alerts.write(_alert_writes(indices, buffer))


def _alert_writes(indices: Indices, buffer: Buffer) -> Iterator[Write]:
    existing: dict[str, Stored] = {}
    wanted = {episode.id: (place[1], episode) for place, episode in buffer.episodes.values()}
    for model, size in sorted(buffer.emptied):
        where: list[Query] = [*terms(model, size)]
        if since := buffer.emptied[model, size]:
            where.append({"range": {"driftlog.opened.start.exact": {"gte": since}}})
        existing |= {stored.id: stored for stored in indices.alerts.find(where)}
    for names in _chunks(sorted(buffer.episodes), _IDS):
        existing |= {one.id: one for one in indices.alerts.find([{"terms": {"_id": names}}])}
    for names in _chunks(sorted({subject for subject, _ in buffer.actions}), _IDS):
        fields = ("digest", "model", "window", "alert")
        for row in indices.alerts.find([{"terms": {"group_hash": names}}], fields=fields):
            key, episode = stored_key(row.body), stored_episode(row.body)
            if not buffer.hides(episode, (key.model, key.size)):
                existing[row.id] = row
                wanted[row.id] = key.size, episode
    actions = _actions(indices.actions, {subject_of(episode) for _, episode in wanted.values()})
    return replacing(
        existing.values(),
        (alert_document(size, e, actions.get(subject_of(e), ())) for size, e in wanted.values()),
    )


def _actions(index: StateIndex, subjects: Iterable[str]) -> dict[str, list[Action]]:
    """What people did about some subjects."""
    found: dict[str, list[Action]] = {}
    for names in _chunks(sorted(subjects), _IDS):
        for row in index.find([{"terms": {"driftlog.subject": names}}], fields=("action",)):
            action = stored_action(row.body)
            found.setdefault(action.subject, []).append(action)
    return found


def _note_writes(index: StateIndex, buffer: Buffer) -> Iterator[Write]:
    for name, body in buffer.notes.items():
        kept = {"name": name, "body": b64encode(body).decode()}
        wanted = document(identity("note", name), {"driftlog": {"note": kept}})
        yield put(wanted, index.get(wanted.id))


def _existing(
    index: StateIndex, keys: Iterable[Key], fields: Sequence[str] = ("digest", "key")
) -> Iterator[tuple[list[Key], dict[str, list[Stored]]]]:
    """Some windows at a time, with the rows there are of each by its id."""
    for some in _chunks(sorted(keys), _WINDOWS):
        rows: dict[str, list[Stored]] = {}
        names = {"terms": {"driftlog.key": [key.id for key in some]}}
        for stored in index.find([names], fields=fields):
            rows.setdefault(stored.body["key"], []).append(stored)
        yield some, rows


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _fence(place: Place) -> str:
    return identity("fence", *place)
