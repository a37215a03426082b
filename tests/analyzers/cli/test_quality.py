import random
from datetime import timedelta

from driftlog import PredictionLogger
from tests.analyzers.spools import BEGIN, MODEL

MINUTE = timedelta(minutes=1)


def test_quality(driftlog, tmp_path):
    """Worse predictions of the hours whose labels arrived are an alert in the analysis and in the report."""
    spool, chance = tmp_path / "spool", random.Random(1)
    with PredictionLogger(model=MODEL, version="7", spool=spool) as logger:
        for n in range(480):
            said = chance.choice("ab")
            name = logger.log({"x": n % 7}, prediction=said, timestamp=BEGIN + n * MINUTE)
            right = chance.random() < (0.4 if n >= 360 else 0.95)
            truth = said if right else "ab"[said == "a"]
            logger.log_label(name, truth, timestamp=BEGIN + (n + 60) * MINUTE)
    made = driftlog("baseline", "--spool", spool, "--model", MODEL, "--to", "2026-03-02T04:00")
    assert 0 == made.code

    found = driftlog("analyze", "--spool", spool, "--json").json
    report = driftlog("report", "--spool", spool, "--output", tmp_path / "r.html")

    (alert,) = [one for one in found["alerts"] if one["detector"] == "quality"]
    assert ("prediction.label", "high") == (alert["feature"], alert["severity"])
    assert (0, True) == (report.code, "quality" in (tmp_path / "r.html").read_text())
