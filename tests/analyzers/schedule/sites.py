"""A schedule over a real spool, at times that the test chooses."""

import random
from contextlib import contextmanager
from datetime import timedelta

from driftlog import PredictionLogger
from driftlog_analyzers._config import Config
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._schedule._clock import Clock
from driftlog_analyzers._schedule._round import Site, nothing_after, run_once
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers._window import TimeSize
from tests.analyzers.spools import MODEL, at

HOUR = TimeSize(timedelta(hours=1))
DAY = TimeSize(timedelta(days=1))
PER_HOUR = 60


def log_hours(spool, hours, *, per_hour=PER_HOUR, seed=3, gone=(), model=MODEL):
    """Log some hours of events; feature `gone` is missing in some of them."""
    chance = random.Random(seed)
    with PredictionLogger(model=model, version="7", spool=spool) as logger:
        for hour in hours:
            for n in range(per_hour):
                row = {"x": chance.gauss(0, 1), "c": chance.choice("abc"), "gone": chance.random()}
                if hour in gone:
                    del row["gone"]
                logger.log(row, timestamp=at(hour + n / per_hour))


def baseline_of(spool, hours=6, model=MODEL):
    """A baseline of the first hours."""
    with SpoolStore(spool) as store:
        return baseline_from_store(store, model=model, version="7", end=at(hours))


def still(moment):
    """A clock that stands still."""
    return Clock(system=lambda: moment, steady=lambda: 0.0)


@contextmanager
def site(
    spool, baseline, hours, *, state=None, holder="a", once=True, after=nothing_after, **config
):
    """A site at some hour after the beginning."""
    path = state or spool.parent / "state.sqlite"
    config.setdefault("models", {MODEL: {"window": "1h"}})
    with (
        SpoolStore(spool, memory=path.with_name("segments.sqlite")) as store,
        StateFile(path) as home,
    ):
        yield Site(
            config=Config.model_validate(config),
            store=store,
            home=home,
            open_leases=lambda: StateFile(path),
            baseline=lambda _: baseline,
            settings=lambda _: Settings(),
            clock=still(at(hours)),
            holder=holder,
            after=after,
            once=once,
        )


def run(spool, baseline, hours, **options):
    """One run at some hour; gives what it reports."""
    with site(spool, baseline, hours, **options) as there:
        report = run_once(there, lambda: False)
        assert {} == report.failures
        return report


def windows(report):
    """How many windows were evaluated, and how many of them anew."""
    done = report.done.values()
    return sum(one.windows for one in done), sum(one.revised for one in done)


def evaluations(path, size=HOUR):
    """What is stored."""
    with StateFile(path) as state:
        return list(state.evaluations(MODEL, size))
