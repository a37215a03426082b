import random
import threading
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from driftlog import PredictionLogger
from driftlog_analyzers import _analysis
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._charted import Charted
from driftlog_analyzers._elasticsearch import _state_index
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize
from driftlog_analyzers.errors import StoreError
from tests.analyzers.spools import MODEL, at
from tests.analyzers.state_helpers import HOUR
from tests.contract.state_homes import FileHome

PER_HOUR = 60
HUNDRED = CountSize(100)


def log_hours(folder, hours, *, per_hour=PER_HOUR, seed=3, gone=()):
    """Log some hours of events; feature `gone` is missing in some of them, and there the countries change."""
    chance = random.Random(seed)
    with PredictionLogger(model=MODEL, version="7", spool=folder) as logger:
        for hour in hours:
            for n in range(per_hour):
                row = {"x": chance.gauss(0, 1), "country": chance.choice("abc")}
                row |= {"country": "z"} if hour in gone else {"gone": chance.random()}
                logger.log(row, prediction={"score": chance.random()}, timestamp=at(hour + n / 100))


@pytest.fixture(scope="module")
def spools(tmp_path_factory):
    """A spool of fourteen hours, and the same with late events; each with a fault in hours 8, 9 and 12."""
    first, late = (tmp_path_factory.mktemp("spool") for _ in range(2))
    for folder in (first, late):
        log_hours(folder, range(14), gone=(8, 9, 12))
    log_hours(late, (5, 9, 14), per_hour=40, seed=9, gone=(9,))
    return first, late


@pytest.fixture(scope="module")
def baseline(spools):
    """The first six hours."""
    with SpoolStore(spools[0]) as store:
        return baseline_from_store(store, model=MODEL, version="7", end=at(6))


class SteadyStore(SpoolStore):
    """A spool whose sums of floats have the same last bit every time, however DuckDB's threads meet."""

    known = {}  # noqa: RUF012 - by spool and window, for all tests

    def profiles(self, spec, windows):
        """The profiles as they were found first."""
        for window in windows:
            if (self.path, window) not in self.known:
                (self.known[self.path, window],) = super().profiles(spec, [window])
            yield self.known[self.path, window]


def run(spool, baseline, state, size=HOUR):
    """One analysis; gives its evaluations and how many windows were evaluated."""
    told = []
    with SteadyStore(spool) as store:
        found = analyze(store, baseline, state, size, progress=lambda done, _: told.append(done))
    return found, told[-1] if told else 0


def everything(state, size):
    """What a state remembers of the model."""
    return (
        list(state.evaluations(MODEL, size)),
        list(state.profiles(MODEL, size)),
        state.episodes(MODEL, size=size),
        state.sizes(MODEL),
    )


@pytest.mark.parametrize("size", [HOUR, HUNDRED])
def test_both_homes_remember_the_same(spools, baseline, emptied, tmp_path, size):
    """First events, late events and nothing new give equal evaluations, profiles and alerts in both homes."""
    found = []
    for home in (FileHome(tmp_path), emptied):
        steps = []
        for spool in (*spools, spools[1]):
            with home.open() as state:
                steps.append((run(spool, baseline, state, size), everything(state, size)))
        found.append(steps)
    assert found[0] == found[1]
    (_, last), (evaluations, _, episodes, _) = found[1][-1]
    assert (0, True) == (last, len(episodes) > 1)
    assert {e.id: e for e in fold(evaluations, EpisodeSettings())} == {e.id: e for e in episodes}


def test_a_second_run_changes_nothing(spools, baseline, emptied):
    """Without new events no document is written again, nor is one that is saved again as it was."""
    with emptied.open() as state:
        run(spools[0], baseline, state)
        before = emptied.contents()
        assert 0 == run(spools[0], baseline, state)[1]
        assert before == emptied.contents()
        charted = Charted(baseline, Settings())
        with state.transaction():
            for window, revision, profile in list(state.profiles(MODEL, HOUR)):
                fingerprint = state.profile(MODEL, HOUR, window)[1]
                state.save_profile(
                    MODEL, HOUR, window, revision, fingerprint, profile, charted=charted
                )
            for evaluation in list(state.evaluations(MODEL, HOUR)):
                state.save_evaluation(HOUR, evaluation)
            episodes = state.episodes(MODEL, size=HOUR)
            state.forget_episodes(MODEL, HOUR)
            state.save_episodes(HOUR, episodes)
    assert before == emptied.contents()


class Cut(Elasticsearch):
    """A client whose process ends before the n-th request that writes."""

    def allow(self, writes):
        """Let so many pass."""
        self.left = writes
        return self

    def bulk(self, **request):
        """Write, or end."""
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().bulk(**request)


@pytest.mark.parametrize(
    ("size", "start", "items"), [(HOUR, 0, 100), (HOUR, 1, 8), (HUNDRED, 1, 40)]
)
def test_cut_off_between_any_two_requests(  # noqa: PLR0917 - fixtures
    spools, baseline, emptied, elasticsearch_url, monkeypatch, size, start, items
):
    """Wherever a run is cut off, the next one ends with the documents of a run that was not."""
    monkeypatch.setattr(_analysis, "_CHUNK", 8)
    monkeypatch.setattr(_state_index, "_BULK_ITEMS", items)
    with emptied.open() as state:
        if start:
            run(spools[0], baseline, state, size)
    before = emptied.documents()
    with emptied.open() as state:
        run(spools[start], baseline, state, size)
    expected = emptied.documents()
    cuts = 0
    with Cut(elasticsearch_url, max_retries=0) as client:
        while True:
            emptied.restore(before)
            try:
                run(spools[start], baseline, _on(client.allow(cuts), emptied), size)
                break
            except KeyboardInterrupt:
                cuts += 1
            with emptied.open() as state:
                run(spools[start], baseline, state, size)
                assert 0 == run(spools[start], baseline, state, size)[1]
            assert expected == emptied.documents(), cuts
    assert cuts > 8


def _on(client, home):
    return ElasticsearchState(client, home.namespace)


def test_overtaken(spools, baseline, emptied):
    """Who read before another process saved is told so and writes nothing; once run again it goes on."""
    with emptied.open() as slow, emptied.open() as fast:
        list(slow.evaluations(MODEL, HOUR))
        found, _ = run(spools[0], baseline, fast)
        before = emptied.contents()
        with pytest.raises(StoreError) as caught, slow.transaction():
            slow.save_evaluation(HOUR, replace(found[0], revision=9))
        assert before == emptied.contents()
        assert (found, 0) == run(spools[0], baseline, slow)
    assert str(caught.value) == (
        f"the analysis of churn by 1h in driftlog-leases-{emptied.namespace}"
        " was saved meanwhile by another process; run again"
    )


def test_overtaken_while_the_other_writes(spools, baseline, emptied):
    """What was read while another process wrote, half of it, is not saved either."""
    with emptied.open() as slow, emptied.open() as fast:
        save = fast._at.alerts.write

        def reading(writes):
            list(slow.evaluations(MODEL, HOUR))
            return save(writes)

        fast._at.alerts.write = reading
        found, _ = run(spools[0], baseline, fast)
        before = emptied.contents()
        with pytest.raises(StoreError, match="saved meanwhile"), slow.transaction():
            slow.save_evaluation(HOUR, replace(found[0], revision=9))
        assert before == emptied.contents()


def test_other_models_and_sizes_do_not_meet(spools, baseline, emptied):
    """Processes that analyze other models or sizes of windows do not disturb each other."""
    with emptied.open() as one, emptied.open() as two:
        list(one.evaluations(MODEL, HOUR))
        found, _ = run(spools[0], baseline, two, HUNDRED)
        with one.transaction():
            one.save_evaluation(HOUR, found[0])
        assert ("100 events", "1h") == one.sizes(MODEL)


def test_two_at_once(spools, baseline, emptied, client, monkeypatch):
    """Two processes at once: each finishes or is told to run again, and then all is as one alone leaves it."""
    monkeypatch.setattr(_analysis, "_CHUNK", 5)
    with emptied.open() as state:
        run(spools[0], baseline, state)
    expected = emptied.documents()
    emptied.clear()
    barrier, said = threading.Barrier(2), []

    def work():
        barrier.wait()
        try:
            run(spools[0], baseline, _on(client, emptied))
            said.append("done")
        except StoreError as error:
            said.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 2 == len(said)
    assert all(
        one == "done" or "saved meanwhile by another process; run again" in one for one in said
    )
    with emptied.open() as state:
        run(spools[0], baseline, state)
    assert expected == emptied.documents()
