"""What an analyzer says of itself after every run, and what is concluded from the others' saying nothing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from driftlog_analyzers._finding import Outcome, Result, Severity
from driftlog_analyzers._statistics import counted
from driftlog_analyzers._window import Window

MONITOR = "monitor"
SILENCE, MISSED = "analyzer.silence", "windows.missed"
INTERVALS = 2
"""Intervals without a heartbeat that are silence."""
_REMEMBERED = timedelta(days=1)


class Condition(StrEnum):
    """How an analyzer is."""

    OK = "ok"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Beat:
    """The heartbeat of one analyzer; the fields are those of docs/elasticsearch.md.

    Attributes:
        id: of the process, the same as long as it runs.
        host: its name.
        pid: number of the process.
        version: of driftlog.
        at: when it was sent, UTC.
        status: how the analyzer is.
        started: when the run began.
        runs: of this process so far.
        duration_s: of the run, in seconds.
        every_s: seconds between runs; 0 where somebody else starts them.
        models: that were worked on.
        elsewhere: models that another analyzer held.
        windows_done: evaluated windows.
        windows_revised: those of them that had been evaluated before.
        windows_missed: windows whose events were gone.
        windows_due: closed windows that were left undone.
        oldest_due: end of the oldest of them.
        lag_s: how many seconds ago that was.
        behind: models that have such windows, ten at the most.
        ingest_lag_s: seconds after its end at which a window is closed, at the highest.
        detector_errors: detectors that raised.
        failed_by: models that could not be analyzed, by reason.
        error: the first failure in a sentence.
        rss_bytes: resident memory of the process.
    """

    id: str
    host: str
    pid: int
    version: str
    at: datetime
    status: Condition
    started: datetime
    runs: int = 1
    duration_s: float = 0.0
    every_s: float = 0.0
    models: int = 0
    elsewhere: int = 0
    windows_done: int = 0
    windows_revised: int = 0
    windows_missed: int = 0
    windows_due: int = 0
    oldest_due: datetime | None = None
    lag_s: float = 0.0
    behind: tuple[str, ...] = ()
    ingest_lag_s: float = 0.0
    detector_errors: int = 0
    failed_by: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    rss_bytes: int = 0

    @property
    def failed(self) -> int:
        """Models that could not be analyzed."""
        return sum(self.failed_by.values())

    def overdue(self, now: datetime) -> float:
        """Intervals since it was due to beat again; 0 for one that was stopped, or is not started by itself."""
        if self.status is Condition.STOPPED or not self.every_s:
            return 0.0
        return (now - self.at).total_seconds() / max(self.every_s, self.duration_s)


class BeatHome(Protocol):
    """Where heartbeats are kept. Every method raises `StoreError` where that cannot be done."""

    def save_beat(self, beat: Beat) -> None:
        """Keep a heartbeat."""

    def beats(self, since: datetime) -> Sequence[Beat]:
        """The latest heartbeat of each analyzer that sent one since then, the oldest first."""


def latest_by_host(beats: Sequence[Beat]) -> list[Beat]:
    """The latest heartbeat of each host: a process that was started anew takes the place of the one before."""
    latest: dict[str, Beat] = {}
    for beat in sorted(beats, key=lambda beat: beat.at):
        latest[beat.host] = beat
    return [latest[host] for host in sorted(latest)]


def silence(beats: Sequence[Beat], me: str, now: datetime) -> Result:
    """Whether another analyzer, or all of them until just now, said nothing when it should have.

    The effect is the number of intervals without a heartbeat, of the worst.

    Args:
        beats: the latest of each analyzer, from before this run.
        me: the analyzer that asks.
        now: the time.
    """
    others = [b for b in latest_by_host(beats) if b.id != me and now - b.at <= _REMEMBERED]
    worst = max(others, key=lambda beat: beat.overdue(now), default=None)
    missed = worst.overdue(now) if worst else 0.0
    if worst is None or missed <= INTERVALS:
        words = f"{counted(len(others), 'other analyzer')} beat in time"
        return Result(MONITOR, SILENCE, Outcome.OK, words, n=len(others), effect=missed)
    return Result(
        MONITOR,
        SILENCE,
        Outcome.FINDING,
        f"the analyzer on {worst.host} (process {worst.pid}) is silent since {worst.at:%Y-%m-%d %H:%M:%S} UTC,"
        f" {missed:,.0f} intervals ago; see whether it still runs, and why not",
        severity=Severity.MEDIUM,
        n=len(others),
        effect=missed,
    )


def missed(windows: Sequence[Window]) -> Result | None:
    """That windows could not be analyzed; None where all could. The effect is their number."""
    if not windows:
        return None
    return Result(
        MONITOR,
        MISSED,
        Outcome.FINDING,
        f"{counted(len(windows), 'window')} from {windows[0].start:%Y-%m-%d %H:%M} to"
        f" {windows[-1].end:%Y-%m-%d %H:%M} UTC were never analyzed: their events left the store before an analyzer"
        " came back; keep events for longer than analyzers may be away",
        severity=Severity.HIGH,
        n=len(windows),
        effect=float(len(windows)),
    )
