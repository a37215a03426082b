"""The pure parts of the detection benchmark, and that its fast way says what the plain way says."""

import math

import numpy as np
import pandas as pd
import pytest
from benchmarks.detection import texts
from benchmarks.detection.cells import Cell, round_of_cells
from benchmarks.detection.data import Split, features, windows
from benchmarks.detection.faults import Fault, every_fault, faulty, must_stay_quiet
from benchmarks.detection.metrics import Rate, figure, learned, most_powerful, quantile, summary
from benchmarks.detection.ours import Driftlog, decided, exchanged
from benchmarks.detection.subject import Alert, elsewhere, found, right_kinds
from benchmarks.detection.tables import document
from benchmarks.detection.targets import CASES
from benchmarks.detection.times import incidents
from scipy import stats
from tests.benchmarks.conftest import SEED


@pytest.fixture(scope="module")
def judge(source):
    """Driftlog with a baseline of the reference."""
    return Driftlog().fit(source.reference, source.roles)


def by_key(key: str) -> Fault:
    """The fault of this name."""
    return next(fault for fault in every_fault() if fault.key == key)


def injected(source: Split, key: str, size: int = 1_000):
    """A clean window, the same with the fault, and the feature it befell."""
    chance = np.random.default_rng(SEED)
    fault = by_key(key)
    chosen = fault.eligible(features(source.reference, source.roles))[0]
    clean = windows(source.pool, size, 1, SEED)
    return clean, faulty(clean, fault.inject(clean, chosen, chance)), chosen[0].name


def test_every_fault_befalls_some_feature_of_a_table_with_every_kind(source):
    """No level is without an eligible feature."""
    known = features(source.reference, source.roles)
    assert [f.key for f in every_fault() if not f.eligible(known)] == []


@pytest.mark.parametrize("fault", every_fault(), ids=lambda fault: fault.key)
def test_a_fault_leaves_the_clean_window_and_the_other_columns_as_they_are(source, fault):
    """Faults are pure functions."""
    chosen = fault.eligible(features(source.reference, source.roles))[-1]
    clean = windows(source.pool, 200, 1, SEED)
    before = clean.copy(deep=True)
    after = faulty(clean, fault.inject(clean, chosen, np.random.default_rng(SEED)))
    pd.testing.assert_frame_equal(before, clean)
    untouched = [name for name in clean if name not in {feature.name for feature in chosen}]
    pd.testing.assert_frame_equal(clean[untouched], after[untouched])
    assert len(clean) == len(after)


def test_levels_change_what_they_say(source):
    """Rates, shares, ranges and means move by the level's amount."""
    _, after, name = injected(source, "NA rate: × 5", 2_000)
    assert 0.035 < after[name].isna().mean() < 0.065
    clean, after, name = injected(source, "share shift: + 20 points", 2_000)
    moves = after[name].value_counts(normalize=True) - clean[name].value_counts(normalize=True)
    assert 0.17 < moves.max() < 0.23
    _, after, name = injected(source, "unseen category: 5 %", 2_000)
    assert 0.035 < (~after[name].isin(source.reference[name])).mean() < 0.065
    _, after, name = injected(source, "range violation: 1 %", 2_000)
    outside = (after[name] > source.reference[name].max()) | (
        after[name] < source.reference[name].min()
    )
    assert 0.004 < outside.mean() < 0.02
    clean, after, name = injected(source, "numeric drift: mean + 0.5 sd")
    assert after[name].mean() - clean[name].mean() == pytest.approx(
        source.reference[name].std() / 2
    )


def test_a_vanished_key_is_no_column_and_a_null_is_one(source):
    """Absent and null are two faults."""
    _, after, name = injected(source, "vanishes: key absent")
    assert name not in after
    _clean, after, name = injected(source, "vanishes: null")
    assert after[name].isna().all()


def test_text_faults_change_words():
    """Case, encoding, accents, language and unknown words."""
    column, chance = pd.Series(["né à paris"]), np.random.default_rng(SEED)
    assert texts.capitalized(column, chance)[0] == "Né à paris"
    assert texts.misread(column, chance)[0] == "nÃ© Ã\xa0 paris"
    assert texts.stripped(column, chance)[0] == "ne a paris"
    assert texts.emptied(column, chance)[0] == ""
    assert len(texts.switched(1.0)(column, chance)[0].split()) == 3
    assert texts.unknown(1.0)(column, chance)[0].count("qx") == 3
    assert texts.unknown(0.0)(column, chance)[0] == "né à paris"


@pytest.mark.parametrize(
    "key",
    [
        "vanishes: key absent",
        "NA rate: × 5",
        "swapped columns: unlike types",
        "stuck: 0",
        "type change: list for scalar",
        "prediction collapse: one class",
        "casing: text: case folding off",
    ],
)
def test_the_fast_way_says_what_the_plain_way_says(source, judge, key):
    """A clean profile with the touched columns exchanged gives the alerts of the whole faulty frame."""
    fault = by_key(key)
    chance = np.random.default_rng(SEED)
    chosen = fault.eligible(features(source.reference, source.roles))[0]
    rows = windows(source.pool, 500, 1, SEED)
    number = np.zeros(len(rows), dtype=np.int64)
    changes = fault.inject(rows, chosen, chance)
    there = {name: column for name, column in changes.items() if column is not None}
    clean = judge.profiles(rows, number)[0]
    changed = judge.profiles(pd.DataFrame({"kept": number} | there), number)[0]
    touched = [feature.name for feature in chosen]
    profile = exchanged(clean, changed, {name: name for name in there}, touched)
    expected = judge.judge(faulty(rows, changes))
    assert expected
    assert expected == decided({**judge.raw(clean), **judge.raw(profile, touched)})


def test_cells_count_every_fault_and_find_the_plain_ones(source, judge):
    """One round on windows of 500."""
    faults = [by_key("vanishes: key absent"), by_key("share shift: + 20 points")]
    cells = round_of_cells(source, judge, 500, faults, draws=2, each=2, seed=SEED)
    vanished, shifted = cells.values()
    assert (vanished.runs, vanished.detected) == (4, 4)
    assert (shifted.runs, shifted.bounded) == (4, 2)
    assert vanished.feature_windows == 4 * 7


def test_time_to_detection_counts_from_the_onset_to_the_end_of_the_window(source, judge):
    """A vanished key shows in the window that it vanishes in, as one alert."""
    found = incidents(source, judge, 300, [by_key("vanishes: key absent")], streams=2, seed=SEED)
    assert [i.alerts for i in found] == [1, 1]
    assert all(0 < i.events < 600 for i in found)


def test_what_must_stay_quiet_changes_nothing_that_counts(source):
    """Reordering, equal floats and noise keep the values."""
    known = features(source.reference, source.roles)
    clean = windows(source.pool, 100, 1, SEED)
    for fault in must_stay_quiet():
        changes = fault.inject(clean, fault.eligible(known)[0], np.random.default_rng(SEED))
        after = faulty(clean, changes)[list(clean.columns)]
        pd.testing.assert_frame_equal(clean, after, check_dtype=False, rtol=0, atol=2e-9)


def test_an_alert_is_right_by_feature_and_kind_and_false_elsewhere():
    """A subject without kinds is right by its feature."""
    kinds = right_kinds("stuck", "0")
    assert found({Alert("a", "stuck")}, ["a"], kinds)
    assert found({Alert("a")}, ["a"], kinds)
    assert not found({Alert("a", "range")}, ["a"], kinds)
    assert not found({Alert("b", "stuck")}, ["a"], kinds)
    assert elsewhere({Alert("a", "range"), Alert("b", "range"), Alert("b", "stuck")}, ["a"]) == 1


def test_every_row_of_the_tables_is_of_some_fault():
    """No row waits for figures that nobody measures."""
    keys = [fault.key for fault in every_fault()]
    assert [case.title for case in CASES if not any(map(case.holds, keys))] == []


def test_every_fault_that_drifts_has_kinds():
    """What is right is said for each level."""
    assert all(right_kinds(fault.name, fault.level) for fault in every_fault())


def test_rates_have_wilsons_interval():
    """3 of 200, against the published formula."""
    low, high = Rate(3, 200).interval
    p, n, z = 0.015, 200, stats.norm.ppf(0.975)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (low, high) == pytest.approx((middle - half, middle + half))
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_the_most_powerful_test_spends_its_level_exactly():
    """Without a change, its power is its level; no exact test is stronger."""
    assert most_powerful(100, 0.2, 0.2) == pytest.approx(0.001)
    assert most_powerful(100, 0.0, 0.01) == pytest.approx(1 - 0.99**100 + 0.001 * 0.99**100)
    critical = stats.binom.isf(0.001, 500, 0.3) + 1
    plain = stats.binom.sf(critical - 1, 500, 0.4)
    assert plain <= most_powerful(500, 0.3, 0.4) <= stats.binom.sf(critical - 2, 500, 0.4)


def test_a_test_that_must_learn_the_rate_finds_less():
    """The more events the reference has, the nearer it comes."""
    known = most_powerful(500, 0.3, 0.4)
    few, many = learned(500, 2_000, 0.3, 0.4), learned(500, 1_000_000, 0.3, 0.4)
    assert few < many <= known
    assert many == pytest.approx(known, abs=0.01)
    assert learned(100, 20_000, 0.0, 1.0) == 1.0


def test_what_never_came_is_a_quantile_without_a_figure():
    """A fault found in half of its incidents has a median and no 95th percentile."""
    assert quantile([3.0, 1.0, 2.0, math.inf], 0.5) == 2.0
    times = {"incidents": [["a", 10, 1], ["a", 20, 3], ["a", None, 0]]}
    assert summary(times) == [("a", (20, None), 2.0)]


def test_shares_are_shown_without_rounding_to_certainty():
    """1 is for all, never for nearly all."""
    assert [figure(x) for x in (0.0, 0.004, 0.5, 0.999, 1.0)] == ["0", ".00", ".50", ".99", "1"]


def test_the_tables_show_what_was_missed_and_its_bound():
    """From the parts' figures to Markdown."""
    case = next(case for case in CASES if case.title == "NA rate: × 2")
    cell = Cell(runs=200, detected=100, bounded=2, best=1.1, learned=1.0)
    cell.missed["age"] = 100
    figures = {
        "clean": {"seed": 1, "counts": [[100, 3, 1_000]], "which": [["x", "age", "range", 100, 3]]},
        "quiet": {"reordered keys": [0, 8]},
        "cells": {"seed": 1, "each": 5, "cells": [["x", "NA rate: × 2", 100, vars(cell)]]},
        "times": {"size": 1_000, "incidents": [["stuck", 700, 1], ["stuck", None, 0]]},
    }
    text = document(figures, {(case.title, 100): cell}, {})
    assert "| 100 | 1,000 | 3 | 3.00 | 1.02 to 8.78 | **missed** |" in text
    assert (
        "- NA rate: × 2, 100: 0.50 of 0.6; at most 0.55 / 0.50; out of reach. Missed most on: age 100."
        in text
    )
    assert "| stuck | 2 | 700 | not in six windows | 1.00 |" in text
