"""A sign of life once a minute, with the account in it."""

import os
import resource
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from driftlog._ledger import Losses, read_losses
from driftlog._upload._bulk import Sender
from driftlog._upload._cursor import Cursor
from driftlog._upload._gone import with_losses
from driftlog._upload._keeper import logger
from driftlog._upload._settings import Upload
from driftlog._upload._streams import Streams
from driftlog._upload._survey import SegmentState, unsent

__all__ = ["Heartbeat", "age"]

_DATASET = "driftlog.shipper"
_PAGE = resource.getpagesize()
_MILLI = 1000
_AT_THE_END = 1.0
_LOST = ("quarantined", "dropped", "not_accepted")
_COUNTERS = ("indexed", "duplicate", *_LOST)


def age(moment: str | None) -> float | None:
    """Give the seconds since a time in RFC 3339; None, where it is none."""
    try:
        then = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        return None
    return max(0.0, (datetime.now(UTC) - then).total_seconds()) if then and then.tzinfo else None


class Heartbeat:
    """Sends one document now and then; a failure costs that document and nothing else.

    Args:
        spool: The folder that the account is of.
        upload: With the interval and the namespace.
        sender: Sends it.
        streams: Tells whether it may go there.
    """

    def __init__(self, spool: Path, upload: Upload, sender: Sender, streams: Streams) -> None:
        self._spool = spool
        self._every = upload.heartbeat
        self._stream = f"metrics-{_DATASET}-{upload.namespace}"
        self._sender = sender
        self._streams = streams
        self._due = time.monotonic()
        self._last = (time.monotonic(), time.process_time())
        self._latency: list[float] = []
        self._run = uuid.uuid4().hex[:12]
        self._number = 0
        self._before: Mapping[str, Any] | None = None

    def took(self, seconds: float) -> None:
        """Note how long a bulk request took."""
        if seconds:
            self._latency.append(seconds)

    def beat_if_due(self, states: Sequence[SegmentState], cursor: Cursor) -> None:
        """Send a heartbeat, if it is time to."""
        now = time.monotonic()
        if self._every is None or now < self._due:
            return
        self._due = now + self._every
        self._beat(states, cursor, now)

    def last(self, states: Sequence[SegmentState], cursor: Cursor) -> None:
        """Send the final account, if that can be done soon."""
        if self._every is not None:
            self._beat(states, cursor, time.monotonic(), _AT_THE_END)

    def _beat(
        self,
        states: Sequence[SegmentState],
        cursor: Cursor,
        now: float,
        timeout: float | None = None,
    ) -> None:
        obstacle = self._streams.obstacle(self._stream, timeout)
        if obstacle is not None:
            logger.debug("The heartbeat was not sent (%s).", obstacle.reason)
            return
        self._number += 1
        name = f"{self._run}-{self._number}"
        document = self._document(states, cursor, now)
        reply = self._sender.create(self._stream, name, document, timeout)
        if reply.status not in {201, 409}:
            self._streams.doubt(self._stream)
            logger.debug("The heartbeat was not taken (%s).", reply.status or reply.body)
            return
        facts = document["driftlog"]["shipper"]
        losses, self._before = _lost(facts, self._before), facts
        for number, loss in enumerate(losses, 1):
            row = document | {"driftlog": {"model": document["driftlog"]["model"], "loss": loss}}
            self._sender.create(self._stream, f"{name}-{number}", row, timeout)

    def _document(
        self, states: Sequence[SegmentState], cursor: Cursor, now: float
    ) -> dict[str, Any]:
        then, cpu = self._last
        self._last = (now, time.process_time())
        busy = (self._last[1] - cpu) / (now - then) * 100 if now > then else 0.0
        latency, self._latency = self._latency, []
        facts = account_facts(states, cursor, _losses(self._spool))
        models = sorted({state.dataset.removeprefix("driftlog.") for state in states})
        facts |= {
            "new": since(facts, self._before),
            "spool": str(self._spool),
            "latency_ms": round(sum(latency) / len(latency) * _MILLI, 3) if latency else None,
            "latency_max_ms": round(max(latency) * _MILLI, 3) if latency else None,
            "requests": len(latency),
            "models": models,
            "every_s": self._every,
            "rss_bytes": _rss(),
            "cpu_pct": round(busy, 2),
        }
        return {
            "@timestamp": datetime.now(UTC).isoformat(),
            "event": {"kind": "metric", "dataset": _DATASET},
            "host": {"name": socket.gethostname() or "unknown"},
            "process": {"pid": os.getpid()},
            "driftlog": {
                "model": {"name": models},
                "shipper": {name: value for name, value in facts.items() if value is not None},
            },
        }


def account_facts(states: Sequence[SegmentState], cursor: Cursor, losses: Losses) -> dict[str, Any]:
    """Give the account as the fields of a heartbeat; what is not known yet is None."""
    account, waiting = with_losses(cursor.account, losses), unsent(states, cursor.positions)
    trouble = cursor.trouble
    return {
        "accepted": None if waiting.events is None else account.resolved + waiting.events,
        "indexed": account.indexed,
        "duplicate": account.duplicate,
        "quarantined": sum(account.quarantined.values()),
        "quarantined_by": _listed(account.quarantined),
        "dropped": sum(account.dropped.values()),
        "dropped_by": _listed(account.dropped),
        "unsent": waiting.events,
        "unsent_bytes": waiting.size,
        "oldest_unsent_s": age(waiting.oldest) if waiting.oldest else 0.0,
        "not_accepted": sum(losses.dropped.values()),
        "not_accepted_by": _listed(losses.dropped),
        "changed": sum(losses.changed.values()),
        "changed_by": _listed(losses.changed),
        "error": trouble.sentence if trouble and trouble.lasting else None,
    }


def since(facts: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Give what was added to each counter since the heartbeat before; None for the first of a process."""
    if before is None:
        return None
    return {name: max(0, facts[name] - before.get(name, 0)) for name in _COUNTERS}


def _lost(facts: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[dict[str, str | int]]:
    """Give how many events went lost since the heartbeat before, by kind and reason."""
    if before is None:
        return []
    return [
        {"kind": kind, "reason": one["reason"], "count": lost}
        for kind in _LOST
        for one in facts[f"{kind}_by"]
        if (lost := one["count"] - _counted(before[f"{kind}_by"], one["reason"])) > 0
    ]


def _counted(listed: Sequence[Mapping[str, Any]], reason: str) -> int:
    return next((int(one["count"]) for one in listed if one["reason"] == reason), 0)


def _losses(spool: Path) -> Losses:
    try:
        return read_losses(spool)
    except OSError as error:
        logger.debug("The counters of spool %s cannot be read (%s).", spool, error.strerror)
        return Losses()


def _listed(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Reasons as values: as field names they would grow the mapping."""
    return [{"reason": reason, "count": count} for reason, count in sorted(counts.items())]


def _rss() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None
