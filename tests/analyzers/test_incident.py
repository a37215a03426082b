import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog_analyzers._cause import Cause, CauseKind
from driftlog_analyzers._episode import EpisodeSettings, Status, advance, fold
from driftlog_analyzers._finding import Severity
from driftlog_analyzers._incident import incidents
from driftlog_analyzers._window import Window
from tests.analyzers.value_strategies import MIDNIGHT, evaluation, finding, hour

DEFAULT = EpisodeSettings()
no_deadline = settings(deadline=None)


def found(*windows, by=DEFAULT):
    """The incidents of hours with these findings, a list an hour."""
    return incidents(fold([evaluation(n, *fs) for n, fs in enumerate(windows)], by))


def vanished(*features):
    """Each of these features is absent."""
    return [finding(name, detector="vanished") for name in features]


def shapes(incidents):
    """What the incidents share, and which features each is about."""
    return {(str(one.cause), frozenset(one.features)) for one in incidents}


def test_forty_features_at_once():
    """Forty features of many sources that vanish in one window are one incident, the gravest and largest first."""
    effects = {
        f"{word}_{n}": 0.5 + n / 100 for n in range(10) for word in ("geo", "tax", "age", "job")
    }
    findings = [finding(name, detector="vanished", effect=e) for name, e in effects.items()]
    findings[7] = replace(findings[7], severity=Severity.CRITICAL)
    (incident,) = found(findings)
    expected = sorted(effects, key=lambda name: (name != findings[7].feature, -effects[name], name))
    assert ("onset vanished", tuple(expected)) == (str(incident.cause), incident.features)
    assert (Severity.CRITICAL, Status.ACTIVE) == (incident.severity, incident.status)


@pytest.mark.parametrize(
    ("features", "sources", "expected"),
    [
        (
            ("billing_due", "billing_paid"),
            {},
            {("source billing", ("billing_due", "billing_paid"))},
        ),
        (
            ("billing.due", "billing.paid"),
            {},
            {("source billing", ("billing.due", "billing.paid"))},
        ),
        (("billing_due", "geo_city"), {}, {("alone", ("billing_due",)), ("alone", ("geo_city",))}),
        (("is_new", "is_old"), {}, {("alone", ("is_new",)), ("alone", ("is_old",))}),
        (("due", "paid"), {"billing": ("due", "p*")}, {("source billing", ("due", "paid"))}),
        (
            ("billing_due", "billing_paid", "geo_city", "geo_zip"),
            {},
            {
                ("source billing", ("billing_due", "billing_paid")),
                ("source geo", ("geo_city", "geo_zip")),
            },
        ),
        (("age", "geo_city", "income"), {}, {("onset vanished", ("age", "geo_city", "income"))}),
    ],
)
def test_sources(features, sources, expected):
    """Features of one source begin together as one incident; of many sources, only by one detector."""
    incidents = found(vanished(*features), by=EpisodeSettings(sources=sources))
    assert {(cause, frozenset(names)) for cause, names in expected} == shapes(incidents)


def test_one_feature():
    """Several detectors, and several slices, that find one feature are one incident."""
    whole = [finding("age"), finding("age", detector="range")]
    slices = [replace(whole[0], segment=f"country={name}") for name in ("DE", "FR")]
    assert {("feature age", frozenset({"age"}))} == shapes(found([*whole, *slices]))


def test_version():
    """What only the events of one version show is one incident, and so is all that an unknown version begins with."""
    dropped = [replace(one, shared={"version": "8"}) for one in vanished("age", "geo_city")]
    assert {("version 8", frozenset({"age", "geo_city"}))} == shapes(found(dropped))
    deployed = finding("", detector="deployment", effect=0.9)
    deployed = replace(deployed, shared={"version": "8"})
    (incident,) = found([deployed, *vanished("age"), finding("income", detector="range")])
    assert Cause(CauseKind.VERSION, "8") == incident.cause
    assert {"", "age", "income"} == set(incident.features)


def test_a_few_events_of_an_unknown_version_are_not_the_cause_of_everything():
    """Where only a twentieth of the events is of an unknown version, other alerts stand alone."""
    deployed = replace(finding("", detector="deployment", effect=0.05), shared={"version": "8"})
    assert 2 == len(found([deployed, *vanished("age")]))


def test_host():
    """What only one host's events show is one incident."""
    struck = [replace(one, shared={"host": "web-3"}) for one in (finding("age"), finding("city"))]
    assert {("host web-3", frozenset({"age", "city"}))} == shapes(found(struck))


def test_the_prediction_follows_its_inputs():
    """An output that moves in the window in which an input does, or the next, belongs to the input's incident."""
    score = finding("prediction.score", detector="prediction_shift")
    expected = {("inputs age", frozenset({"age", "prediction.score"}))}
    assert expected == shapes(found([finding("age"), score]))
    assert expected == shapes(found([finding("age")], [finding("age"), score]))
    assert 2 == len(found([finding("age")], [finding("age")], [finding("age"), score]))


def test_an_incident_grows_and_keeps_its_id():
    """What shares the cause and begins a window later joins; the id and the begin stay, the cause says more."""
    first, *_ = found(vanished("billing_due"))
    later = vanished("billing_due", "billing_paid")
    (grown,) = found(vanished("billing_due"), later)
    (more,) = found(vanished("billing_due"), later, [*later, *vanished("billing_sum")])
    assert first.id == grown.id == more.id
    assert [("alone", 1), ("source billing", 2), ("source billing", 3)] == [
        (str(one.cause), len(one.features)) for one in (first, grown, more)
    ]
    assert first.opened == more.opened == hour(0)


def test_what_begins_later_is_another_incident():
    """An hour between two begins makes two incidents."""
    due = vanished("billing_due")
    assert 2 == len(found(due, due, [*due, *vanished("billing_paid")]))


def test_two_that_have_begun_never_become_one():
    """A third feature joins one of two incidents and changes neither's id."""
    two = [finding("age"), finding("city", detector="range")]
    before = {one.id for one in found(two)}
    third = finding("income", detector="range")
    assert before == {
        one.id for one in found(two, [*two, third, finding("age", detector="range")])
    } - {one.id for one in found([], [third])}


def test_grouping_off():
    """Without grouping each alert is an incident of its own."""
    incidents = found(vanished("a", "b", "c"), by=EpisodeSettings(grouping=False))
    assert [("alone", 1)] * 3 == [(str(one.cause), len(one.episodes)) for one in incidents]


def test_life_of_an_incident():
    """It is as its worst-off alert is, and ends when the last one does."""
    windows = [vanished("a_1", "a_2"), vanished("a_1"), vanished("a_1"), [], []]
    states = [found(*windows[: n + 1])[0] for n in range(len(windows))]
    assert ["active", "active", "active", "recovering", "inactive"] == [
        one.status for one in states
    ]
    assert [None, None, None, None, hour(4)] == [one.closed for one in states]
    assert hour(2) == states[-1].last


def test_pending_alerts_that_end_are_in_no_incident():
    """What never became an alert is told of nowhere; the others keep the incident's id."""
    delayed = EpisodeSettings(delay=2, flapping=0)
    both, one = vanished("a_1", "a_2"), vanished("a_2")
    (before,) = found(both, by=delayed)
    (after,) = found(both, one, by=delayed)
    assert (before.id, False, True) == (after.id, before.raised, after.raised)
    assert (2, 1) == (len(before.episodes), len(after.episodes))
    assert () == found(both, [], by=delayed)


class TestSizes:
    """Windows of several sizes of one model."""

    def test_by_day_what_was_found_by_the_hour(self):
        """A day's alert joins the incident of an hour of that day, even if that has ended, and only of its feature."""
        hours = fold(
            [evaluation(n, *([finding("age")] if n == 3 else [])) for n in range(12)], DEFAULT
        )
        day = replace(
            evaluation(0, finding("age"), finding("city", detector="range")), window=days(0)
        )
        both = fold([day], DEFAULT, beside=hours)
        first, second = incidents([*hours, *both])
        assert (hours[0].incident.id, hour(3), Status.ACTIVE) == (
            first.id,
            first.opened,
            first.status,
        )
        assert [("age", "age"), ("city",)] == [
            tuple(e.feature for e in one.episodes) for one in (first, second)
        ]

    def test_by_the_hour_what_was_found_by_day(self):
        """An hour's alert joins the incident of a day that was known before, and no other."""
        by_day = fold([replace(evaluation(0, finding("age")), window=days(0))], DEFAULT)
        hours = fold([evaluation(30, finding("age"))], DEFAULT, beside=by_day)
        (incident,) = incidents([*by_day, *hours])
        assert by_day[0].incident.id == incident.id
        earlier = fold([evaluation(3, finding("age"))], DEFAULT, beside=by_day)
        assert by_day[0].incident.id != earlier[0].incident.id


def days(number):
    """The `number`-th day after Monday's midnight."""
    start = MIDNIGHT + timedelta(days=number)
    return Window(start, start + timedelta(days=1))


features = st.sampled_from(
    ["a_1", "a_2", "b_1", "b_2", "age", "prediction.score", "", "city", "income"]
)
detectors = st.sampled_from(["vanished", "range", "deployment"])
histories = st.lists(
    st.lists(
        st.builds(
            lambda name, detector, version: replace(
                finding(name, detector=detector), shared={"version": version} if version else {}
            ),
            features,
            detectors,
            st.sampled_from(["", "", "8"]),
        ),
        max_size=5,
        unique_by=lambda result: (result.feature, result.detector),
    ),
    max_size=8,
)


@no_deadline
@given(histories, st.randoms(use_true_random=False))
def test_the_same_whoever_computes_it(windows, shuffle):
    """In whatever order findings and evaluations come, and window by window, the incidents are the same."""
    evaluations = [evaluation(n, *fs) for n, fs in enumerate(windows)]
    mixed = [
        replace(e, results=tuple(random.Random(3).sample(e.results, len(e.results))))
        for e in evaluations
    ]
    shuffle.shuffle(mixed)
    whole = fold(evaluations, DEFAULT)
    kept = {}
    for one in evaluations:
        current = [episode for episode in kept.values() if not episode.over]
        kept |= {episode.id: episode for episode in advance(current, one, DEFAULT)}
    assert incidents(whole) == incidents(kept.values())
    assert {i.id: i.features for i in incidents(whole)} == {
        i.id: i.features for i in incidents(fold(mixed, DEFAULT))
    }


@no_deadline
@given(histories)
def test_every_alert_is_in_one_incident_for_ever(windows):
    """Each alert belongs to one incident from its begin on, and ids are no alert's own."""
    evaluations = [evaluation(n, *fs) for n, fs in enumerate(windows)]
    seen = {}
    for n in range(len(evaluations)):
        for episode in fold(evaluations[: n + 1], DEFAULT):
            assert seen.setdefault(episode.id, episode.incident.id) == episode.incident.id
    told = [e.id for one in incidents(fold(evaluations, DEFAULT)) for e in one.episodes]
    assert sorted(told) == sorted(seen)
