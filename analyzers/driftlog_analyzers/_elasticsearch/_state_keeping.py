"""What a schedule keeps in Elasticsearch: notes, leases, and the few evaluations that it asks for."""

from abc import abstractmethod
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from driftlog_analyzers._elasticsearch._beats import AnalyzerBeats
from driftlog_analyzers._elasticsearch._state_buffer import Buffer
from driftlog_analyzers._elasticsearch._state_commit import Fences, Indices
from driftlog_analyzers._elasticsearch._state_documents import (
    Document,
    document,
    exact,
    identity,
    key_of,
    stored_window,
)
from driftlog_analyzers._elasticsearch._state_findings import stored_evaluation
from driftlog_analyzers._elasticsearch._state_index import Query, Stored, put
from driftlog_analyzers._elasticsearch._state_queries import WINDOW_ROWS, terms
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._lease import Lease, Valid, lost
from driftlog_analyzers._schedule._beat import Beat
from driftlog_analyzers._window import Window, WindowSize
from driftlog_analyzers.errors import ConflictError, StoreError

_SOME = 500
_LATEST_FIRST: tuple[Query, ...] = (
    {"driftlog.window.start.exact": "desc"},
    {"driftlog.window.start_id": "desc"},
)
_NOBODY = ""


class Keeping:
    """The part of the state in Elasticsearch that a schedule needs; see `State`, `Leases` and `Fenced`."""

    _at: Indices
    _fences: Fences
    _buffer: Buffer | None
    _beats: AnalyzerBeats
    _lease: Lease | None = None

    def latest(
        self, model: str, size: WindowSize, before: datetime | None = None, limit: int = 1
    ) -> list[Evaluation]:
        """The latest evaluations of windows that begin before a time, oldest first."""
        filters = [WINDOW_ROWS, *terms(model, str(size))]
        if before is not None:
            filters.append({"range": {"driftlog.window.start.exact": {"lt": exact(before)}}})
        rows = self._at.findings.top(filters, sort=_LATEST_FIRST, size=limit)
        return [stored_evaluation(row.body) for row in reversed(rows)]

    def counted(
        self, model: str, size: WindowSize, windows: Iterable[Window]
    ) -> Mapping[Window, int]:
        """How many events each window had when it was evaluated; those not settled are left out."""
        names = sorted({key_of(model, size, window).id for window in windows})
        wanted = frozenset(windows)
        found: dict[Window, int] = {}
        for n in range(0, len(names), _SOME):
            filters = [WINDOW_ROWS, {"terms": {"driftlog.key": names[n : n + _SOME]}}]
            for row in self._at.findings.find(filters, fields=("window", "events", "settled")):
                window = stored_window(row.body["window"])
                if window in wanted and row.body["settled"]:
                    found[window] = row.body["events"]
        return found

    def unsettled(self, model: str, size: WindowSize) -> list[Window]:
        """Windows whose saving was cut off, oldest first; see `State.unsettled`."""
        filters = [WINDOW_ROWS, *terms(model, str(size)), {"term": {"driftlog.settled": False}}]
        rows = self._at.findings.find(filters, fields=("window",))
        return sorted(stored_window(row.body["window"]) for row in rows)

    def note(self, name: str) -> bytes | None:
        """What was noted under a name; None if nothing."""
        if self._buffer and name in self._buffer.notes:
            return self._buffer.notes[name]
        found = self._at.leases.get(identity("note", name))
        return b64decode(found.body["note"]["body"]) if found else None

    def save_note(self, name: str, body: bytes) -> None:
        """Note something in place of what was noted."""
        with self._writing() as buffer:
            buffer.notes[name] = body

    def take(self, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
        """Take the lease for so long; None while another holds it; see `Leases`."""
        before = self._at.leases.get(_lease_id(name))
        if before and _held(before, holder, now, ttl):
            return None
        token = 1 + (before.body["lease"]["count"] if before else 0)
        lease = Lease(name, holder, token)
        try:
            self._at.leases.write([put(_lease(lease, holder, now, now + ttl), before)], name)
        except ConflictError:
            return None
        return lease

    def renew(self, lease: Lease, now: datetime, ttl: timedelta) -> bool:
        """Hold it for so long from now on; see `Leases`."""
        return self._rewrite(lease, lease.holder, now, now + ttl)

    def release(self, lease: Lease) -> None:
        """Let others take it at once; see `Leases`."""
        self._rewrite(lease, _NOBODY, None, None)

    @contextmanager
    def under(self, lease: Lease, sizes: Iterable[WindowSize], valid: Valid) -> Iterator[None]:
        """Write from now on only while nobody else has taken the lease; see `Fenced`."""

        def guard() -> None:
            if not valid():
                raise StoreError(lost(lease.name))

        places = [(lease.name, str(size)) for size in sizes]
        try:
            for place in places:
                self._fences.hold(place)
            # Who took it in between has moved a fence on that this has moved again: one of the two must go.
            if self._mine(lease) is None:
                raise StoreError(lost(lease.name))
            self._at.guard(guard)
            self._lease = lease
            yield
        finally:
            self._lease = None
            self._at.guard(None)
            self._fences.let_go()

    def require(self) -> None:
        """The lease must still be ours, by the clock and in the index; see `Fenced`."""
        if self._lease is None:
            return
        if self._at.leases.check:
            self._at.leases.check()
        if self._mine(self._lease) is None:
            raise StoreError(lost(self._lease.name))

    def save_beat(self, beat: Beat) -> None:
        """Send an analyzer's heartbeat."""
        self._beats.save(beat)

    def beats(self, since: datetime) -> Sequence[Beat]:
        """The latest heartbeat of each analyzer that sent one since then, the oldest first."""
        return self._beats.latest(since)

    def _mine(self, lease: Lease) -> Stored | None:
        found = self._at.leases.get(_lease_id(lease.name))
        if found is None:
            return None
        body = found.body["lease"]
        return found if (body["count"], body["holder"]) == (lease.token, lease.holder) else None

    def _rewrite(
        self, lease: Lease, holder: str, now: datetime | None, until: datetime | None
    ) -> bool:
        before = self._mine(lease)
        if before is None:
            return False
        try:
            self._at.leases.write([put(_lease(lease, holder, now, until), before)], lease.name)
        except ConflictError:
            return False
        return True

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Buffer]:
        """What waits to be written."""


def _lease(lease: Lease, holder: str, now: datetime | None, until: datetime | None) -> Document:
    body = {"name": f"the lease on {lease.name}", "holder": holder, "count": lease.token}
    body |= {"acquired": now and exact(now), "expires": until and exact(until)}
    return document(_lease_id(lease.name), {"driftlog": {"lease": body}})


def _held(before: Stored, holder: str, now: datetime, ttl: timedelta) -> bool:
    """Whether another holds it; one that holds it for longer than anybody may has another clock, and is passed over."""
    body = before.body["lease"]
    if body["holder"] in {_NOBODY, holder} or body["expires"] is None:
        return False
    return now < datetime.fromisoformat(body["expires"]) <= now + 2 * ttl


def _lease_id(name: str) -> str:
    return identity("lease", name)
