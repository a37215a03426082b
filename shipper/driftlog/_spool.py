"""The spool's writing end: one segment for each process and start, one write for each line."""

import errno
import fcntl
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from driftlog import _files, _segment
from driftlog._cap import Cap
from driftlog._deleted import Deleted
from driftlog._ledger import Ledger
from driftlog._limits import SpoolLimits
from driftlog._sync import Syncer
from driftlog._tally import Tally
from driftlog._times import Clock

__all__ = ["Spool"]

RETRY_AFTER = 1.0
# More than what stands before an event's body, its id included, where the id is made here.
ID_BYTES = 256
# The bytes of a character in UTF-8, at the most.
MAX_ENCODED = 4
SECOND = 1_000_000_000
# Hexadecimal numbers from here on have thirteen digits, the last twelve of which count lines.
FIRST = 1 << 48

_REASONS = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk full",
    errno.EFBIG: "file size limit",
    errno.EROFS: "spool not writable",
    errno.EACCES: "spool not writable",
    errno.EPERM: "spool not writable",
    errno.ENOENT: "spool missing",
    errno.ENOTDIR: "spool missing",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
}


@dataclass(slots=True)
class _Live:
    """The segment being written.

    Below ``fence`` bytes, and from ``since`` to ``until`` on the wall clock (ns since 1970), nothing
    needs to be looked at but the write itself. Both are in one second, so that a clock set back is
    noticed too, and ``stamp`` begins all lines of it. From ``origin``, a second earlier, the time is
    a number of ten digits, of which the second to seventh are the microseconds.
    """

    fd: int
    prefix: str
    size: int
    deadline: float
    fence: int = 0
    now: int = 0
    since: int = 0
    until: int = 0
    origin: int = 0
    stamp: str = ""
    counted: int = 0
    empty: bool = True

    def look_again(self, due: float, now: float, fence: int) -> None:
        """Set when and at what size the next look is due, the former on the monotonic clock."""
        self.fence = fence
        self.now = time.time_ns()
        second = self.now // SECOND
        self.since = second * SECOND
        self.origin = self.since - SECOND
        self.until = min(self.since + SECOND, self.now + int((due - now) * SECOND))
        self.stamp = time.strftime('{"@timestamp":"%Y-%m-%dT%H:%M:%S.', time.gmtime(second))


class Spool:
    """Appends whole lines to the live segment; what it cannot write it counts, and never raises.

    Args:
        folder: The spool's folder; made, for its owner alone, with the first segment.
        model: The model's name, which begins the file names, and its version.
        host: The host's name, for the segment's first line.
        limits: Sizes and ages.
        tally: Where drops are counted.
    """

    def __init__(
        self, folder: str, model: tuple[str, str], host: str, limits: SpoolLimits, tally: Tally
    ) -> None:
        self.folder = folder
        self._slug = _slug(model[0])
        self._model = model
        self._clock = Clock()
        self._host = host
        self._limits = limits
        self._tally = tally
        self._last_id = ""
        self._live: _Live | None = None
        self._syncer = Syncer(limits.sync_interval, tally, Ledger(folder, tally))
        self.tell = self._syncer.tell
        self._begin()

    def renew(self) -> None:
        """Begin anew in a forked child: locks, thread, segment; the parent's stay the parent's."""
        if self._live is not None:
            os.close(self._live.fd)
            self._live = None
        self.deleted.forget()
        self._syncer.renew()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._sequence = FIRST
        self._blocked = ("", 0.0)
        self.deleted = Deleted(self._tally, self._syncer.ledger)
        self._cap = Cap(self.folder, self._limits, self.deleted)
        self.accepted = 0

    def write_line(
        self, lead: bytes, rest: bytes, moment: bytes | None = None, event_id: str | None = None
    ) -> str | None:
        """Write one line: moment, event id, ``lead``, ``rest``, a bracket and a newline.

        Args:
            lead: What follows the event's id.
            rest: What follows that.
            moment: Event time; now, where None.
            event_id: As it stands between the quotes of JSON; made here, where None.

        Returns:
            The event's id, or None where the line was dropped.
        """
        size = len(lead) + len(rest)
        if size > self._limits.event_bytes:
            self._tally.drop("too large")
            return None
        if event_id is not None:
            size += MAX_ENCODED * len(event_id)
        self._lock.acquire()  # a third of what a with statement takes
        try:
            live, now = self._live, time.time_ns()
            if live is None or not live.since <= now < live.until or live.size + size > live.fence:
                live = self._ready(size + ID_BYTES)
                if live is None:
                    return None
                now = live.now
            if event_id is None:
                self._sequence = number = self._sequence + 1
                event_id = live.prefix + hex(number)[3:]
            if moment is None:
                head = f'{live.stamp}{str(now - live.origin)[1:7]}Z","event":{{"id":"{event_id}'
            else:
                head = f'{{"@timestamp":"{moment.decode()}","event":{{"id":"{event_id}'
            line = b"".join((head.encode(), lead, rest, b"}\n"))
            return event_id if self._append(live, line, 1) else None
        finally:
            self._lock.release()

    def reserve(self, count: int, size: int) -> tuple[str, int] | None:
        """Set aside ``count`` numbers for lines of about ``size`` bytes; None where they are dropped.

        Gives what begins the ids, and the first number, whose hexadecimal digits but one end them.
        """
        with self._lock:
            live = self._ready(size, count)
            if live is None:
                return None
            first = self._sequence + 1
            self._sequence += count
            return live.prefix, first

    def write_block(self, lines: bytes, count: int) -> bool:
        """Write ``count`` whole lines at once; False where they were dropped."""
        with self._lock:
            live = self._ready(len(lines), count)
            return live is not None and self._append(live, lines, count)

    def flush(self) -> None:
        """Bring to the disk what has been written, and the counters beside it."""
        self._syncer.sync()

    def close(self) -> None:
        """Sync and close the live segment; a later line opens another."""
        with self._lock:
            self._retire()
        self._syncer.stop()

    def _ready(self, size: int, count: int = 1) -> _Live | None:
        """Give a segment with room for ``size`` bytes; None, and ``count`` drops, where none is."""
        now, live = time.monotonic(), self._live
        self._settle()
        reason, until = self._blocked
        if reason:
            if now < until:
                self._tally.drop(reason, count)
                return None
            self._blocked = ("", 0.0)
        if (
            live is not None
            and not live.empty
            and (live.size + size > self._limits.roll_bytes or now >= live.deadline)
        ):
            self._retire()
            live = None
        try:
            if not self._cap.has_room(size, now):
                self._block("spool full", now, count)
                return None
            live = live or self._open(now)
        except OSError as error:
            self._refused(error, now, count)
            return None
        room = min(self._limits.roll_bytes, live.size + self._cap.room)
        live.look_again(min(live.deadline, self._cap.next_look), now, room - ID_BYTES)
        return live

    def _settle(self) -> None:
        """Tell the cap what was written since it was last told."""
        if self._live is not None:
            self._cap.wrote(self._live.size - self._live.counted)
            self._live.counted = self._live.size

    def _open(self, now: float) -> _Live:
        Path(self.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._last_id = _segment.new_id(self._last_id)
        path = f"{self.folder}/{self._slug}-{self._last_id}.ndjson"
        at = self._clock.now().decode()
        header = _segment.header(self._last_id, *self._model, self._host, at)
        fd = _files.create(path, header)
        self._sequence = FIRST
        self._live = _Live(fd, f"{self._last_id}-", len(header), now + self._limits.segment_age)
        self._syncer.watch(fd, self.folder)
        return self._live

    def _append(self, live: _Live, lines: bytes, count: int) -> bool:
        try:
            written = os.write(live.fd, lines)
        except OSError as error:
            self._refused(error, time.monotonic(), count)
            return False
        if written != len(lines):
            if not _taken_back(live.fd, written):
                live.size += written
                self._retire()
            self._refused(OSError(errno.ENOSPC, "short write"), time.monotonic(), count)
            return False
        live.empty = False
        live.size += written
        self.accepted += count
        self._syncer.dirty = True
        return True

    def _refused(self, error: OSError, now: float, count: int) -> None:
        self._tally.fail()
        reason = _REASONS.get(error.errno or 0, "write error")
        # A full disk takes no second segment: one that is still empty waits for room.
        if reason != "disk full" or (self._live is not None and not self._live.empty):
            self._retire()
        self._block(reason, now, count)

    def _block(self, reason: str, now: float, count: int) -> None:
        """Drop, and for a second drop without asking the disk again."""
        if self._live is not None:
            self._live.fence = 0
        self._tally.drop(reason, count)
        self._blocked = (reason, now + RETRY_AFTER)

    def _retire(self) -> None:
        self._settle()
        if self._live is not None:
            fcntl.flock(self._live.fd, fcntl.LOCK_UN)
            self._syncer.retire(self._live.fd)
            self._live = None


def _slug(model: str) -> str:
    """Give a model's name as a file's name may begin."""
    return re.sub(r"[^a-z0-9_.]+", "-", model.lower()).strip("-.")[:64] or "model"


def _taken_back(fd: int, written: int) -> bool:
    """Take back half a line; where that fails, the segment is left to the reader as it is."""
    try:
        os.ftruncate(fd, os.fstat(fd).st_size - written)
    except OSError:
        return False
    return True
