"""One run over all models: each is taken by a lease, looked at, and brought up to date."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._config import Config
from driftlog_analyzers._finding import Result
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._lease import Fenced, Lease, Leases
from driftlog_analyzers._run import Run
from driftlog_analyzers._schedule._beat import BeatHome
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers._schedule._due import closed, floored, part_of
from driftlog_analyzers._schedule._look import Look, ingest_lag, looked
from driftlog_analyzers._schedule._renewing import OpenLeases, renewing
from driftlog_analyzers._schedule._settings import Schedule
from driftlog_analyzers._schedule._work import Done, Job, Stop, work
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._state import State
from driftlog_analyzers._store import EventStore, TracksChanges
from driftlog_analyzers._window import TimeSize, Window, WindowSize
from driftlog_analyzers.errors import BaselineError, ConfigError, DriftlogError, StoreError

_HOUR = TimeSize(timedelta(hours=1))
_LABELS = timedelta(hours=1)
"""How far apart two looks for labels are."""


class Home(State, Leases, Fenced, BeatHome, Protocol):
    """Where a schedule keeps what it must remember."""


After = Callable[[Home, str, WindowSize, datetime], None]
"""Is called with the state, the model and the window size once its windows are evaluated, while the lease is held."""
Ending = Callable[[datetime], None]
"""Is called once all models were looked at, and no lease is held."""


def nothing_after(state: Home, model: str, size: WindowSize, now: datetime) -> None:
    """Do nothing once windows are evaluated."""
    del state, model, size, now


def nothing_at_end(now: datetime) -> None:
    """Do nothing once all models were looked at."""
    del now


@dataclass(frozen=True, slots=True)
class Site:
    """What a schedule works with.

    Attributes:
        config: what is to be done.
        store: where the events are.
        home: where everything is kept.
        open_leases: opens the leases of the same home for another thread.
        baseline: finds the baseline of a model.
        settings: of the detectors, by model.
        clock: the time.
        holder: name of this analyzer.
        after: what is done once windows are evaluated.
        ending: what is done once all models were looked at.
        once: whether somebody else starts the runs, so that each looks at every model.
    """

    config: Config
    store: EventStore
    home: Home
    open_leases: OpenLeases
    baseline: Callable[[str], Baseline]
    settings: Callable[[str], Settings]
    clock: Clock
    holder: str
    after: After = nothing_after
    ending: Ending = nothing_at_end
    once: bool = False

    def models(self) -> tuple[str, ...]:
        """The models that are looked at: those of the configuration, else all that have events."""
        return tuple(sorted(self.config.models)) or self.store.models()

    def schedule(self, model: str) -> Schedule:
        """When the model is looked at."""
        return self.config.schedule.overridden(self.config.monitor(model).schedule)

    def sizes(self, model: str) -> tuple[WindowSize, ...]:
        """The sizes of its windows, the smallest first, those by count at the end."""
        return self.config.monitor(model).sizes


@dataclass(slots=True)
class Report:
    """What a run did.

    Attributes:
        started: when it began.
        models: that were worked on.
        elsewhere: models that another analyzer held.
        done: by model and size.
        lags: how long after their end windows are closed, by model.
        failures: a sentence by model.
        reasons: number of failures by reason.
        ended: whether all models were looked at.
    """

    started: datetime
    models: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    done: dict[tuple[str, WindowSize], Done] = field(default_factory=dict)
    lags: dict[str, timedelta] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    def fail(self, model: str, error: DriftlogError) -> None:
        """Note why a model could not be analyzed."""
        self.failures[model] = str(error)
        why = reason(error)
        self.reasons[why] = self.reasons.get(why, 0) + 1


def reason(error: DriftlogError) -> str:
    """Why a model could not be analyzed, in a word."""
    kinds = ((BaselineError, "baseline"), (ConfigError, "configuration"), (StoreError, "store"))
    return next((name for kind, name in kinds if isinstance(error, kind)), "other")


def run_once(site: Site, stop: Stop, own: Sequence[Result] = ()) -> Report:
    """Look at every model and do what is due, until all is done or told to stop.

    A model that fails does not keep the others from being analyzed.

    Args:
        site: what to work with.
        stop: whether to end after what is being done.
        own: what is said of the analyzers, in the first model's latest window.

    Raises:
        StoreError: the store or the state cannot be read at all.
    """
    report = Report(site.clock.now())
    with _frozen(site.store):
        models = site.models()
        for model in models:
            if stop():
                return report
            with _leased(site, model) as lease:
                if lease is None:
                    report.elsewhere.append(model)
                    continue
                try:
                    _model(site, model, report, stop, own if model == models[0] else ())
                except DriftlogError as error:
                    report.fail(model, error)
    report.ended = True
    return report


@contextmanager
def _frozen(store: EventStore) -> Iterator[None]:
    with store.frozen() if isinstance(store, TracksChanges) else nullcontext():
        yield


@contextmanager
def _leased(site: Site, model: str) -> Iterator[Lease | None]:
    """The lease on a model, renewed until the end; None where another analyzer has it."""
    ttl = site.schedule(model).lease
    lease = site.home.take(model, site.holder, site.clock.now(), ttl)
    if lease is None:
        yield None
        return
    try:
        with (
            renewing(site.open_leases, lease, site.clock, ttl) as deadline,
            site.home.under(lease, site.sizes(model), deadline.valid),
        ):
            yield lease
    finally:
        site.home.release(lease)


def _model(site: Site, model: str, report: Report, stop: Stop, own: Sequence[Result]) -> None:
    schedule, home = site.schedule(model), site.home
    before = _look(home, model)
    now = site.clock.now()
    if not site.once and before and timedelta(0) <= now - before.at < schedule.every / 2:
        return
    report.models.append(model)
    baseline = site.baseline(model)
    span = site.store.span(model, now)
    look = looked(before, now, span[1] if span else None)
    report.lags[model] = lag = ingest_lag(look.delays, schedule)
    asks = look.labelled is None or now - look.labelled >= _LABELS
    labels = now - schedule.late if asks else None
    sizes = site.sizes(model)
    times = [size for size in sizes if isinstance(size, TimeSize)]
    sweeps = look.swept is None or now - look.swept >= schedule.sweep
    since = span[0] if sweeps and span else now - lag - schedule.late
    touched = _touched(site, model, before, times[0] if times else _HOUR, (since, now - lag))
    complete = True
    waits = False
    for size in sizes:
        run = Run.of(
            site.store,
            baseline,
            home,
            size,
            settings=site.settings(model),
            episodes=site.config.episodes(model),
            now=now,
            parts=part_of(times, size) if isinstance(size, TimeSize) else None,
        )
        whole = floored(size, touched) if isinstance(size, TimeSize) else touched
        done = work(
            Job(run, now - lag, before.at if before else None, schedule.every, whole, labels, own),
            stop,
        )
        report.done[model, size] = done
        if done.left:
            complete = False
            break
        site.after(home, model, size, now)
        waits = waits or done.waits
    # Once it is remembered that somebody looked, missed windows would be taken for silence.
    if complete and not waits:
        _keep(site, model, look, labelled=asks, swept=sweeps)


def _look(home: Home, model: str) -> Look | None:
    body = home.note(f"look at {model}")
    try:
        return None if body is None else from_json(Look, body)
    except ValueError:
        return None


def _touched(
    site: Site,
    model: str,
    before: Look | None,
    size: TimeSize,
    stretch: tuple[datetime, datetime],
) -> Sequence[Window]:
    """Windows that may hold events that were not there at the look before: by the store, or all of a stretch."""
    if before is None and not any(site.home.latest(model, one) for one in site.sizes(model)):
        return ()
    if isinstance(site.store, TracksChanges):
        return site.store.touched(model, size, before.mark if before else "")
    return closed(size, *stretch)


def _keep(site: Site, model: str, look: Look, *, labelled: bool, swept: bool) -> None:
    """Remember the look, since all that it showed is done."""
    mark = site.store.mark() if isinstance(site.store, TracksChanges) else ""
    look = replace(
        look,
        mark=mark,
        swept=look.at if swept else look.swept,
        labelled=look.at if labelled else look.labelled,
    )
    site.home.save_note(f"look at {model}", to_json(look))
