import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from driftlog_analyzers._demo import _service
from driftlog_analyzers._demo._choose import choose_faults
from driftlog_analyzers._demo._faults import NEW_WORDS, Fault, inject
from driftlog_analyzers._demo._run import prepare
from driftlog_analyzers._demo._score import Onsets, score
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._replay import Roles, Row, open_log
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import InputError

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(hour, **features):
    """An event in the middle of an hour."""
    return Row(START + hour * HOUR + HOUR / 2, features, None, None)


def window(hour):
    """An hour."""
    return Window(START + hour * HOUR, START + (hour + 1) * HOUR)


def evaluation(hour, *found, events=10):
    """What a window with these (detector, feature) findings says."""
    results = tuple(
        Result(detector, feature, Outcome.FINDING, "said", severity=Severity.HIGH)
        for detector, feature in found
    )
    return Evaluation("m", window(hour), events, "m 1", results, 20)


def scored(fault, *evaluations):
    """The score of one fault, with every event of an hour in its middle."""
    onsets = Onsets([fault])
    events = [row(hour) for hour, e in enumerate(evaluations) for _ in range(e.events)]
    assert len(events) == len(list(onsets.watch(events)))
    return score(onsets, evaluations, fold(evaluations, EpisodeSettings()), features=3)


def test_the_same_seed_brings_the_same_events():
    """An hour is the same whatever comes before it; another seed brings others."""
    service = _service.Service(7)
    whole = list(service.events(_service.START, 3))
    third = list(service.events(_service.START + 2 * HOUR, 1))

    assert third == whole[-len(third) :]
    assert third != list(_service.Service(8).events(_service.START + 2 * HOUR, 1))


def test_the_service_has_a_rhythm_of_days():
    """Evenings bring several times the events of the small hours, in order of time."""
    events = list(_service.Service(7).events(_service.START, 24))
    per_hour = [sum(event.timestamp.hour == hour for event in events) for hour in range(24)]

    assert per_hour[16] > 3 * per_hour[4]
    assert sorted(event.timestamp for event in events) == [event.timestamp for event in events]


def test_faults_begin_at_their_onset_and_stay():
    """Events before stay as they are; later ones lack, empty, repeat or reword a feature."""
    faults = [
        Fault("vanished", "a", START + HOUR),
        Fault("nulls", "b", START + HOUR),
        Fault("common value", "c", START + HOUR, value="rare"),
        Fault("new words", "d", START + HOUR),
    ]
    rows = (row(hour, a=1, b=2, c="x", d="old") for hour in range(3))
    before, *after = inject(rows, faults, seed=1)

    assert {"a": 1, "b": 2, "c": "x", "d": "old"} == before.features
    for event in after:
        old, *new = str(event.features.pop("d")).split()
        assert {"b": None, "c": "rare"} == event.features
        assert ("old", 2, True) == (old, len(new), set(new) < set(NEW_WORDS))


def test_a_fault_strikes_its_share_of_the_events():
    """And the seed decides which."""
    fault = Fault("nulls", "a", START, share=0.25)

    def struck(seed):
        return [
            e.features["a"] is None
            for e in inject((row(1, a=1) for _ in range(4000)), [fault], seed)
        ]

    assert 0.22 < sum(struck(1)) / 4000 < 0.28
    assert (struck(1) == struck(1), struck(1) == struck(2)) == (True, False)


def test_a_caught_fault_is_scored_by_the_events_since_its_onset():
    """The raising window's own events count; other alerts about the feature are further ones."""
    fault = Fault("nulls", "a", START + 2 * HOUR)
    quiet, loud = evaluation(0), [("category_shift", "a"), ("na_spike", "a")]
    result = scored(fault, quiet, evaluation(1), evaluation(2), evaluation(3, *loud))

    (catch,) = result.catches
    assert ("na_spike", window(3), 20) == (catch.alert.detector, catch.alert.raised, catch.events)
    assert (["category_shift"], [], 12) == (
        [alert.detector for alert in result.further],
        list(result.false),
        result.feature_windows,
    )


def by_count(moments, size, loud):
    """Windows of so many events each, told by (time, id), and what each says."""
    marks = [(moment, f"{index:03}") for index, moment in enumerate(moments)]
    marks.append((moments[-1] + timedelta(microseconds=1), ""))
    for number, begin in enumerate(range(0, len(moments), size)):
        (start, start_id), (end, end_id) = marks[begin], marks[begin + size]
        found = evaluation(0, *loud.get(number, ()), events=size)
        yield replace(found, window=Window(start, end, start_id, end_id))


def scored_by_count(moments, loud):
    """The score of a fault at START + 2 h over windows of four events."""
    onsets = Onsets([Fault("nulls", "a", START + 2 * HOUR)])
    events = [Row(moment, {}, None, None) for moment in moments]
    assert len(events) == len(list(onsets.watch(events)))
    evaluations = list(by_count(moments, 4, loud))
    return score(onsets, evaluations, fold(evaluations, EpisodeSettings()), features=1)


def test_a_window_that_ends_at_the_onset_may_hold_struck_events():
    """Where times tie, it is credited with those it holds."""
    moments = [START] * 2 + [START + 2 * HOUR] * 6
    result = scored_by_count(moments, {0: [("na_spike", "a")]})

    assert ("na_spike", 2, ()) == (
        result.catches[0].alert.detector,
        result.catches[0].events,
        result.false,
    )


def test_a_window_that_ends_beyond_the_onset_may_hold_no_struck_event():
    """Its alert is a false one, though its end is the time of the first struck event."""
    moments = [START] * 4 + [START + 3 * HOUR] * 8
    result = scored_by_count(moments, {0: [("na_spike", "a")]})

    assert (None, ["na_spike"]) == (
        result.catches[0].alert,
        [alert.detector for alert in result.false],
    )


def test_alerts_without_a_fault_behind_them_are_false():
    """About another feature, or about the feature before its onset."""
    fault = Fault("vanished", "a", START + 2 * HOUR)
    found = [
        evaluation(0, ("vanished", "a")),
        evaluation(1, ("volume", "")),
        *map(evaluation, (2, 3, 4)),
    ]
    result = scored(fault, *found)

    assert {("vanished", "a"), ("volume", "")} == {(a.detector, a.feature) for a in result.false}
    assert (None, None) == (result.catches[0].alert, result.catches[0].events)


def test_a_fault_behind_an_alert_that_was_open_already_is_not_called_missed():
    """It is said which alert hides it."""
    fault = Fault("vanished", "a", START + 2 * HOUR)
    result = scored(fault, *(evaluation(hour, ("vanished", "a")) for hour in range(4)))

    (catch,) = result.catches
    assert (None, window(0)) == (catch.alert, catch.open.opened)


def test_faults_are_chosen_to_suit_the_columns(tmp_path):
    """Each kind strikes a column of its own; the rare value is one of the training half."""
    rng = random.Random(5)
    lines = ["t,n,k,plan,note,empty"]
    for index in range(1000):
        plan = "gold" if index % 100 == 3 else rng.choice("abc")
        lines.append(
            f"2024-01-01T00:{index // 60:02}:{index % 60:02},{index},{index % 7},{plan},hi you,"
        )
    file = tmp_path / "a.csv"
    file.write_text("\n".join(lines))
    with open_log(file, Roles(time="t", text=("note",))) as rows:
        faults = choose_faults(rows, 500)
        rest = list(islice(rows.read(), 500, None))

    assert [
        ("vanished", "n", ""),
        ("nulls", "k", ""),
        ("common value", "plan", "gold"),
        ("new words", "note", ""),
    ] == [(fault.kind, fault.feature, fault.value) for fault in faults]
    onsets = [sum(event.timestamp < fault.onset for event in rest) for fault in faults]
    assert [200, 256, 312, 368] == onsets


def test_a_file_without_a_usable_column_is_refused(tmp_path):
    """Mostly empty columns can show no fault."""
    file = tmp_path / "a.csv"
    file.write_text("t,a\n" + "".join(f"2024-01-{day:02},\n" for day in range(1, 29)))

    with (
        open_log(file, Roles(time="t")) as rows,
        pytest.raises(InputError, match="no column that a fault"),
    ):
        choose_faults(rows, 14)


def test_a_second_demo_replaces_the_first_and_nothing_else(tmp_path):
    """Files of the user in the demo's folder stay."""
    folder = tmp_path / "demo"
    prepare(folder)
    (folder / "spool").mkdir()
    (folder / "spool" / "a.ndjson").touch()
    (folder / "mine.txt").touch()
    prepare(folder)

    assert [".driftlog-demo", "mine.txt"] == sorted(path.name for path in folder.iterdir())
