from dataclasses import replace
from datetime import timedelta

from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._explain import by_version, mixed
from driftlog_analyzers._finding import Condition, Evaluation
from driftlog_analyzers._reference import baseline_from_store, profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._window import Window
from tests.analyzers.spools import MODEL, at, write

EVENTS = 200


def hour(number, prediction, features=None):
    """The events of one hour."""
    return [
        {
            "features": (features or (lambda n: {"score": n % 10}))(n),
            "prediction": prediction(n),
            "timestamp": at(number) + n * timedelta(seconds=1),
        }
        for n in range(EVENTS)
    ]


def usual(n):
    """What the model usually says."""
    return {"score": n % 10 / 10, "label": "go" if n % 4 else "stay"}


def test_examples_of_outputs(tmp_path, opened):
    """A condition on an output is looked for among the outputs, though an input has the same name."""
    ids = write(tmp_path, hour(0, lambda n: {"score": n / 100, "label": "go" if n else "stay"}))
    store = opened(tmp_path)
    asked = [
        Condition("within", "score", low=1.96, high=1.98, output=True),
        Condition("within", "score", low=1.96, high=2.0),
        Condition("within", "score", high=0.01, output=True),
        Condition("within", "score", low=1.98, output=True),
        Condition("values", "label", ("stay",), output=True),
        Condition("values", "label", ("stay",)),
        Condition("absent", "label", output=True),
        Condition("absent", "label"),
    ]

    (found,) = store.examples(MODEL, [Window(at(0), at(1))], [asked])

    by_value = [sorted(id_ for n, id_ in enumerate(ids) if n % 10 == 2)[:3], sorted(ids)[:3]]
    assert [
        (ids[197], ids[198]),
        tuple(by_value[0]),
        (ids[0], ids[1]),
        (ids[199],),
        (ids[0],),
        (),
        (),
        tuple(by_value[1]),
    ] == found


def test_findings_of_outputs(tmp_path, opened):
    """An output that moved and one that collapsed are found, with events that show them."""
    write(tmp_path, [row for n in range(3) for row in hour(n, usual)])
    ids = write(tmp_path, hour(3, lambda n: {"score": 0.9 - n % 2 / 10, "label": "go"}))
    store = opened(tmp_path)
    baseline = baseline_from_store(store, model=MODEL, version="7", end=at(3))
    window = Window(at(3), at(4))

    (profile,) = store.profiles(profile_spec(baseline), [window])
    found = [r for r in evaluate(profile, baseline, Settings()) if r.alerts]

    assert {
        ("prediction_shift", "prediction.score"),
        ("prediction_shift", "prediction.label"),
        ("prediction_collapse", "prediction.label"),
    } == {(r.detector, r.feature) for r in found}
    (examples,) = store.examples(MODEL, [window], [[r.condition for r in found]])
    assert all(len(each) == 3 and {*each} <= {*ids} for each in examples)


def test_dropped_by_a_version(tmp_path, opened):
    """Either store says which version dropped a feature."""
    write(tmp_path, [row for n in range(3) for row in hour(n, usual)])
    write(tmp_path, hour(3, usual)[::2])
    write(tmp_path, hour(3, usual, lambda n: {"other": n})[1::2], version="8")
    store = opened(tmp_path)
    baseline = baseline_from_store(store, model=MODEL, version="7", end=at(3))
    spec, window = profile_spec(baseline), Window(at(3), at(4))
    (profile,) = store.profiles(spec, [window])
    results = evaluate(profile, baseline, Settings())
    made = Evaluation(MODEL, window, profile.events, baseline.name, results, len(results))

    (told,) = by_version(store, spec, baseline.profile.versions, [made], {0: profile})

    (vanished,) = (r for r in told.findings if r.detector == "vanished")
    assert ("score", "dropped by version 8") == (vanished.feature, vanished.explanation)
    assert mixed(profile, results)
    assert not mixed(replace(profile, versions={"7": 200}), results)
