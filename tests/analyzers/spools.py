"""Real spools for tests, and a slow plain-Python reading of them to compare with."""

import json
import math
import shutil
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from driftlog import PredictionLogger
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile
from driftlog_analyzers._scan import DURATION_EDGES
from driftlog_analyzers._store import FeatureSpec
from driftlog_analyzers._window import Window

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
TINY = sys.float_info.min
MODEL = "churn"
EVERYTHING = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


def at(hours):
    """The moment so many hours after the beginning."""
    return BEGIN + hours * HOUR


def write(spool, rows, *, model=MODEL, version="7", **settings):
    """Log rows of `log` arguments, or bare features, one a minute unless they say when; give the ids."""
    ids = []
    with PredictionLogger(model=model, version=version, spool=spool, **settings) as logger:
        for n, row in enumerate(rows):
            call = dict(row) if "features" in row else {"features": row}
            call.setdefault("timestamp", BEGIN + n * timedelta(minutes=1))
            ids.append(logger.log(call.pop("features"), **call))
        assert not logger.counters.dropped
    return ids


def segments(spool):
    """The segment files, oldest first."""
    return sorted(spool.glob("*.ndjson"))


def documents(spool, model=MODEL):
    """The predictions of undamaged segments."""
    lines = (line for path in segments(spool) for line in path.read_text().split("\n")[:-1])
    found = map(json.loads, lines)
    return [
        d
        for d in found
        if d["event"]["action"] == "prediction" and d["driftlog"]["model"]["name"] == model
    ]


def document(number=0, hours=None, model=MODEL, **parts):
    """An event document as a foreign writer might write it."""
    moment = BEGIN + number * timedelta(minutes=1) if hours is None else at(hours)
    return {
        "@timestamp": moment.isoformat(),
        "event": {"id": f"e{number:06}", "kind": "event", "action": "prediction"},
        "driftlog": {"model": {"name": model, "version": "7"}, **parts},
    }


def write_lines(path, lines):
    """Write documents or raw bytes as the lines of a segment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines)
    path.write_bytes(b"".join(line + b"\n" for line in raw))
    return path


def copy(spool, target):
    """The same spool elsewhere."""
    shutil.copytree(spool, target)
    return target


def moment_of(doc):
    """When an event was, UTC."""
    return datetime.fromisoformat(doc["@timestamp"]).astimezone(UTC)


def inside(doc, window):
    """Whether an event lies in a window."""
    key = (moment_of(doc), doc["event"]["id"])
    return (window.start, window.start_id) <= key < (window.end, window.end_id)


def expected_profile(docs, window=EVERYTHING, features=None, predictions=None):
    """The profile of the documents in a window, computed one value at a time."""
    docs = [doc for doc in docs if inside(doc, window)]
    if not docs:
        return WindowProfile()
    parts = [doc["driftlog"] for doc in docs]
    outputs = [part.get("prediction", {}) for part in parts]
    times = [moment_of(doc) for doc in docs]
    outcomes = Counter(doc["event"]["outcome"] for doc in docs if "outcome" in doc["event"])
    seconds = [doc["event"]["duration"] / 1e9 for doc in docs if "duration" in doc["event"]]
    return WindowProfile(
        events=len(docs),
        features=_features(parts, features or {}),
        predictions=_features(outputs, predictions or {}),
        versions=dict(Counter(part["model"]["version"] for part in parts)),
        outcomes=dict(outcomes),
        duration=_numeric(seconds, FeatureSpec(edges=DURATION_EDGES)),
        first=min(times),
        last=max(times),
        schemas=dict(Counter(p["model"]["schema"] for p in parts if "schema" in p["model"])),
    )


def _features(parts, specs):
    named = ("num", "cat", "list", "text", "other")
    names = {name for part in parts for section in named for name in part.get(section, {})}
    names |= {name for part in parts for mark in ("na", "nonfinite") for name in part.get(mark, ())}
    return {name: _feature(name, parts, specs.get(name, FeatureSpec())) for name in names}


def _feature(name, parts, spec):
    def values(section):
        return [part[section][name] for part in parts if name in part.get(section, {})]

    strings, lists = values("cat"), values("list")
    items = Counter(strings) + Counter(item for items in lists for item in set(items))
    others = Counter(values("other"))
    texts = _text(name, [part for part in parts if name in part.get("text", {})], spec)
    numbers = values("num")
    return FeatureProfile(
        numbers=len(numbers),
        strings=len(strings),
        lists=len(lists),
        texts=texts.n if texts else 0,
        others=dict(others),
        nulls=sum(name in part.get("na", ()) for part in parts),
        nonfinite=sum(name in part.get("nonfinite", ()) for part in parts),
        numeric=_numeric(list(map(float, numbers)), spec),
        categorical=Categorical(dict(items)) if strings or lists else None,
        text=texts,
    )


def _numeric(values, spec):
    if not values:
        return None
    mean = math.fsum(v / len(values) for v in values)
    bins = [0] * (len(spec.edges) + 1 if spec.edges else 0)
    for value in values if spec.edges else ():
        bins[next((i for i, edge in enumerate(spec.edges) if value <= edge), len(spec.edges))] += 1
    return Numeric(
        n=len(values),
        mean=mean,
        m2=math.fsum((v - mean) * (v - mean) for v in values),
        minimum=min(values),
        maximum=max(values),
        edges=spec.edges,
        bins=tuple(bins),
        below=sum(spec.minimum is not None and v < spec.minimum for v in values),
        above=sum(spec.maximum is not None and v > spec.maximum for v in values),
    )


def _text(name, parts, spec):
    sizes, unknown = [], []
    for part in parts:
        sizes.append(part["text"][name]["distinct"])
        outside = set(part.get("oov", {}).get(name, ()))
        if spec.vocabulary is not None:
            outside |= set(part.get("tok", {}).get(name, ())) - spec.vocabulary
        unknown.append(outside)
    if not sizes:
        return None
    counts = list(map(len, unknown))
    return Text(
        n=len(sizes),
        tokens=sum(sizes),
        oov=sum(counts),
        tokens_sq=sum(n * n for n in sizes),
        oov_sq=sum(n * n for n in counts),
        tokens_oov=sum(n * o for n, o in zip(sizes, counts, strict=True)),
        unknown=dict(Counter(token for tokens in unknown for token in tokens)),
    )


def assert_equal_profiles(expected, actual):
    """Counts bit for bit, means and second moments to 1e-9 of the numbers' size, as far as floats are normal."""
    assert _counts(expected) == _counts(actual)
    pairs = [(expected.duration, actual.duration)]
    for one, other in (
        (expected.features, actual.features),
        (expected.predictions, actual.predictions),
    ):
        pairs += [(one[name].numeric, other[name].numeric) for name in one]
    for one, other in pairs:
        if one is not None:
            size = max(abs(one.minimum), abs(one.maximum))
            assert other.mean == pytest.approx(one.mean, rel=1e-9, abs=1e-9 * size + TINY)
            squares = size * size * one.n
            if squares < math.inf:
                assert other.m2 == pytest.approx(one.m2, rel=1e-9, abs=1e-9 * squares + TINY)


def _counts(profile):
    """Everything of a profile but its means and moments."""

    def plain(numeric):
        return numeric and (
            numeric.n,
            numeric.minimum,
            numeric.maximum,
            numeric.edges,
            numeric.bins,
            numeric.below,
            numeric.above,
        )

    def role(features):
        return {
            name: (
                f.kinds,
                f.nulls,
                f.nonfinite,
                plain(f.numeric),
                f.categorical
                and (dict(f.categorical.counts), f.categorical.tail, f.categorical.tail_distinct),
                f.text,
            )
            for name, f in features.items()
        }

    return (
        profile.events,
        role(profile.features),
        role(profile.predictions),
        dict(profile.versions),
        dict(profile.schemas),
        dict(profile.outcomes),
        plain(profile.duration),
        profile.first,
        profile.last,
    )
