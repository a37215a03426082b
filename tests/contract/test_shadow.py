"""Two versions on the same traffic: both stores against a join of one request at a time."""

import math
import random

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._comparing import compare_models
from driftlog_analyzers._elasticsearch import _search, _shadow
from driftlog_analyzers._quality import Compared
from driftlog_analyzers._shadow import Answer, ShadowSpec, joined
from driftlog_analyzers.errors import InputError
from tests.analyzers.spools import EVERYTHING, MODEL, at
from tests.contract.test_quality import label


def requests(seed, n=400):
    """Requests with the answers of both versions; in one country the shadow disagrees more."""
    chance = random.Random(seed)
    for number in range(n):
        country = chance.choice(["DE", "FR", "it's", "JP"])
        score = chance.random()
        other = min(1.0, score + chance.gauss(0, 0.02) + (0.3 if country == "JP" else 0.0))
        yield f"r{number:05}é", country, score, other


def log(spool, rows, *, by="trace"):
    """Log both versions' answers, a few of them twice or by one version only; give what was logged."""
    said = {"7": {}, "8": {}}
    for version, place in (("7", 2), ("8", 3)):
        with PredictionLogger(model=MODEL, version=version, spool=spool) as logger:
            for n, row in enumerate(rows):
                if n % 10 == int(version):
                    continue
                output = {"score": row[place], "label": "yes" if row[place] > 0.5 else "no"}
                if n % 17 == 0:
                    del output["score"]
                keys = {"trace_id": row[0]} if by == "trace" else {"id": row[0]}
                for again in range(2 if n % 25 == 0 else 1):
                    logger.log(
                        {"country": row[1], "n": n},
                        prediction=output if not again else {"score": 99.0, "label": "again"},
                        timestamp=at(n / 100 + again * 1e-3),
                        **keys,
                    )
                said[version][row[0]] = Answer(output.get("score"), output["label"])
    return said


def expected(rows, said, values):
    """The join, one request at a time."""
    slices = {}
    for key, country, *_ in rows:
        if key in said["7"] and key in said["8"]:
            part = country if country in values else None
            slices.setdefault(part, []).append((said["7"][key], said["8"][key]))
    return {part: joined(pairs) for part, pairs in slices.items()}


def assert_equal(one, other):
    """Counts bit for bit, means and moments to nine digits."""
    assert (one.n, dict(one.labels.pairs)) == (other.n, dict(other.labels.pairs))
    a, b = one.scores, other.scores
    assert (a.n, dict(a.buckets)) == (b.n, dict(b.buckets))
    for name in ("live", "shadow", "live_m2", "shadow_m2", "difference_m2", "co"):
        assert pytest.approx(getattr(a, name), rel=1e-9) == getattr(b, name)


@pytest.mark.parametrize("by", ["trace", "id"])
def test_join(tmp_path, opened, by, monkeypatch):
    """Both stores sum up the same requests, whatever the pages and segments they stand in."""
    monkeypatch.setattr(_search, "PAGE", 70)
    monkeypatch.setattr(_shadow, "_CHUNK", 50)
    rows, values = list(requests(1)), ("DE", "it's")
    said = log(tmp_path, rows, by=by)
    spec = ShadowSpec(MODEL, "7", "8", by, Compared(), EVERYTHING, "country", values)

    found = opened(tmp_path).shadow(spec)

    wanted = expected(rows, said, values)
    assert (len(said["7"]), len(said["8"]), 32) == (found.live, found.shadow, found.repeated)
    assert wanted.keys() == found.slices.keys() == {None, *values}
    for part, one in wanted.items():
        assert_equal(one, found.slices[part])


def test_comparison(tmp_path, opened):
    """Agreement, shift, quality and the slice that stands out, of both versions."""
    rows = list(requests(2, 2000))
    said = log(tmp_path, rows, by="id")
    label(tmp_path, *[(key, said["7"][key].label, 30) for key in list(said["7"])[:500]])

    found = compare_models(
        opened(tmp_path), MODEL, ("7", "8"), by="id", window=EVERYTHING, segment="country"
    )

    total = found.agreement
    assert total.n == sum(key in said["8"] for key in said["7"])
    right = sum(said["7"][k].label == said["8"][k].label for k in said["7"] if k in said["8"])
    assert pytest.approx(right / total.n) == total.agreement
    low, high = total.difference_interval
    assert low < 0.065 < high
    assert total.correlation > 0.8
    assert {("no", "yes")} <= found.disagreements.keys()
    assert ["JP"] == [one.value for one in found.slices if one.stands_out]
    assert found.quality["7"].confusion.accuracy > 0.95 > found.quality["8"].confusion.accuracy
    shifts = {(r.detector, r.feature): r.outcome for r in found.shifts}
    assert {"prediction.score", "prediction.label"} == {feature for _, feature in shifts}
    assert "finding" == shifts["numeric_shift", "prediction.score"]


def test_quantiles(tmp_path, opened):
    """Quantiles of the differences are within a hundredth of their size."""
    rows = [(f"r{n}", "DE", 0.0, n / 100) for n in range(1, 100)]
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as live:
        for key, *_ in rows:
            live.log({"c": "x"}, prediction=0.0, trace_id=key, timestamp=at(1))
    with PredictionLogger(model=MODEL, version="8", spool=tmp_path) as other:
        for key, _, _, score in rows:
            other.log({"c": "x"}, prediction=score, trace_id=key, timestamp=at(1))

    found = compare_models(opened(tmp_path), MODEL, ("7", "8"), by="trace", window=EVERYTHING)

    quantiles = found.agreement.quantiles
    assert pytest.approx(0.50, rel=0.011) == quantiles[0.5]
    assert pytest.approx(0.05, rel=0.011) == quantiles[0.05]
    assert (None, ()) == (found.agreement.correlation, found.slices)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"versions": ("7", "9")}, "version '9' of model 'churn' has no events from"),
        ({"by": "id"}, "have no event id in common"),
        ({"segment": "n"}, "has no categorical values of 'n'; name one of: country"),
        ({"segment": "none"}, "has no categorical values of 'none'"),
    ],
)
def test_bad_input(tmp_path, opened, options, sentence):
    """What cannot be joined is said in a sentence."""
    log(tmp_path, list(requests(3, 20)))
    asked = {"versions": ("7", "8"), "by": "trace", "window": EVERYTHING} | options

    with pytest.raises(InputError, match=sentence):
        compare_models(opened(tmp_path), MODEL, **asked)


def test_scores_beyond_a_difference(tmp_path, opened):
    """Two scores whose difference is infinite are left out; nothing fails."""
    for version, score in (("7", 1.7e308), ("8", -1.7e308)):
        with PredictionLogger(model=MODEL, version=version, spool=tmp_path) as logger:
            for n, value in enumerate((score, 1.0)):
                logger.log({"c": "x"}, prediction=value, trace_id=f"t{n}", timestamp=at(1))
    spec = ShadowSpec(MODEL, "7", "8", "trace", Compared(), EVERYTHING)

    found = opened(tmp_path).shadow(spec).whole

    assert (2, 1, {0: 1}) == (found.n, found.scores.n, dict(found.scores.buckets))
    assert math.isfinite(found.scores.live)
