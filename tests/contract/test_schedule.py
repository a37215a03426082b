"""One schedule over a spool and its state file, and over Elasticsearch alone."""

from contextlib import contextmanager

import pytest

from driftlog_analyzers._config import Config
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._schedule._round import Site, run_once
from driftlog_analyzers._schedule._work import Stop
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from tests.analyzers.schedule.sites import DAY, HOUR, baseline_of, log_hours, still, windows
from tests.analyzers.spools import MODEL, at
from tests.contract.shipping import ship
from tests.contract.state_homes import ElasticsearchHome

CONFIG = Config.model_validate({"models": {MODEL: {"windows": ["1h", "1d"]}}})


class OnFiles:
    """A spool and a state file."""

    def __init__(self, folder):
        self.spool, self._state = folder / "spool", folder / "state.sqlite"

    def log(self, hours, **options):
        """Log some hours."""
        log_hours(self.spool, hours, **options)

    @contextmanager
    def opened(self):
        """Give the store and the state."""
        with SpoolStore(self.spool) as store, StateFile(self._state) as state:
            yield store, state

    def leases(self):
        """Another connection to the state."""
        return StateFile(self._state)


class OnElasticsearch:
    """A namespace of Elasticsearch."""

    def __init__(self, folder, client, namespace):
        self.spool = folder / "spool"
        self._folder, self._client, self._namespace = folder, client, namespace
        self._logged = 0

    def log(self, hours, **options):
        """Log some hours into a spool of their own, and ship that."""
        self._logged += 1
        own = self._folder / f"spool-{self._logged}"
        log_hours(own, hours, **options)
        ship(self._client, self._namespace, own)
        self.spool = self.spool if self.spool.exists() else own

    @contextmanager
    def opened(self):
        """Give the store and the state."""
        client, namespace = self._client, self._namespace
        yield ElasticsearchStore(client, namespace), ElasticsearchState(client, namespace)

    @contextmanager
    def leases(self):
        """Another view of the state."""
        yield ElasticsearchState(self._client, self._namespace)


@pytest.fixture(params=["files", "elasticsearch"])
def both(request, tmp_path):
    """Both pairs of store and state, one after the other."""
    if request.param == "files":
        yield OnFiles(tmp_path)
        return
    client, namespace = (request.getfixturevalue(name) for name in ("client", "installed"))
    home = ElasticsearchHome(client, namespace)
    home.create()
    yield OnElasticsearch(tmp_path, client, namespace)
    home.remove()


def run(both, baseline, hours, stop: Stop = lambda: False):
    """One run at some hour."""
    with both.opened() as (store, home):
        site = Site(
            config=CONFIG,
            store=store,
            home=home,
            open_leases=both.leases,
            baseline=lambda _: baseline,
            settings=lambda _: Settings(),
            clock=still(at(hours)),
            holder="a",
            once=True,
        )
        report = run_once(site, stop)
        assert {} == report.failures
        return report


def test_a_day_of_runs(both):
    """Windows are evaluated once, late events revise theirs and its day, and the alerts are those of a fold."""
    both.log(range(20), gone=(8, 9))
    baseline = baseline_of(both.spool)
    assert (20, 0) == windows(run(both, baseline, 20.5))
    assert (0, 0) == windows(run(both, baseline, 20.6))
    both.log([3, 9], per_hour=20, seed=8)
    assert (2, 2) == windows(run(both, baseline, 20.7))
    both.log(range(20, 25))
    assert (6, 0) == windows(run(both, baseline, 25.5))
    both.log([5], per_hour=20, seed=9)
    assert (2, 2) == windows(run(both, baseline, 25.6))
    with both.opened() as (store, home):
        found = list(home.evaluations(MODEL, HOUR))
        assert [1 + (n in {3, 5, 9}) for n in range(25)] == [e.revision for e in found]
        assert list(store.counts(MODEL, [e.window for e in found])) == [e.events for e in found]
        assert fold(found, EpisodeSettings()) == home.episodes(MODEL, size=HOUR)
        ((day, revision, merged),) = list(home.profiles(MODEL, DAY))
        assert (at(0), 2) == (day.start, revision)
        assert sum(e.events for e in found[:24]) == merged.events


def test_what_was_cut_off_is_completed(both, monkeypatch):
    """A run that ends while it saves leaves what the next one completes."""
    both.log(range(12), gone=(8, 9))
    baseline = baseline_of(both.spool)
    run(both, baseline, 7.5)
    with both.opened() as (_, home), monkeypatch.context() as patch:
        patch.setattr(type(home), "save_note", _cut)
        with pytest.raises(KeyboardInterrupt):
            run(both, baseline, 12.5)
    run(both, baseline, 12.6)
    with both.opened() as (_, home):
        found = list(home.evaluations(MODEL, HOUR))
        assert 12 == len(found)
        assert all(evaluation.baseline for evaluation in found)
        assert fold(found, EpisodeSettings()) == home.episodes(MODEL, size=HOUR)


def _cut(*_):
    raise KeyboardInterrupt
