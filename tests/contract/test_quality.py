"""Labels joined to predictions: both stores against a join of one line at a time."""

import json
import math
import random
from datetime import datetime, timedelta

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._elasticsearch import _search
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._quality import Calibration, Compared, Confusion, Deviation, Quality
from driftlog_analyzers._store import QualitySpec
from driftlog_analyzers._window import CountSize, TimeSize, Window
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    HOUR,
    MODEL,
    at,
    document,
    documents,
    inside,
    segments,
    write,
    write_lines,
)
from tests.contract.shipping import lines, ship, stream

MINUTE = timedelta(minutes=1)


def label(spool, *given, model=MODEL):
    """Log labels: id, value and, where they say so, hours after the beginning (else 9)."""
    with PredictionLogger(model=model, version="7", spool=spool) as logger:
        for name, value, *hours in given:
            logger.log_label(name, value, timestamp=at(*hours) if hours else at(9))
        assert not logger.counters.dropped


def predict(spool, *outputs, **settings):
    """Log predictions, one a minute; give their ids."""
    return write(spool, [{"features": {}, "prediction": one} for one in outputs], **settings)


def quality(store, window=EVERYTHING, **settings):
    """What the labels say of one window."""
    (found,) = store.quality(QualitySpec(MODEL, **settings), [window])
    return found


def labels_of(spool):
    """The last label of each id, by time and own id."""
    raw = (line for path in segments(spool) for line in path.read_text().split("\n")[:-1])
    found = {}
    for doc in map(json.loads, raw):
        if doc["event"]["action"] == "label":
            key = (datetime.fromisoformat(doc["@timestamp"]), doc["event"]["id"])
            about = doc["driftlog"]["label"]
            found.setdefault(about["id"], []).append((key, about))
    return {name: max(every, key=lambda one: one[0])[1] for name, every in found.items()}


def expected_quality(spool, window=EVERYTHING, compared=Compared()):  # noqa: B008 - frozen
    """The join computed from scratch."""
    labels = labels_of(spool)
    docs = [doc for doc in documents(spool) if inside(doc, window)]
    pairs, numbers, scores = {}, [], []
    for doc in docs:
        if (said := labels.get(doc["event"]["id"])) is None:
            continue
        output = doc["driftlog"].get("prediction", {})
        score = output.get("num", {}).get(compared.numeric)
        name = output.get("cat", {}).get(compared.categorical)
        number, string = (said.get(kind, {}).get("value") for kind in ("num", "cat"))
        if name is not None and string is not None:
            pairs[name, string] = pairs.get((name, string), 0) + 1
        if score is not None and number is not None:
            numbers.append((score, number))
        true = {0: 0, 1: 1, "false": 0, "true": 1}.get(string if number is None else number)
        if score is not None and true is not None and 0 <= score <= 1:
            scores.append((score, true))
    bins = [[(s, y) for s, y in scores if min(math.floor(s * 10), 9) == n] for n in range(10)]
    kept = [(min(max(s, 2**-52), 1 - 2**-52), y) for s, y in scores]
    return Quality(
        len(docs),
        sum(doc["event"]["id"] in labels for doc in docs),
        Confusion(pairs),
        Deviation(
            len(numbers),
            math.fsum(s - y for s, y in numbers),
            math.fsum(abs(s - y) for s, y in numbers),
            math.fsum((s - y) ** 2 for s, y in numbers),
            math.fsum(y for _, y in numbers),
            math.fsum(y * y for _, y in numbers),
            math.fsum(power(s - y) for s, y in numbers),
        ),
        Calibration(
            tuple(map(len, bins)),
            tuple(math.fsum(s for s, _ in some) for some in bins),
            tuple(sum(y for _, y in some) for some in bins),
            math.fsum((s - y) ** 2 for s, y in scores),
            -math.fsum(math.log(s if y else 1 - s) for s, y in kept),
            math.fsum((s - y) ** 4 for s, y in scores),
            math.fsum(math.log(s if y else 1 - s) ** 2 for s, y in kept),
        ),
    )


def power(error):
    """The fourth power, infinite where a float cannot hold it."""
    return error * error * error * error


def assert_equal_quality(expected, actual):
    """Counts bit for bit, sums to nine digits of what was summed."""
    assert (expected.predictions, expected.labelled) == (actual.predictions, actual.labelled)
    assert expected.confusion.pairs == dict(actual.confusion.pairs)
    one, other = expected.deviation, actual.deviation
    assert one.n == other.n
    assert pytest.approx(one.error, rel=1e-9, abs=1e-9 * one.absolute) == other.error
    assert pytest.approx(one.label, rel=1e-9, abs=1e-9 * math.sqrt(one.label_sq)) == other.label
    assert pytest.approx((one.absolute, one.squared, one.label_sq, one.fourth), rel=1e-9) == (
        other.absolute,
        other.squared,
        other.label_sq,
        other.fourth,
    )
    first, second = expected.calibration, actual.calibration
    assert (first.counts, first.labels) == (second.counts, second.labels)
    assert pytest.approx(first.scores, rel=1e-9) == second.scores
    sums = "brier_sum", "log_loss_sum", "brier_sq", "log_loss_sq"
    for name in sums:
        assert pytest.approx(getattr(first, name), rel=1e-9) == getattr(second, name)


OUTPUTS = (0.0, 0.1, 0.3, 0.7, 0.7000000000000001, 1.0, 1.5, -2.0, 1e100, "stay", "go", True, None)
LABELS = (0, 1, 0.5, -3.25, 1e100, True, False, "stay", "go", "true", "0")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_of_output_and_label(tmp_path, opened, seed):
    """In every window, by time and by count, the answer is that of a join one line at a time."""
    print("seed", seed)
    chance = random.Random(seed)
    outputs = [
        {"score": chance.choice((*OUTPUTS, chance.random())), "label": chance.choice(OUTPUTS)}
        for _ in range(400)
    ]
    ids = predict(tmp_path, *outputs)
    said = [
        (chance.choice(ids), chance.choice(LABELS), chance.randrange(-5, 9)) for _ in range(400)
    ]
    label(tmp_path, *said)
    store = opened(tmp_path)

    for size in (TimeSize(HOUR), CountSize(70)):
        windows = store.windows(MODEL, size)
        found = list(store.quality(QualitySpec(MODEL), windows[::-1]))[::-1]
        assert len(windows) == len(found) >= 5
        for window, actual in zip(windows, found, strict=True):
            assert_equal_quality(expected_quality(tmp_path, window), actual)


def test_labels_that_come_late(tmp_path, opened):
    """A label belongs to its prediction's window, though it came days later and from another process."""
    ids = predict(tmp_path, 0.9, 0.2)
    predict(tmp_path, *([0.5] * 3))
    label(tmp_path, (ids[0], True, 100), (ids[1], False, 200))
    store = opened(tmp_path)

    first, second = store.quality(
        QualitySpec(MODEL), [Window(BEGIN, at(1)), Window(at(1), at(300))]
    )

    assert (5, 2, (0, 1)) == (first.predictions, first.labelled, first.calibration.labels[2::7])
    assert Quality() == second


def test_a_label_before_its_prediction(tmp_path, opened):
    """A label that stands before its prediction in the log, or has an earlier time, counts."""
    label(tmp_path, ("mine", 1, -2))
    write(tmp_path, [{"features": {}, "prediction": 0.75, "id": "mine"}])

    found = quality(opened(tmp_path))

    assert (1, 1, -0.25) == (found.labelled, found.deviation.n, found.deviation.error)


def test_the_last_label_counts(tmp_path, opened):
    """Of several labels for one prediction the last by time counts, of those the last by its own id."""
    ids = predict(tmp_path, "a", "a", "a")
    label(tmp_path, (ids[0], "late", 3), (ids[0], "early", 2))
    label(tmp_path, (ids[1], "first", 2), (ids[1], "second", 2))
    label(tmp_path, (ids[2], "text", 1), (ids[2], 5, 2))

    found = quality(opened(tmp_path))

    assert {("a", "late"): 1, ("a", "second"): 1} == dict(found.confusion.pairs)
    assert 3 == found.labelled


def test_a_label_for_nothing(tmp_path, opened):
    """A label for an unknown id, of another model or for a prediction outside the window changes nothing."""
    ids = predict(tmp_path, 0.5, 0.5)
    label(tmp_path, ("unknown", 1), (ids[1], 1))
    label(tmp_path, (ids[0], 1), model="other")
    store = opened(tmp_path)

    assert (1, 0) == _numbers(quality(store, Window(BEGIN, BEGIN + MINUTE)))
    assert (2, 1) == _numbers(quality(store))


def _numbers(found):
    return found.predictions, found.labelled


def test_one_id_of_several_predictions(tmp_path, opened):
    """Predictions that were given one id are predictions of their own, and each has the label."""
    rows = [{"features": {}, "prediction": n, "id": "same"} for n in (1, 2, 5)]
    write(tmp_path, rows)
    label(tmp_path, ("same", 2))

    found = quality(opened(tmp_path))

    assert (3, 3, 2.0, 4.0) == (
        found.predictions,
        found.deviation.n,
        found.deviation.error,
        found.deviation.absolute,
    )


def test_of_one_version_and_since(tmp_path, opened):
    """Predictions may be of one model version only, and labels from some time on only."""
    old = predict(tmp_path, 1, 1, version="7")
    new = predict(tmp_path, 2, version="8")
    label(tmp_path, (old[0], 0, 1), (old[1], 0, 5), (new[0], 0, 3))
    store = opened(tmp_path)

    assert (1, 2.0) == _errors(quality(store, version="8"))
    assert (2, 3.0) == _errors(quality(store, since=at(3)))
    assert (0, 0.0) == _errors(quality(store, since=at(5) + timedelta(microseconds=1)))


def _errors(found):
    return found.deviation.n, found.deviation.error


@pytest.mark.parametrize(
    ("compared", "expected"),
    [
        (Compared(), (0, 0)),
        (Compared("it's a.b", "Class"), (1, 1)),
        (Compared("Class", "class"), (0, 1)),
        (Compared("Class", "it's a.b"), (0, 0)),
        (Compared(None, "class"), (0, 1)),
        (Compared("it's a.b", None), (1, 0)),
        (Compared(None, None), (0, 0)),
    ],
)
def test_which_outputs_are_compared(tmp_path, opened, compared, expected):
    """Labels are held against the outputs that are named, whatever those are called."""
    ids = predict(tmp_path, *[{"it's a.b": 0.5, "Class": "x", "class": "y"}] * 2)
    label(tmp_path, (ids[0], 3), (ids[1], "x"))

    found = quality(opened(tmp_path), compared=compared)

    assert 2 == found.labelled
    assert expected == (found.deviation.n, found.confusion.n)
    assert_equal_quality(expected_quality(tmp_path, compared=compared), found)


def test_foreign_labels(tmp_path, opened):
    """A label with two values is compared with both outputs; one without id or value is none."""
    said = [
        {"id": "e000000", "num": {"value": 1}, "cat": {"value": "x"}},
        {"id": "e000001"},
        {"num": {"value": 1}},
    ]
    docs = [
        document(n, prediction={"num": {"score": 0.25}, "cat": {"label": "x"}}) for n in range(2)
    ]
    for n, one in enumerate(said):
        docs.append(document(9 + n, label=one))
        docs[-1]["event"]["action"] = "label"
    for doc in docs:
        doc["event"]["dataset"] = f"driftlog.{MODEL}"
    write_lines(tmp_path / "a.ndjson", docs)

    found = quality(opened(tmp_path))

    assert (2, 1, 1, 1, 1) == (
        *_numbers(found),
        found.confusion.n,
        found.deviation.n,
        found.calibration.n,
    )


def test_errors_beyond_what_squares_can_hold(tmp_path, opened):
    """An error whose square overflows has an infinite one; nothing fails."""
    ids = predict(tmp_path, 1e200, 2.0)
    label(tmp_path, (ids[0], 0), (ids[1], 1))

    deviation = quality(opened(tmp_path)).deviation

    assert (2, 1e200, math.inf, math.inf) == (
        deviation.n,
        deviation.absolute,
        deviation.squared,
        deviation.rmse,
    )


def test_no_labels_and_no_windows(tmp_path, opened):
    """Without labels every prediction is without one; no windows are no answers."""
    predict(tmp_path, 0.5)
    store = opened(tmp_path)

    assert Quality(predictions=1) == quality(store)
    assert [] == list(store.quality(QualitySpec(MODEL), []))


def test_labels_sent_again_after_a_rollover(tmp_path, client, installed, monkeypatch):
    """Copies of predictions and labels in a second backing index count once, be they on two pages."""
    monkeypatch.setattr(_search, "PAGE", 3)
    monkeypatch.setattr("driftlog_analyzers._elasticsearch._labels.PAGE", 3)
    ids = predict(tmp_path, *[n / 10 for n in range(10)])
    label(tmp_path, *[(name, n % 2) for n, name in enumerate(ids)], (ids[0], 1, 10))
    ship(client, installed, tmp_path)
    client.indices.rollover(alias=stream(installed))
    ship(client, installed, tmp_path, resent=True)

    found = quality(ElasticsearchStore(client, installed))

    assert 21 == len(list(lines(tmp_path)))
    assert_equal_quality(expected_quality(tmp_path), found)
    assert (10, 10) == _numbers(found)


@pytest.mark.parametrize("seed", [3, 4])
def test_more_labels_than_a_page(tmp_path, shipped, monkeypatch, seed):
    """Over many small pages every label that is the last of its id counts once."""
    print("seed", seed)
    chance = random.Random(seed)
    monkeypatch.setattr(_search, "PAGE", 7)
    monkeypatch.setattr("driftlog_analyzers._elasticsearch._labels.PAGE", 7)
    ids = predict(tmp_path, *[chance.random() for _ in range(60)])
    label(tmp_path, *[(chance.choice(ids), chance.choice((0, 1)), 9) for _ in range(150)])

    assert_equal_quality(expected_quality(tmp_path), quality(shipped(tmp_path)))
