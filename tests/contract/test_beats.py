from dataclasses import replace
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._schedule._beat import Beat, Condition
from driftlog_analyzers._state_file import StateFile

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEAT = Beat(
    "a",
    "one",
    7,
    "0.1",
    NOW,
    Condition.FAILED,
    NOW - timedelta(seconds=9),
    runs=3,
    duration_s=8.5,
    every_s=60.0,
    models=2,
    elsewhere=1,
    windows_done=5,
    windows_revised=1,
    windows_missed=2,
    windows_due=4,
    oldest_due=NOW - timedelta(hours=1),
    lag_s=3600.0,
    behind=("churn", "x.y"),
    ingest_lag_s=90.0,
    detector_errors=1,
    failed_by={"store": 1, "baseline": 2},
    error="it failed",
    rss_bytes=123,
)


def check(state, seen):
    """Save some heartbeats and read the latest of each back."""
    later = replace(
        BEAT, at=NOW + timedelta(minutes=1), status=Condition.OK, oldest_due=None, error=""
    )
    other = replace(BEAT, id="b", at=NOW + timedelta(seconds=30), behind=(), failed_by={})
    assert [] == list(state.beats(NOW))
    for beat in (BEAT, later, other):
        state.save_beat(beat)
    seen()
    assert [other, later] == list(state.beats(NOW))
    assert [later] == list(state.beats(NOW + timedelta(seconds=45)))


def test_in_a_state_file(tmp_path):
    """The latest heartbeat of each analyzer comes back as it was sent."""
    with StateFile(tmp_path / "state.sqlite") as state:
        check(state, lambda: None)


def test_in_elasticsearch(client, installed):
    """The same in the data stream that setup made, with a typed field for each figure."""
    stream = f"metrics-driftlog.analyzers-{installed}"
    check(ElasticsearchState(client, installed), lambda: client.indices.refresh(index=stream))
    found = client.search(
        index=stream,
        size=0,
        query={"term": {"driftlog.analyzer.status": "failed"}},
        aggregations={
            "missed": {"sum": {"field": "driftlog.analyzer.windows_missed"}},
            "store": {"sum": {"field": "driftlog.analyzer.failed_by.store"}},
            "oldest": {"min": {"field": "driftlog.analyzer.oldest_due"}},
        },
    )["aggregations"]
    assert (4.0, 1.0) == (found["missed"]["value"], found["store"]["value"])
    assert "2026-03-02T11:00:00" in found["oldest"]["value_as_string"]
