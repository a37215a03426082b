"""TFDV's taxi example, with what TFDV reports as the yardstick."""

import json

import pandas as pd
import pytest

from driftlog_analyzers import compare
from tests.acceptance.replayed import Replay, found, real

FOLDER = "chicago_taxi_tfdv"


@pytest.fixture(scope="module")
def expected() -> dict:
    """What TFDV reports, recomputed."""
    return json.loads(real(f"{FOLDER}/EXPECTED_TFDV_ANOMALIES.json").read_text())


@pytest.fixture(scope="module")
def serving(tmp_path_factory) -> Replay:
    """The 100 rows of serving.csv, logged."""
    frame = pd.read_csv(real(f"{FOLDER}/serving.csv"))
    return Replay.of(
        frame, tmp_path_factory.mktemp("serving"), "taxi", "--time", "trip_start_timestamp"
    )


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory) -> Replay:
    """The 5,000 rows of eval.csv, logged."""
    frame = pd.read_csv(real(f"{FOLDER}/eval.csv"))
    return Replay.of(
        frame, tmp_path_factory.mktemp("eval"), "taxi", "--time", "trip_start_timestamp"
    )


def _baseline(replay: Replay, state: str, *options: object) -> None:
    train = real(f"{FOLDER}/train.csv")
    replay.baseline(state, "--input", train, "--ignore", "trip_start_timestamp", *options)


@pytest.mark.parametrize(("options", "kind"), [((), "notices"), (("--closed",), "findings")])
def test_step_1_names_the_same_unexpected_values(evaluation, expected, options, kind):
    """Eval beside train: the values that TFDV calls unexpected, a notice by default, a finding in a closed domain."""
    _baseline(evaluation, f"step-1-{kind}", *options)
    (window,) = evaluation.analyze(f"step-1-{kind}", "--window", "5000")

    values = {
        result["feature"]: {change["value"] for change in result["changes"]}
        for result in window[kind]
        if result["detector"] == "unseen_category"
    }

    assert {
        row["feature"]: set(row["values"])
        for row in expected["step1_eval_vs_schema_inferred_from_train"]
    } == values
    assert [] == [
        result for result in window["findings"] if result["detector"] != "unseen_category"
    ]


def test_step_2_is_quiet_once_the_constraints_are_edited(evaluation, expected):
    """With min_domain_mass 0.9 for company and Prcard among the payment types nothing is found any more."""
    _baseline(evaluation, "step-2", "--closed")
    file = evaluation.spool / "step-2" / "baselines" / "taxi" / "1.toml"
    text = file.read_text()
    start = text.index("[features.company]")
    mass = text.index("min_domain_mass = 1.0", start)
    text = text[:mass] + "min_domain_mass = 0.9" + text[mass + len("min_domain_mass = 1.0") :]
    file.write_text(text.replace('"Pcard"', '"Pcard", "Prcard"'))

    (window,) = evaluation.analyze("step-2", "--window", "5000")

    assert expected["step2_after_fix"]["anomalies"] == window["findings"]
    (notice,) = (r for r in window["notices"] if r["detector"] == "unseen_category")
    assert "company" == notice["feature"]


def test_step_3_finds_the_vanished_column_and_nothing_else(serving, expected):
    """Serving beside train: tips is gone; pickup_census_tract, always missing, stays quiet."""
    _baseline(serving, "step-3")
    (window,) = serving.analyze("step-3", "--window", "100")

    (dropped,) = (row for row in expected["step3_serving_vs_schema"] if "only_in" not in row)
    assert [("vanished", dropped["feature"])] == [
        (r["detector"], r["feature"]) for r in window["findings"]
    ]
    assert [] == window["notices"]


def test_step_5_reproduces_the_l_infinity_distances(expected):
    """payment_type between train and serving, company between eval and train: TFDV's printed digits and values."""
    train, current, serving = (
        pd.read_csv(real(f"{FOLDER}/{name}.csv")) for name in ("train", "eval", "serving")
    )
    payment, company = expected["step5_skew_and_drift"]

    for row, reference, window in ((payment, train, serving), (company, current, train)):
        (result,) = (
            r
            for r in compare(reference, window).results
            if (r.detector, r.feature) == ("category_shift", row["feature"])
        )
        assert f"{row['value']:.6g}" == f"{result.statistics['l_infinity']:.6g}"
        assert row["max_value"] == result.changes[0].value


def test_the_log_and_the_frames_give_the_same_finding(serving):
    """The serving rows tell the same whether they come as a frame or from the spool."""
    frames = compare(
        pd.read_csv(real(f"{FOLDER}/train.csv")), pd.read_csv(real(f"{FOLDER}/serving.csv"))
    )
    assert ["tips"] == [result.feature for result in frames.findings]
    _baseline(serving, "step-5")
    (window,) = serving.analyze("step-5", "--window", "100")
    assert ["tips"] == [w["result"]["feature"] for w in found([window], "vanished", "tips")]
