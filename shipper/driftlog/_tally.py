"""What the shipper accepted, changed and dropped, and the one warning a minute about it."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Counters", "Tally"]

logger = logging.getLogger("driftlog")

WARN_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Counters:
    """A logger's account since it was made (in a forked child: since the fork).

    Args:
        accepted: Events and labels that are on disk.
        dropped: Events and labels that are not, by reason.
        changed: Values (and moments) that were logged otherwise than given, by reason.
        write_errors: Writes, and openings of segments, that the operating system refused.
        deleted_events: Events in segments deleted under ``when_full="drop oldest"``.
        deleted_bytes: Bytes of those segments.
    """

    accepted: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    write_errors: int = 0
    deleted_events: int = 0
    deleted_bytes: int = 0


class Tally:
    """Counts by reason; thread-safe. Nothing is counted here for an event that went well."""

    def __init__(self, spool: str) -> None:
        self._spool = spool
        self._next_warning = -1.0
        self.renew()

    def renew(self) -> None:
        """Begin again at zero, with a lock that no other process's thread holds."""
        self._lock = threading.Lock()
        self._dropped: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._deleted = (0, 0)
        self._write_errors = 0
        self.unreported = False

    def drop(self, reason: str, count: int = 1) -> None:
        """Count events that were not logged."""
        with self._lock:
            self._dropped[reason] += count
            self.unreported = True

    def change(self, reason: str, count: int = 1) -> None:
        """Count values that were logged otherwise than given."""
        with self._lock:
            self._changed[reason] += count
            self.unreported = True

    def fail(self) -> None:
        """Count a system call that was refused."""
        with self._lock:
            self._write_errors += 1
            self.unreported = True

    def delete(self, events: int, size: int) -> None:
        """Count a segment that was deleted to make room."""
        with self._lock:
            self._deleted = (self._deleted[0] + events, self._deleted[1] + size)
            self.unreported = True

    def snapshot(self, accepted: int) -> Counters:
        """Give the account as a value."""
        with self._lock:
            return Counters(
                accepted=accepted,
                dropped=dict(self._dropped),
                changed=dict(self._changed),
                write_errors=self._write_errors,
                deleted_events=self._deleted[0],
                deleted_bytes=self._deleted[1],
            )

    def warn(self) -> None:
        """Warn of what is new since the last warning, once a minute at the most."""
        now = time.monotonic()
        with self._lock:
            if now < self._next_warning or not self.unreported:
                return
            self._next_warning = now + WARN_EVERY
            self.unreported = False
            total = self._total()
            news = total - self._told
            self._told = total
        if news:
            what = ", ".join(f"{name}: {count}" for name, count in sorted(news.items()))
            logger.warning("Spool %s: since the last warning, %s.", self._spool, what)

    def _total(self) -> Counter[str]:
        total: Counter[str] = Counter()
        total.update({f"events dropped ({name})": n for name, n in self._dropped.items()})
        total.update({f"values changed ({name})": n for name, n in self._changed.items()})
        total.update({"writes refused": self._write_errors})
        total.update({"old events deleted to make room": self._deleted[0]})
        return total
