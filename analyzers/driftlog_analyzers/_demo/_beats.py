"""What the shipper and the analyzer of the simulated service would have said of themselves. Pure.

The demo ships its two weeks within a minute, so its own heartbeats would all be of this minute. These are spread over
the time that is played, with one stretch in which Elasticsearch was away: events wait, and are sent afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from driftlog_analyzers._demo._live import Play
from driftlog_analyzers._demo._service import MODEL, volume

Json = dict[str, Any]
SHIPPER, ANALYZERS = "driftlog.shipper", "driftlog.analyzers"
_EVERY = timedelta(minutes=15)
_AWAY = timedelta(hours=2)
_HOST, _PROCESS = "churn-api-1", "demo"
_REFUSED = (("document_parsing_exception", 3), ("damaged", 1))
_MEMORY = 92e6


def beats(play: Play) -> Iterator[tuple[str, Json]]:
    """Data set and document of each heartbeat, in order of time."""
    account, number, moment = _Account(), 0, play.start
    while moment < play.end:
        moment, number = moment + _EVERY, number + 1
        away = play.at(0.7) < moment <= play.at(0.7) + _AWAY
        new = round(play.per_hour / 4 * volume(moment))
        refused = _REFUSED if play.at(0.8) < moment <= play.at(0.8) + _EVERY else ()
        indexed = account.step(new, refused, away=away)
        waits = (moment - play.at(0.7)).total_seconds() if away else 0.4
        yield SHIPPER, _shipper(moment, account, indexed, refused, waits)
        for reason, count in refused:
            loss = {"kind": "quarantined", "reason": reason, "count": count}
            yield SHIPPER, _document(moment, SHIPPER, {"model": {"name": [MODEL]}, "loss": loss})
        yield ANALYZERS, _analyzer(moment, number, waits if away else 0.0)


@dataclass(slots=True)
class _Account:
    accepted: int = 0
    indexed: int = 0
    quarantined: int = 0
    unsent: int = 0

    def step(self, new: int, refused: tuple[tuple[str, int], ...], *, away: bool) -> int:
        """Take new events in and, unless Elasticsearch is away, send all that wait; how many were indexed."""
        lost = sum(count for _, count in refused)
        self.accepted += new + lost
        self.quarantined += lost
        self.unsent += new
        sent = 0 if away else self.unsent
        self.unsent -= sent
        self.indexed += sent
        return sent


def _shipper(
    moment: datetime,
    account: _Account,
    indexed: int,
    refused: tuple[tuple[str, int], ...],
    waits: float,
) -> Json:
    slow = 1.0 + indexed / 400.0
    facts: Json = {
        "accepted": account.accepted,
        "indexed": account.indexed,
        "duplicate": 0,
        "quarantined": account.quarantined,
        "quarantined_by": [{"reason": reason, "count": count} for reason, count in refused],
        "dropped": 0,
        "not_accepted": 0,
        "changed": 0,
        "unsent": account.unsent,
        "unsent_bytes": account.unsent * 1000,
        "oldest_unsent_s": waits,
        "new": {
            "indexed": indexed,
            "duplicate": 0,
            "quarantined": sum(count for _, count in refused),
            "dropped": 0,
            "not_accepted": 0,
        },
        "spool": "/var/log/churn",
        "models": [MODEL],
        "every_s": _EVERY.total_seconds(),
        "rss_bytes": _MEMORY + account.unsent * 20.0,
        "cpu_pct": round(0.4 + indexed / 600.0, 2),
    }
    if indexed:
        facts |= {"requests": 90, "latency_ms": 14.0 * slow, "latency_max_ms": 41.0 * slow}
    return _document(moment, SHIPPER, {"model": {"name": [MODEL]}, "shipper": facts})


def _analyzer(moment: datetime, number: int, lag: float) -> Json:
    hourly = moment.minute == 0
    facts = {
        "id": _PROCESS,
        "version": "0.1.0",
        "status": "ok",
        "runs": number,
        "duration_s": 2.6 if hourly else 0.3,
        "every_s": _EVERY.total_seconds(),
        "models": 1,
        "elsewhere": 0,
        "windows_done": int(hourly and not lag),
        "windows_revised": 0,
        "windows_missed": 0,
        "windows_due": round(lag // 3600),
        "lag_s": lag,
        "ingest_lag_s": 12.0,
        "detector_errors": 0,
        "failed": 0,
        "rss_bytes": 2.1e8,
    }
    return _document(moment, ANALYZERS, {"analyzer": facts})


def _document(moment: datetime, dataset: str, ours: Json) -> Json:
    return {
        "@timestamp": moment.isoformat(),
        "event": {"kind": "metric", "dataset": dataset},
        "host": {"name": _HOST},
        "driftlog": ours,
    }
