"""A detector that raises: the others go on, what it failed on is not known, and people are told."""

from dataclasses import replace

import pytest

from driftlog_analyzers import _evaluate, _explain, _loops, _sampled
from driftlog_analyzers._analysis import analyze
from driftlog_analyzers._episode import Status
from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._feedback import FeedbackSpec
from driftlog_analyzers._finding import Outcome, Severity
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._quality import Confusion, Quality
from driftlog_analyzers._reference import baseline_from_store
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._state_file import StateFile
from driftlog_analyzers.detectors import FEATURE_DETECTORS, vanished
from tests.analyzers.spools import HOUR, MODEL, at
from tests.analyzers.state_helpers import HOUR as HOURS
from tests.analyzers.test_analysis import breaking, log_hours
from tests.analyzers.test_slices import baseline, frame, told  # noqa: F401 - a fixture


def faulty(*_, **__):
    """A detector with a fault."""
    raise ZeroDivisionError("division by zero\nand more")


RAISED = (
    f"ZeroDivisionError: division by zero at test_guard.py:{faulty.__code__.co_firstlineno + 2}"
)


def failing(name, *features):
    """The detectors, one of which fails on these features, or on all where none is named."""

    def detector(case, minimum):
        if not features or case.feature in features:
            faulty()
        return dict(FEATURE_DETECTORS)[name](case, minimum)

    return tuple((n, detector if n == name else d) for n, d in FEATURE_DETECTORS)


def answers(results, detector):
    """Outcome and feature of what a detector says."""
    return {(r.outcome, r.feature, r.segment) for r in results if r.detector == detector}


class TestGuarded:
    """What a detector says, whatever it says it by."""

    @pytest.mark.parametrize("answer", [lambda: None, list, lambda: iter(())])
    def test_nothing(self, answer):
        """A detector may say nothing."""
        assert [] == guarded("d", "f", answer)

    def test_an_error(self):
        """What raises is insufficient data, with the error's type, first line and place."""
        (result,) = guarded("d", "f", faulty)

        assert ("d", "f", Outcome.INSUFFICIENT) == (result.detector, result.feature, result.outcome)
        assert f"f: d failed ({RAISED})" == result.summary
        assert RAISED == result.explanation

    def test_an_error_after_the_first_answer(self):
        """An iterator that breaks off gives no half answer."""

        def two(result):
            yield result
            faulty()

        (first,) = guarded("d", "", faulty)
        (result,) = guarded("d", "", two, replace(first, outcome=Outcome.OK))

        assert (Outcome.INSUFFICIENT, "the window: d failed") == (
            result.outcome,
            result.summary[:20],
        )

    def test_an_interrupt_is_no_error(self):
        """Who presses Ctrl-C ends the run."""

        def interrupted():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            guarded("d", "f", interrupted)


class TestEvaluate:
    """One window with a detector that fails."""

    def test_the_others_go_on(self, baseline, monkeypatch):  # noqa: F811 - a fixture
        """One detector fails on one feature: all other results are as they were, and one finding tells of it."""
        window = frame(1_000, seed=2).drop(columns="plan")
        before = told(baseline, window)
        monkeypatch.setattr(_evaluate, "FEATURE_DETECTORS", failing("numeric_shift", "income"))

        after = told(baseline, window)

        (alert,) = (r for r in after if r.detector == "monitor")
        assert (Outcome.FINDING, Severity.HIGH, "numeric_shift") == (
            alert.outcome,
            alert.severity,
            alert.feature,
        )
        assert (
            f"numeric_shift failed on income, income in country=DE, income in country=FR and 1 more: {RAISED};"
            " nothing is said of that until it is mended: please report this line"
        ) == alert.summary
        judged = {Outcome.INSUFFICIENT}
        assert judged == {outcome for outcome, _, _ in answers(after, "numeric_shift")}
        assert [r for r in before if r.detector != "numeric_shift"] == [
            r for r in after if r.detector not in {"numeric_shift", "monitor"}
        ]
        assert {("vanished", "plan")} == {
            (r.detector, r.feature) for r in after if r.alerts and r is not alert
        }

    @pytest.mark.parametrize("name", [name for name, _ in FEATURE_DETECTORS])
    def test_each_detector_of_a_feature(self, baseline, monkeypatch, name):  # noqa: F811
        """Whichever detector fails on whatever feature, one finding names it once."""
        monkeypatch.setattr(_evaluate, "FEATURE_DETECTORS", failing(name, "income"))

        results = told(baseline, frame(1_000, seed=2))

        assert {(Outcome.FINDING, name, "")} == answers(results, "monitor")
        assert (Outcome.INSUFFICIENT, "income", "") in answers(results, name)

    def test_an_output(self, baseline, monkeypatch):  # noqa: F811
        """What fails on an output fails under the output's own name of the detector."""
        monkeypatch.setattr(_evaluate, "FEATURE_DETECTORS", failing("stuck", "prediction.score"))

        results = told(baseline, frame(1_000, seed=2))

        assert {(Outcome.FINDING, "prediction_collapse", "")} == answers(results, "monitor")

    @pytest.mark.parametrize("name", ["volume", "deployment", "latency", "error_rate", "staleness"])
    def test_each_detector_of_the_window(self, baseline, monkeypatch, name):  # noqa: F811
        """A detector of the window as a whole that fails is told of in the same way."""
        monkeypatch.setattr(getattr(_evaluate, name), name, faulty)
        settings = Settings(max_age=HOUR)

        results = evaluate(baseline.profile, baseline, settings, [6_000] * 28)

        assert {(Outcome.FINDING, name, "")} == answers(results, "monitor")
        assert {(Outcome.INSUFFICIENT, "", "")} == {
            answer for answer in answers(results, name) if not answer[2]
        }
        (alert,) = (r for r in results if r.alerts)
        assert alert.summary.startswith(f"{name} failed on the window")

    def test_quality(self, baseline, monkeypatch):  # noqa: F811
        """So is the detector of what labels say."""
        monkeypatch.setattr(_evaluate.labels, "quality", faulty)
        known = Quality(1_000, 1_000, Confusion({("a", "a"): 1_000}))
        labelled = replace(baseline, quality=known)

        results = evaluate(baseline.profile, labelled, Settings(), quality=known)

        assert {(Outcome.FINDING, "quality", "")} == answers(results, "monitor")

    def test_an_explanation(self, baseline, monkeypatch):  # noqa: F811
        """A finding whose explanation fails stays, without it."""
        window = frame(1_000, seed=2, change=lambda row: row | {"income": row["income"] * 100})
        before = told(baseline, window)
        monkeypatch.setattr(_explain, "rescaled", faulty)

        after = told(baseline, window)

        assert "scaled by 100" in {r.explanation for r in before if r.feature == "income"}
        assert {(Outcome.FINDING, "explanation", "")} == answers(after, "monitor")
        assert {(r.detector, r.feature) for r in before if r.alerts} == {
            (r.detector, r.feature) for r in after if r.alerts and r.detector != "monitor"
        }

    def test_left_out(self, baseline, monkeypatch):  # noqa: F811
        """Whoever does not want to hear of it disables `monitor`; a disabled detector does not fail."""
        monkeypatch.setattr(_evaluate, "FEATURE_DETECTORS", failing("na_spike"))
        deaf = Settings(disabled=frozenset({"monitor"}))
        without = Settings(disabled=frozenset({"na_spike"}))

        assert not any(r.alerts for r in evaluate(baseline.profile, baseline, deaf))
        assert not any(r.alerts for r in evaluate(baseline.profile, baseline, without))


@pytest.fixture
def spool(tmp_path):
    """Forty hours; `gone` is gone in hours 20 to 22."""
    log_hours(tmp_path / "spool", range(40), change=breaking(20, 21, 22))
    return tmp_path / "spool"


def analyzed(spool, state, **options):
    """The evaluations, and the alerts by detector."""
    with SpoolStore(spool) as store, StateFile(state) as file:
        made = baseline_from_store(
            store, model=MODEL, version="7", end=at(10), multivariate="settings" in options
        )
        found = analyze(store, made, file, HOURS, **options)
        return found, {e.detector: e for e in file.episodes(MODEL, size=HOURS) if e.raised}


class TestAnalyze:
    """A run with a detector that fails."""

    def test_an_open_alert_stays_open(self, spool, tmp_path, monkeypatch):
        """A detector that fails ends none of its alerts, and the failure is an alert of its own until it is mended."""
        hour, fails = [0], range(22, 30)
        ask = vanished.vanished

        def sometimes(case):
            hour[0] += case.feature == "c"
            return faulty() if hour[0] - 1 in fails and case.feature == "gone" else ask(case)

        monkeypatch.setattr(vanished, "vanished", sometimes)

        found, alerts = analyzed(spool, tmp_path / "state.db")

        assert [at(20), at(21)] == [e.window.start for e in found if _finds(e, "vanished")]
        assert [at(n) for n in fails] == [e.window.start for e in found if _finds(e, "monitor")]
        gone, failed = alerts["vanished"], alerts["monitor"]
        assert (Status.INACTIVE, at(31)) == (gone.status, gone.closed.start)
        assert ("vanished", at(22), at(31)) == (
            failed.feature,
            failed.opened.start,
            failed.closed.start,
        )

    def test_beside_the_events(self, spool, tmp_path, monkeypatch):
        """What is asked of samples and of loops is guarded as well."""
        monkeypatch.setattr(_sampled, "multivariate", faulty)
        monkeypatch.setattr(_loops.feedback, "feedback", faulty)
        settings = Settings(feedback=FeedbackSpec("score", "x", "c", HOUR))

        found, _ = analyzed(spool, tmp_path / "state.db", settings=settings)

        assert {(Outcome.FINDING, "feedback", ""), (Outcome.FINDING, "multivariate", "")} == {
            answer for e in found for answer in answers(e.results, "monitor")
        }


def _finds(evaluation, detector):
    return any(r.detector == detector for r in evaluation.findings)
