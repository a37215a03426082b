from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from driftlog_analyzers._baseline import Constraint
from driftlog_analyzers._evaluate import decide, evaluate
from driftlog_analyzers._finding import Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import FeatureProfile, WindowProfile
from driftlog_analyzers._settings import Settings
from driftlog_analyzers.detectors import NAMES
from tests.analyzers.cases import numbers, random_source, strings
from tests.analyzers.simulated import draw, model

REFERENCES = 8
WINDOWS = 50
FEATURES = 10
BUDGET = 1.0


@pytest.fixture(scope="module")
def made_up():
    """A model whose reference holds ten thousand events."""
    return model(random_source(0), 10_000)


def found(p, detector="na_spike", **more):
    """A finding with this p-value."""
    return Result(detector, "f", Outcome.FINDING, "", Severity.HIGH, p_value=p, **more)


def alerts(results):
    """Detector and feature of what people are alerted of."""
    return {(result.detector, result.feature) for result in results if result.alerts}


class TestDecide:
    """One decision over all p-values of a window."""

    def test_no_more_false_findings_than_the_level(self):
        """Where all tests are one, all alert together so rarely that the expected number is still the level."""
        tests, windows, level = 20, 4_000, 0.05
        chances = (np.arange(windows) + 0.5) / windows

        alerts = sum(r.alerts for p in chances for r in decide([found(p)] * tests, level))

        assert level * windows == alerts

    def test_what_could_not_fire_costs_nothing(self):
        """A test that no window could make significant does not count among the tests."""
        hopeless = replace(found(0.9), outcome=Outcome.OK, least=0.2)
        counted = replace(hopeless, least=0.001)

        assert decide([found(0.009), *[hopeless] * 19], 0.01)[0].alerts
        assert not decide([found(0.009), counted], 0.01)[0].alerts

    def test_small_effects_count(self):
        """The p-values of results that are ok count: twenty tests are twenty."""
        alone = decide([found(0.005)], 0.01)
        beside = decide([found(0.005), *[replace(found(0.9), outcome=Outcome.OK)] * 19], 0.01)

        assert (True, False) == (alone[0].alerts, beside[0].alerts)

    def test_rules_stay(self):
        """What a rule decided is no test: it stays, and costs the tests nothing."""
        rule = found(None)
        results = decide([rule, rule, rule, found(0.009)], 0.01)

        assert [rule, rule, rule, found(0.009)] == results

    def test_not_significant_is_ok(self):
        """A finding that is not significant is ok, and keeps its figures."""
        (result,) = decide([found(0.5, n=7)], 0.01)

        assert (Outcome.OK, 7, 0.5) == (result.outcome, result.n, result.p_value)

    @pytest.mark.parametrize(
        ("p", "severity"), [(1e-9, Severity.HIGH), (0.5, Severity.INFO), (None, Severity.HIGH)]
    )
    def test_what_is_notable_stays_as_a_notice(self, p, severity):
        """What is notable informs where it is not significant; a rule alerts."""
        (result,) = decide([found(p, "unseen_category", notable=True)], 0.01)

        assert (Outcome.FINDING, severity) == (result.outcome, result.severity)

    def test_insufficient_stays(self):
        """What could not be tested is not touched."""
        short = Result("stuck", "f", Outcome.INSUFFICIENT, "")

        assert [short, short] == decide([short, short], 0.01)
        assert [] == decide([], 0.01)

    @pytest.mark.parametrize("p", [0.0, 1.0, 1.0 + 1e-12])
    def test_extreme_p_values(self, p):
        """Probabilities at the ends, and one that rounding took over 1, are decided."""
        assert (p == 0.0) == decide([found(p)], 0.01)[0].alerts


class TestEvaluate:
    """From a window's profile to its results."""

    def test_the_reference_itself(self, made_up):
        """The reference compared with itself gives nothing, not even a notice."""
        results = evaluate(made_up.baseline.profile, made_up.baseline, Settings())

        assert {Outcome.OK} == {result.outcome for result in results}

    def test_too_few_events(self, made_up):
        """A window of nineteen events is answered once, with insufficient_data."""
        profile = made_up.window(draw(random_source(), 19))

        (result,) = evaluate(profile, made_up.baseline, Settings())

        assert ("window", Outcome.INSUFFICIENT, "19 events, at least 20 are needed", 19) == (
            result.detector,
            result.outcome,
            result.summary,
            result.n,
        )

    def test_silence(self, made_up):
        """An empty window among full ones is silence, and nothing has vanished."""
        results = evaluate(WindowProfile(), made_up.baseline, Settings(), [100] * 28)

        assert {("volume", "")} == alerts(results)
        assert [Severity.CRITICAL, Severity.INFO] == [result.severity for result in results]

    def test_empty_window_by_count(self, made_up):
        """Without a history volume is not judged."""
        (result,) = evaluate(WindowProfile(), made_up.baseline, Settings())

        assert Outcome.INSUFFICIENT == result.outcome

    def test_empty_baseline(self, made_up):
        """Beside a reference of no events every feature is new, and nothing else is said."""
        baseline = replace(made_up.baseline, profile=WindowProfile(), constraints={})
        results = evaluate(made_up.window(draw(random_source(), 100)), baseline, Settings())

        assert {("new_feature", name) for name in made_up.baseline.constraints} == alerts(results)
        assert FEATURES == len(results)

    def test_disabled_detectors(self, made_up):
        """Whoever disables every detector hears nothing."""
        settings = Settings(disabled=frozenset(NAMES))

        assert () == evaluate(
            made_up.window(broken("vanished")), made_up.baseline, settings, [1] * 9
        )

    def test_ignored_features(self, made_up):
        """An ignored feature may vanish."""
        settings = Settings(ignored=frozenset({"income"}))

        assert set() == alerts(
            evaluate(without(made_up.window(broken("none")), "income"), made_up.baseline, settings)
        )

    @pytest.mark.parametrize("stage", ["beta", "planned", "deprecated"])
    def test_stages(self, made_up, stage):
        """A feature that is not active informs, says why, and alerts nobody."""
        baseline = constrained(made_up.baseline, "income", stage=stage)
        profile = without(made_up.window(broken("none")), "income")
        first, *_ = evaluate(profile, baseline, Settings())

        assert ("vanished", "income", Severity.INFO, Outcome.FINDING) == (
            first.detector,
            first.feature,
            first.severity,
            first.outcome,
        )
        assert first.summary.endswith(f"({stage})")

    def test_planned_feature(self, made_up):
        """A planned feature may be absent and may come."""
        planned = Constraint("numeric", stage="planned")
        rules = {**made_up.baseline.constraints, "later": planned}
        baseline = replace(made_up.baseline, constraints=rules)
        absent = made_up.window(broken("none"))
        there = replace(absent, features={**absent.features, "later": numbers(1000)})

        for profile in (absent, there):
            assert set() == alerts(evaluate(profile, baseline, Settings()))

    def test_order(self, made_up):
        """Findings come first, the gravest at the top, the larger effect before the smaller."""
        profile = without(made_up.window(broken("nulls")), "age")
        profile = replace(profile, features={**profile.features, "new": strings({"a": 1000})})
        results = evaluate(profile, made_up.baseline, Settings())

        assert [("vanished", "age"), ("na_spike", "income"), ("new_feature", "new")] == [
            (result.detector, result.feature) for result in results[:3]
        ]
        ranks = [list(Severity).index(result.severity) for result in results[:3]]
        assert sorted(ranks, reverse=True) == ranks
        assert not any(result.alerts for result in results[3:])
        found_ones = [result.outcome is Outcome.FINDING for result in results]
        assert sorted(found_ones, reverse=True) == found_ones

    def test_budget(self, made_up):
        """A smaller budget asks for a smaller p-value."""
        nulls = FeatureProfile(nulls=9)
        before = {"f": numbers(9700, nulls=300)}
        baseline = replace(
            made_up.baseline,
            profile=WindowProfile(10_000, before),
            constraints={"f": Constraint("numeric")},
        )
        profile = WindowProfile(100, {"f": numbers(91).merge(nulls)})

        tolerant, strict = (
            alerts(evaluate(profile, baseline, Settings(budget=budget))) for budget in (50, 0.1)
        )

        assert ({("na_spike", "f")}, set()) == (tolerant, strict)


def with_outputs(profile, **outputs):
    """The profile with these outputs."""
    return replace(profile, predictions=outputs)


SCORES = (numbers(10_000), numbers(1000), numbers(1000, bins=(100, 100, 200, 200, 400), mean=6.0))
LABELS = tuple(
    strings({"stay": stay, "go": go}) for stay, go in [(9000, 1000), (900, 100), (700, 300)]
)


class TestOutputs:
    """The model's outputs, which are watched as its inputs are."""

    @pytest.fixture
    def baseline(self, made_up):
        """The baseline of a model with a score and a label."""
        profile = with_outputs(made_up.baseline.profile, score=SCORES[0], label=LABELS[0])
        return replace(made_up.baseline, profile=profile)

    def told(self, made_up, baseline, settings=None, **outputs):
        """The findings of a window with these outputs and inputs without fault."""
        profile = made_up.window(broken("none"))
        found = evaluate(with_outputs(profile, **outputs), baseline, settings or Settings())
        return [result for result in found if result.alerts]

    def test_no_fault(self, made_up, baseline):
        """Outputs as the reference has them are no finding."""
        assert [] == self.told(made_up, baseline, score=SCORES[1], label=LABELS[1])

    def test_shift(self, made_up, baseline):
        """A score or a label that moved is a shift of predictions, shown by events with such outputs."""
        (score,) = self.told(made_up, baseline, score=SCORES[2], label=LABELS[1])
        (label,) = self.told(made_up, baseline, score=SCORES[1], label=LABELS[2])

        assert (
            "prediction_shift",
            "prediction.score",
            "prediction.score: mean went from 5 to 6 (+0.35 sd) in 1,000 numbers",
            Condition("within", "score", low=8.0, high=10.0, output=True),
        ) == (score.detector, score.feature, score.summary, score.condition)
        assert (
            "prediction_shift",
            "prediction.label",
            Condition("values", "label", ("go",), output=True),
        ) == (label.detector, label.feature, label.condition)

    def test_collapse(self, made_up, baseline):
        """A model that says one thing only has collapsed, and its predictions have shifted."""
        found = self.told(made_up, baseline, score=SCORES[1], label=strings({"stay": 1000}))

        assert {
            ("prediction_collapse", "prediction.label"),
            ("prediction_shift", "prediction.label"),
        } == {(result.detector, result.feature) for result in found}
        assert {("label", True)} == {(r.condition.feature, r.condition.output) for r in found}

    def test_vanished(self, made_up, baseline):
        """An output that is gone has vanished."""
        (result,) = self.told(made_up, baseline, score=SCORES[1])

        assert ("vanished", "prediction.label", Condition("absent", "label", output=True)) == (
            result.detector,
            result.feature,
            result.condition,
        )

    def test_left_out(self, made_up, baseline):
        """Outputs and their detectors can be left out under their own names, and inputs' names leave them alone."""
        outputs = {"score": SCORES[2], "label": strings({"stay": 1000})}
        left = {
            frozenset({"prediction_shift"}): {("prediction_collapse", "prediction.label")},
            frozenset({"numeric_shift", "category_shift", "stuck"}): {
                ("prediction_shift", "prediction.score"),
                ("prediction_shift", "prediction.label"),
                ("prediction_collapse", "prediction.label"),
            },
        }
        for disabled, expected in left.items():
            found = self.told(made_up, baseline, Settings(disabled=disabled), **outputs)
            assert expected == alerts(found)
        ignored = Settings(ignored=frozenset({"prediction.label", "score"}))
        assert {("prediction_shift", "prediction.score")} == alerts(
            self.told(made_up, baseline, ignored, **outputs)
        )

    def test_input_of_the_same_name(self, made_up, baseline):
        """An input may be called as an output is: each has its own findings."""
        features = {**baseline.profile.features, "score": SCORES[0]}
        profile = replace(baseline.profile, features=features)
        rules = {**baseline.constraints, "score": Constraint("numeric")}
        both = replace(baseline, profile=profile, constraints=rules)
        window = made_up.window(broken("none"))
        window = replace(window, features={**window.features, "score": SCORES[2]})
        outputs = with_outputs(window, score=SCORES[1], label=LABELS[1])

        (result,) = (r for r in evaluate(outputs, both, Settings()) if r.alerts)

        assert ("numeric_shift", "score", False) == (
            result.detector,
            result.feature,
            result.condition.output,
        )


class TestOfTheWindow:
    """Versions, failures and durations, which are the window's and no feature's."""

    @pytest.fixture
    def both(self, made_up):
        """A baseline with versions, outcomes and durations, and a window with worse ones."""
        duration = numbers(10_000).numeric
        reference = replace(
            made_up.baseline.profile,
            versions={"1": 10_000},
            outcomes={"success": 9990, "failure": 10},
            duration=duration,
        )
        window = replace(
            made_up.window(broken("none")),
            versions={"1": 600, "2": 400},
            outcomes={"success": 900, "failure": 100},
            duration=numbers(1000, bins=(0, 0, 0, 0, 1000)).numeric,
        )
        return replace(made_up.baseline, profile=reference), window

    def test_are_found(self, both):
        """Each is found once, with no feature's name."""
        baseline, window = both

        assert {("deployment", ""), ("error_rate", ""), ("latency", "")} == alerts(
            evaluate(window, baseline, Settings())
        )
        assert set() == alerts(evaluate(baseline.profile, baseline, Settings()))

    def test_left_out(self, both):
        """Each can be left out."""
        baseline, window = both
        disabled = frozenset({"deployment", "latency"})

        assert {("error_rate", "")} == alerts(
            evaluate(window, baseline, Settings(disabled=disabled))
        )

    def test_pinned_version(self, both):
        """Where people name the version that may serve, the others are strange."""
        baseline, window = both
        first, *_ = (
            r
            for r in evaluate(window, baseline, Settings(version="2"))
            if r.detector == "deployment"
        )

        assert ("version 1 in 60 % of 1,000 events; only 2 may serve", Severity.HIGH) == (
            first.summary,
            first.severity,
        )


class TestThresholds:
    """Smallest effects that people set instead of the detectors' own."""

    @pytest.mark.parametrize(
        ("thresholds", "expected"),
        [
            ({}, {"income"}),
            ({"na_spike": 0.4}, {"income"}),
            ({"na_spike": 0.9}, set()),
            ({"na_spike.income": 0.9}, set()),
            ({"na_spike": 0.9, "na_spike.income": 0.4}, {"income"}),
            ({"na_spike.age": 0.9, "range": 0.9}, {"income"}),
        ],
    )
    def test_larger(self, made_up, thresholds, expected):
        """A larger one silences a finding, for one feature or for all; the feature's goes before the detector's."""
        settings = Settings(thresholds=thresholds)
        results = evaluate(made_up.window(broken("nulls")), made_up.baseline, settings)

        assert expected == {name for _, name in alerts(results)}

    def test_smaller(self, made_up):
        """A smaller one makes a finding of what the detector thinks too small, if it is significant."""
        before, after = (
            {"f": strings({"a": n // 2 - more, "b": n // 2 + more})}
            for n, more in ((1_000_000, 0), (100_000, 900))
        )
        baseline = replace(
            made_up.baseline,
            profile=WindowProfile(1_000_000, before),
            constraints={"f": Constraint("categorical")},
        )
        settings = Settings(thresholds={"category_shift": 0.005})

        assert set() == alerts(evaluate(WindowProfile(100_000, after), baseline, Settings()))
        assert {("category_shift", "f")} == alerts(
            evaluate(WindowProfile(100_000, after), baseline, settings)
        )
        assert set() == alerts(evaluate(WindowProfile(1_000_000, before), baseline, settings))

    def test_zero(self, made_up):
        """At 0 the significance alone decides, and where nothing moved nothing is found."""
        settings = Settings(thresholds=dict.fromkeys(NAMES, 0.0))

        results = evaluate(made_up.baseline.profile, made_up.baseline, settings, [10_000] * 9)

        assert set() == alerts(results)

    def test_of_an_output(self, made_up):
        """An output's threshold stands under the output's name."""
        profile = with_outputs(made_up.baseline.profile, score=SCORES[0])
        baseline = replace(made_up.baseline, profile=profile)
        window = with_outputs(made_up.window(broken("none")), score=SCORES[2])
        settings = Settings(thresholds={"prediction_shift.prediction.score": 0.5})

        assert {("prediction_shift", "prediction.score")} == alerts(
            evaluate(window, baseline, Settings())
        )
        assert set() == alerts(evaluate(window, baseline, settings))

    def test_too_few_stay_too_few(self, made_up):
        """What could not be tested is no finding, however small the threshold."""
        settings = Settings(thresholds={"window": 0.0})

        (result,) = evaluate(made_up.window(draw(random_source(), 19)), made_up.baseline, settings)

        assert Outcome.INSUFFICIENT == result.outcome


class TestExplanations:
    """What kind of fault it is."""

    @pytest.mark.parametrize(
        ("fault", "name", "explanation"),
        [
            ("unit", "age", "scaled by 1/100"),
            ("stuck", "age", "constant since 2026-03-02 14:02 UTC or earlier"),
            ("words", "comment", ""),
            ("nulls", "income", ""),
            ("share", "country", ""),
        ],
    )
    def test_are_said(self, made_up, fault, name, explanation):
        """A finding says its kind where the data show it, and nothing where they do not."""
        rows = broken("none" if fault == "unit" else fault)
        if fault == "unit":
            rows.numeric["age"][:] /= 100.0
        profile = replace(made_up.window(rows), first=datetime(2026, 3, 2, 14, 2, tzinfo=UTC))
        found = [r for r in evaluate(profile, made_up.baseline, Settings()) if r.alerts]

        told = {r.explanation for r in found if r.feature == name and r.detector != "numeric_shift"}
        assert {explanation} == told
        assert all(r.summary.endswith(r.explanation) for r in found)

    def test_before_the_stage(self, made_up):
        """The stage of a feature that is not active is said last."""
        rows = broken("none")
        rows.numeric["age"][:] *= 100.0
        baseline = constrained(made_up.baseline, "age", stage="beta")

        first, *_ = evaluate(made_up.window(rows), baseline, Settings())

        assert first.summary.endswith("; scaled by 100 (beta)")

    def test_only_of_findings(self, made_up):
        """On clean data nothing is explained."""
        results = evaluate(made_up.window(broken("none")), made_up.baseline, Settings())

        assert {""} == {result.explanation for result in results}


def without(profile, name):
    """The profile without a feature."""
    return replace(
        profile, features={key: each for key, each in profile.features.items() if key != name}
    )


def constrained(baseline, name, **rule):
    """The baseline with an edited constraint."""
    edited = replace(baseline.constraints[name], **rule)
    return replace(baseline, constraints={**baseline.constraints, name: edited})


def some(rng, values, share):
    """Whether each of the values is struck."""
    return rng.random(len(values)) < share


def broken(fault, n=1000, seed=7):
    """Events with one fault."""
    rng = random_source(seed)
    rows = draw(rng, n)
    income, country = rows.numeric["income"], np.array(rows.categorical["country"], dtype=object)
    age, employer = rows.numeric["age"], np.array(rows.categorical["employer"], dtype=object)
    if fault == "nulls":
        income[some(rng, income, 0.2)] = np.nan
    elif fault == "share":
        country[some(rng, country, 0.11)] = "v3"
    elif fault == "unseen":
        country[some(rng, country, 0.05)] = "zz"
    elif fault == "unseen employers":
        struck = some(rng, employer, 0.2)
        employer[struck] = [f"new {i}" for i in range(struck.sum())]
    elif fault == "range":
        age[:: n // 10] = 900.0
    elif fault == "stuck":
        age[:] = 42.0
    elif fault == "stuck category":
        country[:] = "v1"
    elif fault == "words":
        rows.texts[:] = [
            frozenset(f"{word}!" if rng.random() < 0.06 else word for word in text)
            for text in rows.texts
        ]
    categorical = {**rows.categorical, "country": country.tolist(), "employer": employer.tolist()}
    return replace(rows, categorical=categorical)


FAULTS = [
    ("nulls", 1000, {("na_spike", "income")}),
    ("share", 1000, {("category_shift", "country")}),
    ("unseen", 1000, {("unseen_category", "country"), ("category_shift", "country")}),
    ("range", 1000, {("range", "age")}),
    ("stuck", 1000, {("stuck", "age")}),
    ("stuck category", 100, {("stuck", "country"), ("category_shift", "country")}),
    ("words", 200, {("oov_rate", "comment")}),
    ("unseen employers", 1000, {("unseen_category", "employer")}),
    ("none", 1000, set()),
]


@pytest.mark.parametrize(("fault", "n", "expected"), FAULTS, ids=[fault for fault, *_ in FAULTS])
def test_faults_are_found(made_up, fault, n, expected):
    """Each fault is found in its window, by feature and kind, and no other feature alerts."""
    results = evaluate(made_up.window(broken(fault, n)), made_up.baseline, Settings())

    assert expected <= alerts(results)
    assert {name for _, name in expected} == {name for _, name in alerts(results)}


@pytest.mark.parametrize("name", ["age", "income", "country", "employer", "tags", "comment"])
def test_vanished_features_are_found(made_up, name):
    """A feature of whatever kind that is gone is found as vanished, and as nothing else."""
    profile = without(made_up.window(broken("none")), name)

    assert {("vanished", name)} == alerts(evaluate(profile, made_up.baseline, Settings()))


def test_a_type_change_is_found(made_up):
    """Numbers that arrive as strings have changed their type, and nothing else is said of them."""
    profile = made_up.window(broken("none"))
    ages = strings({str(age): 10 for age in range(18, 118)})
    profile = replace(profile, features={**profile.features, "age": ages})

    assert {("type_change", "age")} == alerts(evaluate(profile, made_up.baseline, Settings()))


@pytest.mark.parametrize("n", [100, 1000])
def test_false_alerts_keep_the_budget(n):
    """Windows without a fault raise at most the budget's alerts per 1,000 feature-windows."""
    rng = random_source(n)
    count = 0
    for _ in range(REFERENCES):
        each = model(rng, 10_000)
        for _ in range(WINDOWS):
            results = evaluate(each.window(draw(rng, n)), each.baseline, Settings())
            count += sum(result.alerts for result in results)

    assert 1000 * count / (REFERENCES * WINDOWS * FEATURES) <= BUDGET
