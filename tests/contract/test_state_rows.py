"""What Kibana finds in the state's indices, and what is said where they cannot be used."""

import math
import uuid
from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._elasticsearch import _state_index
from driftlog_analyzers._elasticsearch._baselines import ElasticsearchBaselines
from driftlog_analyzers._elasticsearch._names import STATE_KINDS, state_index
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._elasticsearch._state_charts import QUANTILES, quantile
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._finding import Change, Condition, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile
from driftlog_analyzers.errors import ConfigError, StoreError
from tests.analyzers.state_helpers import HOUR, save_hours
from tests.analyzers.value_strategies import evaluation, finding, hour, insufficient
from tests.elasticsearch.scripted import scripted

COUNTRIES = {f"c{n:02}": 100 - n for n in range(15)}
NUMBERS = Numeric(60, 5.0, 59.0, 0.0, 12.0, (2.0, 4.0, 10.0), (10, 20, 20, 10), below=3, above=6)
PROFILE = WindowProfile(
    events=200,
    features={
        "age": FeatureProfile(numbers=60, nulls=20, nonfinite=10, numeric=NUMBERS),
        "country": FeatureProfile(strings=190, categorical=Categorical(COUNTRIES, 10, 4)),
        "note": FeatureProfile(texts=5, text=Text(5, 50, 10, 500, 40, 90, {"zz": 2})),
    },
    predictions={"score": FeatureProfile(numbers=200)},
    versions={"7": 150, "8": 50},
)
SHIFT = replace(
    finding("country", detector="category_shift", severity=Severity.MEDIUM, effect=0.3),
    changes=(Change("c01", 0.9, 0.25, 900, 99), Change("gone", 0.1, 0.0, 100, 0)),
    statistics={"l_infinity": 0.65},
    condition=Condition("values", "country", ("c01",)),
    events=("e-1", "e-2"),
)
VANISHED = finding("income", detector="vanished", severity=Severity.CRITICAL, effect=-1.0)
OUTPUT = finding("prediction.score", detector="stuck", severity=Severity.INFO)


@pytest.fixture
def home(emptied):
    """The indices, empty."""
    return emptied


@pytest.fixture
def state(home):
    """The state."""
    with home.open() as state:
        yield state


def save(state, profile, *results, revision=1):
    """Save the first hour's profile and evaluation."""
    with state.transaction():
        state.save_profile("churn", HOUR, hour(0), revision, "f", profile)
        state.save_evaluation(HOUR, evaluation(0, *results, revision=revision))


class TestProfiles:
    """Rows of ``driftlog-profiles``."""

    @pytest.fixture
    def found(self, home, state):
        """The rows of one window by kind and what they are about."""
        save(state, PROFILE, SHIFT, VANISHED, OUTPUT, insufficient("age"))
        rows = home.rows("profiles")
        return {(r["row"], r.get("feature"), r.get("value", {}).get("name")): r for r in rows}

    def test_a_row_each(self, found):
        """A window, its features and outputs, vanished ones too, and its most frequent values, tokens and versions."""
        names = ("age", "country", "note", "income", "prediction.score", "(whole window)")
        expected = {("feature", name, None) for name in names} | {("window", None, None)}
        expected |= {("value", "country", f"c{n:02}") for n in range(10)}
        expected |= {("token", "note", "zz"), ("version", None, "7"), ("version", None, "8")}
        assert expected == found.keys()

    def test_where(self, found, home):
        """Every row tells model, window and revision; its time is the window's start."""
        for (kind, _, name), row in found.items():
            versions = [name] if kind == "version" else ["7", "8"]
            assert {"name": "churn", "version": versions} == row["model"]
            assert ("1h", 1, 200) == (row["window"]["size"], row["revision"], row["events"])
        starts = {hit["_source"]["@timestamp"] for hit in home.hits("profiles").values()}
        assert {"2026-03-02T00:00:00.000000+00:00"} == starts

    def test_counts_and_rates(self, found):
        """Absence is of all events, nulls are of those that carry the feature, and so on."""
        age, note = found["feature", "age", None], found["feature", "note", None]
        counts = {"events": 200, "present": 90, "values": 60, "numbers": 60, "null": 20}
        assert counts.items() <= age["count"].items()
        assert {
            "present": 0.45,
            "absent": 0.55,
            "null": 20 / 90,
            "nonfinite": 10 / 90,
            "below": 0.05,
            "above": 0.1,
        } == age["rate"]
        assert (50, 10, 0.2) == (note["count"]["tokens"], note["count"]["oov"], note["rate"]["oov"])
        assert 19 == found["feature", "country", None]["count"]["distinct"]
        assert 1.0 == found["feature", "income", None]["rate"]["absent"]

    def test_numbers(self, found):
        """Mean, deviation, extremes, and quantiles read off the histogram."""
        assert {
            "n": 60,
            "mean": 5.0,
            "sd": 1.0,
            "min": 0.0,
            "max": 12.0,
            "p01": 0.12,
            "p05": 0.6,
            "p25": 2.5,
            "p50": 4.0,
            "p75": 8.5,
            "p95": 11.4,
            "p99": 11.88,
        } == pytest.approx(found["feature", "age", None]["numeric"])

    def test_what_was_found(self, found):
        """The worst finding's severity as word and number, and the detectors that found something."""
        told = {
            name: (row["score"], row["health"], row.get("severity"), row.get("detectors"))
            for (kind, name, _), row in found.items()
            if kind in {"feature", "window"}
        }
        assert {
            "age": (0, "insufficient_data", None, None),
            "country": (3, "medium", "medium", ["category_shift"]),
            "note": (0, "ok", None, None),
            "income": (5, "critical", "critical", ["vanished"]),
            "prediction.score": (1, "info", "info", ["stuck"]),
            "(whole window)": (0, "ok", None, None),
            None: (5, "critical", "critical", ["category_shift", "stuck", "vanished"]),
        } == told

    def test_values(self, found):
        """A value has its rank and share; without a baseline it has that's share where a finding names it."""
        row = found["value", "country", "c01"]["value"]
        share = 99 / (sum(COUNTRIES.values()) + 10)
        expected = {"name": "c01", "rank": 2, "count": 99, "share": share, "baseline": 0.9}
        assert expected | {"change": share - 0.9} == row
        assert "baseline" not in found["value", "country", "c00"]["value"]

    def test_dead_rows_go(self, home, state):
        """A later revision leaves no row of an earlier one that it does not have itself."""
        save(state, PROFILE, SHIFT, VANISHED)
        country = FeatureProfile(strings=190, categorical=Categorical({"c03": 5, "new": 9}))
        later = replace(PROFILE, features={"country": country}, predictions={})
        save(state, later, SHIFT, revision=2)
        rows = home.rows("profiles")
        assert {2} == {row["revision"] for row in rows}
        assert {"c03", "new"} == {row["value"]["name"] for row in rows if row["row"] == "value"}
        features = {row["feature"] for row in rows if row["row"] == "feature"}
        assert {"country", "(whole window)"} == features
        assert ["country"] == [row["feature"] for row in home.rows("findings", "result")]

    def test_two_thousand_features(self, state, client, home, monkeypatch):
        """A window of 2,000 features is written in several requests, whole."""
        monkeypatch.setattr(_state_index, "_BULK_BYTES", 1_000_000)
        features = {f"feature {n}": PROFILE.features["age"] for n in range(2_000)}
        wide = replace(PROFILE, features=features)
        save(state, wide)
        index = state_index("profiles", home.namespace)
        count = client.count(index=index, query={"term": {"driftlog.row": "feature"}})["count"]
        assert (2_002, (1, "f", wide)) == (count, state.profile("churn", HOUR, hour(0)))


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(-1e6, 1e6), max_size=8, unique=True).map(sorted),
)
def test_quantiles(numbers, edges):
    """Quantiles ascend within the extremes, each in the bin of the exact one; without histogram there are none."""
    bins = [0] * (len(edges) + 1)
    for number in numbers:
        bins[bisect_left(edges, number)] += 1
    summary = Numeric(len(numbers), 0.0, 0.0, min(numbers), max(numbers), tuple(edges), tuple(bins))
    found = [quantile(summary, p) for p in QUANTILES.values()]
    if not edges:
        assert {None} == set(found)
        return
    assert sorted(found) == found
    assert min(numbers) <= found[0]
    assert found[-1] <= max(numbers)
    for p, value in zip(QUANTILES.values(), found, strict=True):
        true = sorted(numbers)[max(0, math.ceil(p * len(numbers)) - 1)]
        n = bisect_left(edges, true)
        assert n == 0 or value >= edges[n - 1]
        assert n == len(edges) or value <= edges[n]


class TestFindings:
    """Rows of ``driftlog-findings``."""

    def test_a_row_per_result(self, home, state):
        """A result's row has its figures, the values that moved and a few events."""
        save(state, PROFILE, SHIFT, insufficient("age"))
        rows = {row["feature"]: row for row in home.rows("findings", "result")}
        assert ("insufficient_data", False) == (rows["age"]["outcome"], rows["age"]["alerts"])
        expected = {
            "detector": "category_shift",
            "outcome": "finding",
            "severity": "medium",
            "alerts": True,
            "n": 100,
            "effect": 0.3,
            "values": ["c01", "gone"],
            "statistics": {"l_infinity": 0.65},
            "examples": ["e-1", "e-2"],
            "baseline": "churn 7",
        }
        assert expected.items() <= rows["country"].items()

    def test_figures_are_typed(self, home, state, client):
        """A detector's statistics can be charted as numbers."""
        save(state, PROFILE, SHIFT)
        index = state_index("findings", home.namespace)
        query = {"range": {"driftlog.statistics.l_infinity": {"gt": 0.6}}}
        assert 1 == client.count(index=index, query=query)["count"]

    def test_the_window(self, home, state):
        """The window's row says how much was checked, and that the alerts are carried on."""
        save(state, PROFILE, SHIFT)
        (row,) = home.rows("findings", "window")
        assert (40, True) == (row["checked"], row["settled"])


class TestAlerts:
    """Documents of ``driftlog-alerts``."""

    def test_in_the_words_of_universal_alerting(self, home, state):
        """An alert is breached while bad windows come and recovered after good ones."""
        history = [evaluation(0, VANISHED), evaluation(1, VANISHED), evaluation(2)]
        told = []
        for n in (2, 3):
            (episode,) = fold(history[:n], EpisodeSettings())
            state.save_episodes(HOUR, [episode])
            ((_, hit),) = home.hits("alerts").items()
            body = hit["_source"]
            told.append((body["status"], body["episode"], body["driftlog"]["open"]))
        assert [
            ("breached", {"id": episode.id, "status": "active", "status_count": 2}, True),
            ("recovered", {"id": episode.id, "status": "recovering", "status_count": 1}, True),
        ] == told
        expected = {
            "kind": "alert",
            "severity": 5,
            "reason": "it moved",
            "start": "2026-03-02T00:00:00.000000+00:00",
            "end": "2026-03-02T02:00:00.000000+00:00",
            "duration": 2 * 3600 * 10**9,
        }
        assert expected.items() <= body["event"].items()
        assert "2026-03-02T01:00:00.000000+00:00" == body["@timestamp"]
        assert "vanished" == body["rule"]["id"] == body["driftlog"]["detector"]


def reading(state):
    """Read."""
    list(state.evaluations())


def writing(state):
    """Write."""
    save_hours(state, 1)


class TestRefusals:
    """Where the state cannot be used."""

    def test_no_such_namespace(self, client):
        """A namespace that cannot be one is refused before anything is sent."""
        for kind in (ElasticsearchState, ElasticsearchBaselines):
            with pytest.raises(ConfigError, match="namespace 'A b' cannot end"):
                kind(client, "A b")

    @pytest.mark.parametrize(
        "use",
        [
            lambda state, _: list(state.evaluations()),
            lambda state, _: state.episodes(),
            lambda state, _: state.profile("churn", HOUR, hour(0)),
            lambda state, _: state.sizes("churn"),
            lambda state, _: save_hours(state, 1),
            lambda _, baselines: baselines.find("churn"),
        ],
    )
    def test_without_setup(self, client, use):
        """Missing indices are named, with the command that makes them, and none is made by accident."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with pytest.raises(StoreError) as caught:
            use(ElasticsearchState(client, name), ElasticsearchBaselines(client, name))
        assert str(caught.value).startswith("there is no index driftlog-")
        assert str(caught.value).endswith(f"; run: driftlog setup --namespace {name}")
        for kind in STATE_KINDS:
            assert not client.indices.exists(index=state_index(kind, name))

    def refused(self, answer, uses=(reading, writing)):
        """What a server that answers so makes of reading and of writing."""
        with scripted(lambda _: answer) as (url, _), Elasticsearch(url, max_retries=0) as client:
            state = ElasticsearchState(client, "default")
            for use in uses:
                with pytest.raises(StoreError) as caught:
                    use(state)
                yield str(caught.value)

    def test_no_privilege(self):
        """A key that may not read or write is told which privileges it needs."""
        words = "action is unauthorized, this action is granted by the index privileges [read,all]"
        error = {"error": {"type": "security_exception", "reason": words}, "status": 403}
        for said in self.refused((403, error)):
            assert "it needs one of the index privileges [read,all]" in said

    def test_unreachable(self):
        """A server that is not there is named, without a password."""
        with (
            Elasticsearch("http://u:secret@127.0.0.1:9", max_retries=0) as client,
            pytest.raises(StoreError, match="cannot be reached") as caught,
        ):
            ElasticsearchState(client, "default").episodes()
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("part", ["timed_out", "failed"])
    def test_partial_answers(self, part):
        """What not every shard answered in time is not taken for all there is."""
        shards = {"total": 2, "successful": 2 - (part == "failed"), "failed": int(part == "failed")}
        answer = {"timed_out": part == "timed_out", "_shards": shards, "hits": {"hits": []}}
        (said,) = self.refused((200, answer), [reading])
        assert "answered only in part" in said

    def test_a_short_reply(self):
        """Writes that a reply does not mention are not taken for done."""
        (said,) = self.refused((200, {"found": False, "items": []}), [writing])
        assert "answered to 0 of 1 writes; run again" in said

    def test_a_document_is_refused(self, client, home):
        """What the index itself refuses ends the run with its reason."""
        index = state_index("alerts", home.namespace)
        client.indices.put_settings(index=index, settings={"index.blocks.write": True})
        try:
            episodes = fold([evaluation(0, VANISHED)], EpisodeSettings())
            with home.open() as state, pytest.raises(StoreError) as caught:
                state.save_episodes(HOUR, episodes)
        finally:
            client.indices.put_settings(index=index, settings={"index.blocks.write": None})
        assert f"{index} at " in str(caught.value)
        assert "refused a document: index" in str(caught.value)

    def test_changed_by_another_program(self, client, home, state):
        """What driftlog did not write is refused, with the way out."""
        save(state, PROFILE)
        key = next(name for kind, name in home.hits("profiles") if "-" not in name)
        body = {"driftlog": {"profile": "junk"}}
        index = state_index("profiles", home.namespace)
        client.update(index=index, id=key, doc=body, refresh=True)
        with pytest.raises(StoreError, match="another program or another driftlog wrote it"):
            list(state.profiles("churn", HOUR))

    def test_many_pages(self, state, monkeypatch):
        """More windows than a page holds are read in order, each once, while they are written."""
        monkeypatch.setattr("driftlog_analyzers._elasticsearch._state._PROFILES", 3)
        with state.transaction():
            save_hours(state, *reversed(range(10)))
        seen = []
        for window, revision, profile in state.profiles("churn", HOUR):
            seen.append(profile.events)
            if len(seen) == 5:
                later = replace(profile, events=77)
                state.save_profile("churn", HOUR, window, revision + 1, "f", later)
                state.forget_windows("churn", HOUR, [hour(9), hour(0)])
        assert list(range(10)) == seen
        assert timedelta(hours=1) == window.end - window.start
