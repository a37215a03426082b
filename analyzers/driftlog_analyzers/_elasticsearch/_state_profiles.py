"""A window's profile as rows for charts: one for the window, one per feature, one per common value. Pure.

``@timestamp`` is the window's start. The window's row alone carries the profile that is read back.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._elasticsearch._state_documents import (
    GRAVITY,
    Document,
    Json,
    Key,
    document,
    identity,
    packed,
    stored_window,
    unpacked,
    window_body,
)
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._profile import FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._window import Window

QUANTILES: Mapping[str, float] = {f"p{p:02}": p / 100 for p in (1, 5, 25, 50, 75, 95, 99)}
LISTED = 10
_OUTPUT = "prediction."
_OF_VALUES = ("category_shift", "unseen_category")


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """A profile that waits to be written, compressed: a run holds those of a thousand windows at once.

    Attributes:
        window: the window.
        revision: of the window.
        fingerprint: tells how the window was profiled.
        text: the profile, packed.
    """

    window: Window
    revision: int
    fingerprint: str
    text: str = field(repr=False)

    @property
    def profile(self) -> WindowProfile:
        """The profile."""
        return unpacked(WindowProfile, self.text)


def saved(window: Window, revision: int, fingerprint: str, profile: WindowProfile) -> SavedProfile:
    """A profile as it waits."""
    return SavedProfile(window, revision, fingerprint, packed(profile))


def stored_profile(body: Json) -> SavedProfile:
    """The profile of a window's row."""
    window = stored_window(body["window"])
    return SavedProfile(window, body["revision"], body["fingerprint"], body["profile"])


def profile_rows(key: Key, kept: SavedProfile, results: Sequence[Result]) -> Iterator[Document]:
    """All rows of one window.

    Args:
        key: the window's key.
        kept: its profile.
        results: what the window's evaluation says; nothing is said of the baseline but what these say.
    """
    profile = kept.profile
    common: Json = {
        "key": key.id,
        "model": {"name": key.model, "version": _most(profile.versions)},
        "window": window_body(kept.window, key.size),
        "revision": kept.revision,
        "events": profile.events,
        "fingerprint": kept.fingerprint,
    }

    def row(kind: str, parts: Sequence[str], more: Json) -> Document:
        name = f"{key.id}-{identity(kind, *parts)}" if parts else key.id
        body = {"@timestamp": common["window"]["start"], "event": {"kind": "metric"}}
        return document(name, body | {"driftlog": common | {"row": kind} | more})

    for role, name, feature in _features(profile, results):
        shown = _OUTPUT + name if role == "prediction" else name
        about = [result for result in results if result.feature == shown]
        named = {"role": role, "feature": shown, "kind": main_kind(feature)}
        yield row(
            "feature", (role, name), named | _feature(feature, profile.events) | _found(about)
        )
        for value in _values(feature, about):
            yield row("value", (role, name, value["name"]), named | {"value": value})
    duration = {"duration": _shape(profile.duration)} if profile.duration else {}
    yield row("window", (), duration | _found(results) | {"profile": kept.text})


def _features(
    profile: WindowProfile, results: Sequence[Result]
) -> Iterator[tuple[str, str, FeatureProfile]]:
    """Role, name and profile of what there is, and of what results say is not."""
    yield from (("feature", name, feature) for name, feature in profile.features.items())
    yield from (("prediction", name, feature) for name, feature in profile.predictions.items())
    there = profile.features.keys() | {_OUTPUT + name for name in profile.predictions}
    for name in sorted({result.feature for result in results} - there - {""}):
        role = "prediction" if name.startswith(_OUTPUT) else "feature"
        plain = name.removeprefix(_OUTPUT) if role == "prediction" else name
        yield role, plain, FeatureProfile()


def _feature(feature: FeatureProfile, events: int) -> Json:
    count: Json = {
        "events": events,
        "present": feature.present,
        "values": feature.values,
        "numbers": feature.numbers,
        "strings": feature.strings,
        "lists": feature.lists,
        "texts": feature.texts,
        "others": sum(feature.others.values()),
        "null": feature.nulls,
        "nonfinite": feature.nonfinite,
    }
    rates = {
        "present": _share(feature.present, events),
        "absent": _share(events - feature.present, events),
        "null": _share(feature.nulls, feature.present),
        "nonfinite": _share(feature.nonfinite, feature.present),
    }
    found: Json = {"count": count, "rate": rates}
    if categorical := feature.categorical:
        count["distinct"] = len(categorical.counts) + categorical.tail_distinct
    if text := feature.text:
        count |= {"tokens": text.tokens, "oov": text.oov}
        rates["oov"] = _share(text.oov, text.tokens)
    if numeric := feature.numeric:
        rates |= {
            "below": _share(numeric.below, numeric.n),
            "above": _share(numeric.above, numeric.n),
        }
        found["numeric"] = {"n": numeric.n, **_shape(numeric)}
        found["histogram"] = {"edges": numeric.edges, "bins": numeric.bins}
    return found


def _shape(numeric: Numeric) -> Json:
    """Mean, sample standard deviation, extremes, and quantiles as far as the histogram tells them."""
    quantiles = {name: quantile(numeric, p) for name, p in QUANTILES.items()}
    return {
        "mean": numeric.mean,
        "sd": math.sqrt(max(0.0, numeric.m2) / max(1, numeric.n - 1)),
        "min": numeric.minimum,
        "max": numeric.maximum,
        **quantiles,
    }


def quantile(numeric: Numeric, p: float) -> float | None:
    """The p-quantile, 0 to 1: linear within the bin that it falls into; None without histogram."""
    total = sum(numeric.bins)
    if not numeric.edges or len(numeric.bins) != len(numeric.edges) + 1 or not total:
        return None
    ends = list(accumulate(numeric.bins))
    n = bisect_left(ends, p * total)
    low = max(numeric.minimum, numeric.edges[n - 1]) if n else numeric.minimum
    high = min(numeric.maximum, numeric.edges[n]) if n < len(numeric.edges) else numeric.maximum
    into = (p * total - (ends[n] - numeric.bins[n])) / numeric.bins[n] if numeric.bins[n] else 0.0
    return min(high, low + (high - low) * into)


def _values(feature: FeatureProfile, results: Sequence[Result]) -> Iterator[Json]:
    """The most frequent values; the baseline's share of those that a finding names."""
    if not feature.categorical:
        return
    counts, n = feature.categorical.counts, feature.categorical.n
    before = {c.value: c.before for r in results if r.detector in _OF_VALUES for c in r.changes}
    top = sorted(counts, key=lambda value: (-counts[value], value))[:LISTED]
    for rank, value in enumerate(top, 1):
        found = {
            "name": value,
            "rank": rank,
            "count": counts[value],
            "share": _share(counts[value], n),
        }
        yield found | ({"baseline": before[value]} if value in before else {})


def _found(results: Sequence[Result]) -> Json:
    """How grave it is, 0 for nothing found, and which detectors say so."""
    found = [result for result in results if result.outcome is Outcome.FINDING]
    worst = max((result.severity for result in found), key=GRAVITY.__getitem__, default=None)
    if worst is None:
        return {"score": 0}
    detectors = sorted({result.detector for result in found})
    return {"score": GRAVITY[worst], "severity": worst, "detectors": detectors}


def _most(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))[:LISTED]


def _share(hits: int, n: int) -> float:
    return hits / n if n else 0.0
