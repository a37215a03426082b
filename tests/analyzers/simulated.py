"""A made-up model of ten mixed features: reference, windows without a fault, and windows with one."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from driftlog_analyzers._baseline import Baseline, infer_constraints
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile

WORDS = 4000
NULL_SHARE = 0.04
ZIPF = {"binary": (2, 0.5), "country": (12, 1.2), "employer": (3000, 0.9), "plan": (5, 0.3)}


@dataclass(frozen=True)
class Rows:
    """Drawn events: numbers (NaN is null), positions of categories, lists and texts of positions."""

    numeric: dict[str, np.ndarray]
    categorical: dict[str, list[str]]
    tags: list[tuple[str, ...]]
    texts: list[frozenset[str]]


def zipf(size, exponent):
    """Probabilities that fall with the rank."""
    weights = 1.0 / np.arange(1, size + 1) ** exponent
    return weights / weights.sum()


def draw(rng, n):
    """Events of the model."""
    income = rng.lognormal(10, 1, n)
    income[rng.random(n) < NULL_SHARE] = np.nan
    numeric = {
        "age": rng.integers(18, 90, n).astype(float),
        "income": income,
        "balance": np.where(rng.random(n) < 0.7, 0.0, rng.normal(100, 40, n)),
        "ratio": rng.standard_t(3, n),
    }
    categorical = {
        name: [f"v{i}" for i in rng.choice(size, n, p=zipf(size, exponent))]
        for name, (size, exponent) in ZIPF.items()
    }
    bundles = [("a", "b", "c"), ("d", "e", "f"), ("a", "g"), (), ("h",)]
    tags = [bundles[i] for i in rng.choice(len(bundles), n, p=[0.3, 0.3, 0.2, 0.1, 0.1])]
    words = rng.choice(WORDS, (n, 12), p=zipf(WORDS, 1.0))
    texts = [frozenset(f"w{i}" for i in row[: 1 + k]) for k, row in enumerate_lengths(rng, words)]
    return Rows(numeric, categorical, tags, texts)


def enumerate_lengths(rng, words):
    """Each text's words with how many of them it keeps."""
    return zip(rng.integers(0, words.shape[1], len(words)), words, strict=True)


def numeric_profile(xs, edges, low=-np.inf, high=np.inf):
    """The profile of numbers, NaN being null."""
    kept = xs[~np.isnan(xs)]
    if not len(kept):
        return FeatureProfile(nulls=len(xs))
    bins = np.bincount(np.searchsorted(edges, kept, side="left"), minlength=len(edges) + 1)
    numeric = Numeric(
        n=len(kept),
        mean=float(kept.mean()),
        m2=float(kept.var() * len(kept)),
        minimum=float(kept.min()),
        maximum=float(kept.max()),
        edges=tuple(edges),
        bins=tuple(map(int, bins)),
        below=int((kept < low).sum()),
        above=int((kept > high).sum()),
    )
    return FeatureProfile(numbers=len(kept), nulls=len(xs) - len(kept), numeric=numeric)


def string_profile(values):
    """The profile of strings."""
    return FeatureProfile(strings=len(values), categorical=Categorical(dict(Counter(values))))


def text_profile(texts, vocabulary):
    """The profile of texts of distinct tokens, outside a vocabulary."""
    sizes = np.array([len(text) for text in texts])
    outside = [text - vocabulary for text in texts]
    oov = np.array([len(text) for text in outside])
    unknown = Counter(token for text in outside for token in text)
    return FeatureProfile(
        texts=len(texts),
        text=Text(
            n=len(texts),
            tokens=int(sizes.sum()),
            oov=int(oov.sum()),
            tokens_sq=int((sizes * sizes).sum()),
            oov_sq=int((oov * oov).sum()),
            tokens_oov=int((sizes * oov).sum()),
            unknown=dict(unknown),
        ),
    )


def profile(rows, edges, ranges, vocabulary):
    """The profile of drawn events."""
    features = {
        name: numeric_profile(xs, edges[name], *ranges.get(name, ()))
        for name, xs in rows.numeric.items()
    }
    features |= {name: string_profile(values) for name, values in rows.categorical.items()}
    items = Counter(item for tags in rows.tags for item in tags)
    features["tags"] = FeatureProfile(lists=len(rows.tags), categorical=Categorical(dict(items)))
    features["comment"] = text_profile(rows.texts, vocabulary)
    return WindowProfile(len(rows.tags), features)


@dataclass(frozen=True)
class Model:
    """A reference and what is needed to profile windows as it wants them."""

    baseline: Baseline
    edges: dict[str, np.ndarray]
    ranges: dict[str, tuple[float, float]]
    vocabulary: frozenset[str]

    def window(self, rows):
        """The profile of a window."""
        return profile(rows, self.edges, self.ranges, self.vocabulary)


def model(rng, n):
    """A model with a reference of n events."""
    rows = draw(rng, n)
    edges, ranges = {}, {}
    for name, xs in rows.numeric.items():
        kept = xs[~np.isnan(xs)]
        inner = np.quantile(kept, np.linspace(0, 1, 41)[1:])
        edges[name] = np.unique([np.nextafter(kept.min(), -np.inf), *inner])
        ranges[name] = float(kept.min()), float(kept.max())
    texts = Counter(token for text in rows.texts for token in text)
    again = frozenset(token for token, count in texts.items() if count > 1)
    reference = profile(rows, edges, ranges, again)
    comment = reference.features["comment"]
    stored = replace(comment, text=replace(comment.text, unknown={}))
    reference = replace(reference, features={**reference.features, "comment": stored})
    baseline = Baseline(
        "made-up",
        "1",
        datetime(2026, 1, 1, tzinfo=UTC),
        "a simulation",
        reference,
        infer_constraints(reference),
    )
    return Model(baseline, edges, ranges, frozenset(texts))
