import numpy as np
import pandas as pd
import pytest

from driftlog_analyzers._finding import Outcome
from driftlog_analyzers._joint import (
    BINS,
    MOST_FEATURES,
    TOP_VALUES,
    Coding,
    Joint,
    codings,
    joint,
)
from driftlog_analyzers._json import from_json, to_json
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._reference import baseline_from_frame
from driftlog_analyzers.detectors.multivariate import multivariate
from tests.acceptance.replayed import real
from tests.analyzers.cases import random_source

LEVEL = 0.006
WINDOW = 1_000


@pytest.fixture(scope="module")
def bank():
    """Rows of the bank marketing data in a drawn order; those from 20,000 on are for windows."""
    frame = pd.read_csv(real("bank_marketing/bank-additional-full.csv"), sep=";")
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.fixture(scope="module")
def reference(bank):
    """How the features of the first 20,000 rows go together."""
    made = baseline_from_frame(bank[:20_000], model="m", version="1", multivariate=True)
    return made.joint


def told(reference, frame):
    """What is said of a window."""
    names = [coding.feature for coding in reference.codings]
    rows = [
        tuple(value if isinstance(value, str) else float(value) for value in row)
        for row in frame[names].astype(object).itertuples(index=False)
    ]
    return multivariate(reference, joint(reference.codings, rows), LEVEL)


def found(results):
    """The pairs with a finding."""
    return [result.feature for result in results if result.alerts]


def test_no_fault(bank, reference):
    """Twenty windows of real rows without a fault are quiet."""
    results = [told(reference, bank[20_000 + n * WINDOW :][:WINDOW]) for n in range(20)]

    assert [] == [feature for window in results for feature in found(window)]
    assert {66} == {len(window) for window in results}


def test_a_shift_of_a_margin(bank, reference):
    """Twice as many students, and older people, are a shift of margins: other detectors tell it, this one does not."""
    rest = bank[20_000:]
    weights = 1.0 + 9.0 * rest["job"].eq("student") + 3.0 * rest["age"].gt(50)
    window = rest.sample(WINDOW, weights=weights, random_state=2)

    assert window["job"].eq("student").mean() > 3 * rest["job"].eq("student").mean()
    assert [] == found(told(reference, window))


@pytest.mark.parametrize("feature", ["job", "euribor3m"])
def test_values_swapped_among_rows(bank, reference, feature):
    """Where a column's values are dealt out anew no margin moves; one finding names it, and the others are weak."""
    window = bank[20_000 : 20_000 + WINDOW].copy()
    window[feature] = window[feature].to_numpy()[random_source(3).permutation(WINDOW)]

    results = told(reference, window)
    pairs = found(results)

    assert any(feature in pair.split(" × ") for pair in pairs)
    assert len(pairs) <= 2
    worst = next(result for result in results if result.alerts)
    assert worst.p_value < LEVEL
    assert worst.effect >= 0.05
    assert worst.changes
    moved = sum(abs(change.after - change.before) for change in worst.changes)
    assert moved > worst.effect


def test_the_reference_itself(reference):
    """A sample beside itself has nothing, and no warning."""
    results = multivariate(reference, reference, LEVEL)

    assert {(Outcome.OK, 0.0)} == {(result.outcome, result.effect) for result in results}


def test_by_hand():
    """Two halves that go together, then the other way round, are all of the events; chance is taken off."""
    coded = (Coding("a", values=("x", "y")), Coding("b", values=("p", "q")))
    same = joint(coded, [("x", "p"), ("y", "q")] * 500)
    turned = joint(coded, [("x", "q"), ("y", "p")] * 500)

    (result,) = multivariate(same, turned, LEVEL)

    assert ("a × b", Outcome.FINDING) == (result.feature, result.outcome)
    assert 0.9 < result.effect < 1.0
    assert 1.0 == result.statistics["degrees_of_freedom"]
    assert {"x × q", "y × p", "x × p", "y × q"} == {c.value for c in result.changes}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("x", "p")],
        [("x", "p")] * 1000,
        [(None, None)] * 1000,
        [("new", 7.0)] * 1000,
        [(f"v{n}", f"w{n}") for n in range(1000)],
    ],
    ids=["none", "one", "constant", "null", "new", "all different"],
)
def test_bad_input(rows):
    """Whatever a window holds, there is an answer, and no warning."""
    coded = (Coding("a", values=("x", "y")), Coding("b", values=("p", "q")))
    before = joint(coded, [("x", "p"), ("y", "q"), ("x", "q"), ("y", "p")] * 500)

    results = multivariate(before, joint(coded, rows), LEVEL)

    assert (Outcome.INSUFFICIENT in {r.outcome for r in results}) == (len(rows) < 200)
    assert all(np.isfinite(r.effect) for r in results)


def test_codings():
    """At most twelve features are chosen, those that vary; each has few levels, with names."""
    rng = random_source(4)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=2000) for i in range(9)})
    frame = frame.assign(constant="x", empty=None)
    for i in range(9):
        frame[f"c{i}"] = rng.choice([f"v{k}" for k in range(30)], 2000)
    made = baseline_from_frame(frame, model="m", version="1", multivariate=True)

    chosen = codings(made.profile)

    assert MOST_FEATURES == len(chosen)
    assert not {"constant", "empty"} & {coding.feature for coding in chosen}
    for coding in chosen:
        levels = BINS if coding.edges else TOP_VALUES
        assert levels + 2 == len(coding.names)
        assert {levels + 1} == {coding.level(None)}
    assert made.joint == from_json(Joint, to_json(made.joint))
    assert () == codings(WindowProfile())


@pytest.mark.parametrize(
    ("value", "level"), [(-9.0, 0), (1.0, 0), (1.5, 1), (2.0, 1), (9.0, 2), ("x", 3), (None, 4)]
)
def test_levels_of_numbers(value, level):
    """A number lies in the bin of the first edge that is not below it; a string is another thing."""
    coding = Coding("n", edges=(1.0, 2.0))

    assert level == coding.level(value)
    assert ("to 1", "1 to 2", "over 2", "(other)", "(none)") == coding.names
