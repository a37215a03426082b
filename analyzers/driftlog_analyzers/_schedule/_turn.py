"""One turn of an analyzer: a run, the heartbeat after it, and what people are told."""

import os
import resource
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import metadata

from driftlog_analyzers._schedule._beat import Beat, Condition, silence
from driftlog_analyzers._schedule._round import Report, Site, reason, run_once
from driftlog_analyzers._schedule._work import Stop
from driftlog_analyzers._statistics import counted
from driftlog_analyzers._window import TimeSize
from driftlog_analyzers.errors import DriftlogError, StoreError

_LISTED = 10
_LATELY = timedelta(days=1)
Watch = Callable[[Site, Report, Beat], None]


@dataclass(frozen=True, slots=True)
class Behind:
    """Windows that are closed and not evaluated at the end of a run.

    Attributes:
        windows: how many.
        oldest: end of the oldest.
        models: whose they are.
    """

    windows: int = 0
    oldest: datetime | None = None
    models: tuple[str, ...] = ()


def behind(report: Report, now: datetime) -> Behind:
    """What became due while the run went on, and what it left."""
    ends: list[tuple[datetime, str]] = []
    for (model, size), done in report.done.items():
        if done.frontier is None or not isinstance(size, TimeSize):
            continue
        horizon = now - report.lags[model]
        count = max(0, (size.floor(horizon) - done.frontier) // size.duration)
        oldest = done.oldest or done.frontier + size.duration
        ends += [(oldest, model)] * max(count, done.left)
    return Behind(
        len(ends), min((end for end, _ in ends), default=None), tuple(sorted({m for _, m in ends}))
    )


@dataclass(slots=True)
class Analyzer:
    """One process that analyzes, from its start on.

    Attributes:
        tell: takes a sentence.
        watch: is shown what each run did.
        every: how far apart its runs are; None where somebody else starts them.
        id: a name of its own.
    """

    tell: Callable[[str], None]
    watch: Watch | None = None
    every: timedelta | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _runs: int = 0
    _told: dict[str, str] = field(default_factory=dict)
    _last: Beat | None = None

    @property
    def holder(self) -> str:
        """What its leases say of it."""
        return f"{socket.gethostname()}:{os.getpid()}:{self.id}"

    def turn(self, site: Site, stop: Stop) -> Report:
        """Run once, tell of it, and beat.

        Raises:
            StoreError: the store or the state cannot be read at all; the heartbeat says so, where that can be kept.
        """
        started, begun = site.clock.now(), time.monotonic()
        self._runs += 1
        try:
            own = [silence(site.home.beats(started - _LATELY), self.id, started)]
            report = run_once(site, stop, own)
            _end(site, report)
        except DriftlogError as error:
            report = Report(started, failures={"": str(error)}, reasons={reason(error): 1})
            self._beat_anyway(site, report, begun)
            raise
        beat = self._beat(site, report, begun)
        site.home.save_beat(beat)
        self._say(report, beat)
        if self.watch:
            self.watch(site, report, beat)
        return report

    def stopped(self, site: Site) -> None:
        """Say that it ends because it was told to."""
        if self._last is None:
            return
        last = replace(self._last, at=site.clock.now(), status=Condition.STOPPED)
        site.home.save_beat(last)

    def _beat_anyway(self, site: Site, report: Report, begun: float) -> None:
        try:
            site.home.save_beat(self._beat(site, report, begun))
        except StoreError:
            return  # the loop says what is wrong, and tries again

    def _beat(self, site: Site, report: Report, begun: float) -> Beat:
        now = site.clock.now()
        late = behind(report, now)
        done = report.done.values()
        self._last = Beat(
            id=self.id,
            host=socket.gethostname() or "unknown",
            pid=os.getpid(),
            version=metadata.version("driftlog"),
            at=now,
            status=Condition.FAILED if report.failures else Condition.OK,
            started=report.started,
            runs=self._runs,
            duration_s=round(time.monotonic() - begun, 3),
            every_s=self.every.total_seconds() if self.every else 0.0,
            models=len(report.models),
            elsewhere=len(report.elsewhere),
            windows_done=sum(one.windows for one in done),
            windows_revised=sum(one.revised for one in done),
            windows_missed=sum(one.missed for one in done),
            windows_due=late.windows,
            oldest_due=late.oldest,
            lag_s=round((now - late.oldest).total_seconds(), 3) if late.oldest else 0.0,
            behind=late.models[:_LISTED],
            ingest_lag_s=max((lag.total_seconds() for lag in report.lags.values()), default=0.0),
            detector_errors=sum(one.errors for one in done),
            failed_by=report.reasons,
            error=next(iter(report.failures.values()), ""),
            rss_bytes=_rss(),
        )
        return self._last

    def _say(self, report: Report, beat: Beat) -> None:
        for sentence in self._news(report):
            self.tell(sentence)
        if beat.every_s and beat.duration_s > beat.every_s:
            due = f"{counted(beat.windows_due, 'window')} of {counted(len(beat.behind), 'model')} wait for the next"
            self.tell(
                f"The run took {beat.duration_s:,.0f} s, longer than the {beat.every_s:,.0f} s between two runs; {due}."
                " If that goes on, run another analyzer, or take larger windows or a longer every under [schedule]."
            )

    def _news(self, report: Report) -> Iterator[str]:
        """What was not said of a model before; and that it goes well again."""
        for model, sentence in report.failures.items():
            if self._told.get(model) != sentence:
                yield f"{model}: {sentence}"
        for model in sorted(self._told.keys() - report.failures.keys()):
            if model in report.models:
                yield f"{model}: it is analyzed again."
        still = {m: s for m, s in self._told.items() if m not in report.models}
        self._told = still | report.failures
        for (model, size), done in report.done.items():
            if done.missed:
                yield (
                    f"{model}: {counted(done.missed, 'window')} of {size} can never be analyzed: their events had left"
                    " the store; keep events for longer than analyzers may be away."
                )


def _end(site: Site, report: Report) -> None:
    """Let what follows a run be done; its failure is one of the run's."""
    try:
        site.ending(site.clock.now())
    except DriftlogError as error:
        report.fail("notifications", error)


def _rss() -> int:
    """The most memory that the process had so far, in bytes, where the current figure is not known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
