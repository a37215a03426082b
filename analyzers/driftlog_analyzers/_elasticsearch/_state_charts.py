"""What a window's rows say for charts beside its profile: the baseline's figures, limits, newcomers, links. Pure."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from driftlog_analyzers._baseline import main_kind
from driftlog_analyzers._charted import (
    Charted,
    figures,
    known_values,
    limits,
    tokens_per_text,
    unseen_rate,
    usual_rates,
)
from driftlog_analyzers._elasticsearch._kql import columns_of, discover, events_of
from driftlog_analyzers._elasticsearch._state_documents import GRAVITY, Json
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._profile import Counts, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._window import Window

QUANTILES: Mapping[str, float] = {f"p{p:02}": p / 100 for p in (1, 5, 25, 50, 75, 95, 99)}
LISTED = 10
WHOLE = "(whole window)"
"""What stands for the feature where something is said of the window as a whole."""
ALL_EVENTS = "(all events)"
"""What stands for the slice where something is said of all events."""
_USUAL = ("mean", "p05", "p50", "p95")
_OF_VALUES = ("category_shift", "unseen_category")


def shape(numeric: Numeric) -> Json:
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


def window_charts(window: Window, profile: WindowProfile, charted: Charted | None) -> Json:
    """What a window's row says of traffic, outcomes, latency and quality."""
    found: Json = {
        "outcome": {name: profile.outcomes.get(name, 0) for name in ("success", "failure")},
        "rate": {"failure": _share(profile.outcomes.get("failure", 0), profile.events)},
        "events_per_minute": profile.events / max(1.0, _seconds(window)) * 60.0,
    }
    if profile.first and profile.last:
        found |= {"first_event": profile.first.isoformat(), "last_event": profile.last.isoformat()}
    if profile.duration:
        found["duration"] = shape(profile.duration)
    if charted is None:
        return found
    usual: Json = {"rate": {}}
    before = charted.baseline.profile
    usual["rate"]["failure"] = _share(before.outcomes.get("failure", 0), before.events)
    if before.duration:
        usual["duration"] = _some(shape(before.duration))
    if charted.quality and charted.quality.labelled:
        found["quality"] = figures(charted.quality)
    if charted.baseline.quality:
        usual["quality"] = figures(charted.baseline.quality)
    return found | {"baseline": usual}


def feature_charts(
    name: str, feature: FeatureProfile, charted: Charted | None, *, output: bool
) -> Json:
    """What a feature's row says beside its profile: the baseline's figures and from where on a change counts."""
    found: Json = {}
    if feature.text:
        found["text"] = {"n": feature.text.n, "tokens_per_text": tokens_per_text(feature.text)}
    if charted is None:
        return found
    usual = charted.usual(name, output=output)
    known = known_values(usual, charted.rule(name, output=output))
    before: Json = {"rate": usual_rates(usual, charted.baseline.profile.events)}
    if usual.numeric:
        before["numeric"] = _some(shape(usual.numeric))
    if usual.text:
        before["text"] = {"tokens_per_text": tokens_per_text(usual.text)}
    if feature.categorical and (unseen := unseen_rate(feature.categorical, known)) is not None:
        found["rate"] = {"unseen": unseen}
    if not output and usual.present:
        found["limit"] = {"rate": limits(charted, name, usual)}
    return found | {"baseline": before}


def value_charts(
    name: str,
    feature: FeatureProfile,
    charted: Charted | None,
    results: Sequence[Result],
    *,
    output: bool,
) -> Iterator[Json]:
    """The most frequent values and, beyond those, the most frequent of the new ones.

    With what the baseline says of each; without a baseline what findings say of those that they name.
    """
    if not feature.categorical:
        return
    counts, n = feature.categorical.counts, feature.categorical.n
    usual = charted.usual(name, output=output) if charted else FeatureProfile()
    known = known_values(usual, charted.rule(name, output=output)) if charted else None
    named = {c.value: c.before for r in results if r.detector in _OF_VALUES for c in r.changes}
    shares = named | _shares(usual, counts)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    new = [v for v in ranked[LISTED:] if known is not None and v not in known][:LISTED]
    for rank, value in enumerate(ranked, 1):
        if rank > LISTED and value not in new:
            continue
        share = _share(counts[value], n)
        found: Json = {"name": value, "rank": rank, "count": counts[value], "share": share}
        if value in shares:
            found |= {"baseline": shares[value], "change": share - shares[value]}
        yield found | ({} if known is None else {"new": value not in known})


def token_charts(feature: FeatureProfile, usual: FeatureProfile | None) -> Iterator[Json]:
    """The unknown tokens in the most texts, with the share of the texts that hold them."""
    if not feature.text:
        return
    counts, n = feature.text.unknown, feature.text.n
    before = usual.text if usual else None
    for rank, token in enumerate(sorted(counts, key=lambda t: (-counts[t], t))[:LISTED], 1):
        found = {"name": token, "rank": rank, "count": counts[token]}
        found["share"] = _share(counts[token], n)
        if before:
            found["baseline"] = _share(before.unknown.get(token, 0), before.n)
        yield found


def version_charts(versions: Counts) -> Iterator[Json]:
    """The model versions that served, with their share of the events."""
    n = sum(versions.values())
    for rank, name in enumerate(sorted(versions, key=lambda v: (-versions[v], v))[:LISTED], 1):
        share = _share(versions[name], n)
        yield {"name": name, "rank": rank, "count": versions[name], "share": share}


def found_charts(results: Sequence[Result]) -> Json:
    """How grave it is, 0 for nothing found, and which detectors say so; health says it in a word."""
    found = [result for result in results if result.outcome is Outcome.FINDING]
    worst = max((result.severity for result in found), key=GRAVITY.__getitem__, default=None)
    if worst is None:
        unknown = any(result.outcome is Outcome.INSUFFICIENT for result in results)
        return {"score": 0, "health": Outcome.INSUFFICIENT if unknown else Outcome.OK}
    detectors = sorted({result.detector for result in found})
    return {"score": GRAVITY[worst], "severity": worst, "health": worst, "detectors": detectors}


def events_link(
    model: str, window: Window, shown: tuple[str, FeatureProfile], results: Sequence[Result]
) -> str:
    """Where Discover shows the window's events: those of the gravest finding, else all."""
    name, feature = shown
    output = name.startswith("prediction.")
    columns = columns_of(name.removeprefix("prediction."), main_kind(feature), output=output)
    telling = [r for r in results if r.outcome is Outcome.FINDING and r.condition]
    worst = max(telling, key=lambda result: GRAVITY[result.severity], default=None)
    return discover(events_of(model, worst.condition if worst else None), window, columns)


def _shares(usual: FeatureProfile, counts: Counts) -> dict[str, float]:
    """The baseline's share of each of some values."""
    if usual.categorical is None:
        return {}
    before = usual.categorical
    return {
        value: _share(before.counts.get(value, 0), before.n)
        for value in counts
        if value in before.counts or not before.tail
    }


def _some(figures: Json) -> Json:
    return {name: figures[name] for name in _USUAL}


def _seconds(window: Window) -> float:
    return (window.end - window.start).total_seconds()


def _share(hits: int, n: int) -> float:
    return hits / n if n else 0.0
