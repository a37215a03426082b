"""Heartbeats of analyzers, as docs/elasticsearch.md describes them."""

from datetime import UTC, datetime, timedelta


def BEATS():  # noqa: N802 - a constant but for the time
    """Three runs of one process: in time, late, and with a failure."""
    now = datetime.now(UTC)
    told = {
        "id": "a1",
        "version": "0.1.0",
        "status": "ok",
        "runs": 1,
        "duration_s": 1.5,
        "every_s": 60.0,
        "models": 1,
        "elsewhere": 0,
        "windows_done": 4,
        "windows_revised": 1,
        "windows_missed": 0,
        "windows_due": 0,
        "lag_s": 0.0,
        "ingest_lag_s": 12.0,
        "detector_errors": 0,
        "failed": 0,
        "rss_bytes": 2e8,
    }
    return [
        {
            "@timestamp": (now - timedelta(minutes=n)).isoformat(),
            "event": {"kind": "metric", "dataset": "driftlog.analyzers"},
            "host": {"name": "h"},
            "driftlog": {"analyzer": told | more},
        }
        for n, more in enumerate([{}, {"windows_due": 2, "lag_s": 7200.0}, {"failed": 1}])
    ]
