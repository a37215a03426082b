"""What a schedule keeps in the state file: notes, leases, and the few evaluations that it asks for."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._json import to_json
from driftlog_analyzers._lease import Lease, Valid, lost
from driftlog_analyzers._schedule._beat import Beat
from driftlog_analyzers._state_database import StateDatabase
from driftlog_analyzers._window import Window, WindowSize
from driftlog_analyzers.errors import StoreError

_SOME = 500
_BEATS = timedelta(days=30)
_LATEST = """
    SELECT body FROM evaluation
    WHERE model = :model AND size = :size AND (:before IS NULL OR start < :before)
    ORDER BY start DESC, start_id DESC LIMIT :limit"""
_COUNTED = """
    SELECT start, stop, start_id, stop_id, events FROM evaluation
    WHERE model = ? AND size = ? AND start IN ({})"""
_SAVE_NOTE = "INSERT INTO note VALUES (:name, :body) ON CONFLICT DO UPDATE SET body = excluded.body"
_TAKE = """
    INSERT INTO lease VALUES (:name, :holder, :until, 1)
    ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until, token = token + 1
    WHERE lease.holder = '' OR lease.holder = excluded.holder OR lease.until <= :now
        OR lease.until > :latest
    RETURNING token"""
_RENEW = """
    UPDATE lease SET until = :until WHERE name = :name AND token = :token AND holder = :holder
    RETURNING token"""


class Keeping(StateDatabase):
    """The part of the state file that a schedule needs; see `State`, `Leases` and `Fenced`."""

    _lease: Lease | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `State.transaction`; under a lease nothing is saved once another holds it."""
        joins = self._database.in_transaction
        with super().transaction():
            if not joins:
                self.require()
            yield

    def latest(
        self, model: str, size: WindowSize, before: datetime | None = None, limit: int = 1
    ) -> list[Evaluation]:
        """The latest evaluations of windows that begin before a time, oldest first."""
        values = {"model": model, "size": str(size), "before": before and text(before)}
        found = [body for (body,) in self._rows(_LATEST, values | {"limit": limit})]
        return [self._read(Evaluation, body.encode()) for body in reversed(found)]

    def counted(
        self, model: str, size: WindowSize, windows: Iterable[Window]
    ) -> Mapping[Window, int]:
        """How many events each window had when it was evaluated; others are left out."""
        wanted = frozenset(windows)
        starts = sorted({text(window.start) for window in wanted})
        found: dict[Window, int] = {}
        for n in range(0, len(starts), _SOME):
            some = starts[n : n + _SOME]
            statement = _COUNTED.format(", ".join("?" * len(some)))
            for start, stop, *ids, events in self._rows(statement, (model, str(size), *some)):
                window = Window(datetime.fromisoformat(start), datetime.fromisoformat(stop), *ids)
                if window in wanted:
                    found[window] = events
        return found

    def unsettled(self, model: str, size: WindowSize) -> list[Window]:
        """Nothing: a transaction of the file is saved whole."""
        del model, size
        return []

    def note(self, name: str) -> bytes | None:
        """What was noted under a name; None if nothing."""
        rows = self._rows("SELECT body FROM note WHERE name = :name", {"name": name})
        return next((body for (body,) in rows), None)

    def save_note(self, name: str, body: bytes) -> None:
        """Note something in place of what was noted."""
        with self.transaction():
            self._execute(_SAVE_NOTE, {"name": name, "body": body})

    def take(self, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
        """Take the lease for so long; None while another holds it; see `Leases`."""
        with self.transaction():
            moments = {"now": text(now), "until": text(now + ttl), "latest": text(now + 2 * ttl)}
            rows = list(self._rows(_TAKE, {"name": name, "holder": holder} | moments))
        return Lease(name, holder, rows[0][0]) if rows else None

    def renew(self, lease: Lease, now: datetime, ttl: timedelta) -> bool:
        """Hold it for so long from now on; see `Leases`."""
        with self.transaction():
            values = {"name": lease.name, "token": lease.token, "holder": lease.holder}
            return bool(list(self._rows(_RENEW, values | {"until": text(now + ttl)})))

    def release(self, lease: Lease) -> None:
        """Let others take it at once; see `Leases`."""
        with self.transaction():
            self._execute(
                "UPDATE lease SET holder = '' WHERE name = :name AND token = :token",
                {"name": lease.name, "token": lease.token},
            )

    @contextmanager
    def under(self, lease: Lease, sizes: Iterable[WindowSize], valid: Valid) -> Iterator[None]:
        """Write from now on only while nobody else has taken the lease; see `Fenced`."""
        del sizes, valid  # the lease's row is the fence of all, and is read in each transaction
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None

    def require(self) -> None:
        """The lease must still be ours, and is until the end of a transaction of this file; see `Fenced`."""
        if self._lease is None:
            return
        rows = self._rows("SELECT token FROM lease WHERE name = :name", {"name": self._lease.name})
        if [(self._lease.token,)] != list(rows):
            raise StoreError(lost(self._lease.name))

    def save_beat(self, beat: Beat) -> None:
        """Keep an analyzer's heartbeat, and none that is older than a month."""
        values = {"id": beat.id, "at": text(beat.at), "body": to_json(beat).decode()}
        with self.transaction():
            self._execute("INSERT OR REPLACE INTO beat VALUES (:id, :at, :body)", values)
            self._execute("DELETE FROM beat WHERE at < :at", {"at": text(beat.at - _BEATS)})

    def beats(self, since: datetime) -> list[Beat]:
        """The latest heartbeat of each analyzer that sent one since then, the oldest first."""
        statement = """
            SELECT body FROM beat WHERE at >= :since AND at = (
                SELECT max(at) FROM beat latest WHERE latest.id = beat.id) ORDER BY at, id"""
        found = self._rows(statement, {"since": text(since)})
        return [self._read(Beat, body.encode()) for (body,) in found]


def text(moment: datetime) -> str:
    """UTC with microseconds, always, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
