"""Small profiles and cases, so that a detector's test names only what it is about."""

from collections import Counter
from dataclasses import replace

import numpy as np

from driftlog_analyzers._baseline import Constraint, infer_constraints
from driftlog_analyzers._evaluate import HIGHEST_LEVEL, decide
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile
from driftlog_analyzers.detectors import Case

SEED = 20261122
MINIMUM = 20
SIZES = (1, 20, 100, 5_000, 1_000_000)
ABSENT = FeatureProfile()


def strings(counts, *, tail=0, tail_distinct=0, nulls=0):
    """A categorical feature with these counts."""
    categorical = Categorical(dict(counts), tail, tail_distinct or tail) if counts or tail else None
    return FeatureProfile(strings=sum(counts.values()) + tail, nulls=nulls, categorical=categorical)


def lists(*items):
    """A list feature from its lists."""
    counts = Counter(item for each in items for item in set(each))
    return FeatureProfile(lists=len(items), categorical=Categorical(dict(sorted(counts.items()))))


def numbers(n, *, low=0.0, high=10.0, bins=None, below=0, above=0, mean=None, **more):
    """A numeric feature of n numbers from low to high, spread evenly over five bins unless told."""
    if not n:
        return FeatureProfile(**more)
    edges = (-1e-9, 2.0, 4.0, 6.0, 8.0, 10.0)
    inner = bins or tuple(n // 5 + (i < n % 5) for i in range(5))
    return FeatureProfile(
        numbers=n,
        numeric=Numeric(
            n=n,
            mean=(low + high) / 2 if mean is None else mean,
            m2=0.0 if low == high else n * (high - low) ** 2 / 12,
            minimum=low,
            maximum=high,
            edges=edges,
            bins=(below, *inner, above),
            below=below,
            above=above,
        ),
        **more,
    )


def stuck_numbers(n, value, bins):
    """As many numbers that are all the same."""
    return numbers(n, low=value, high=value, bins=bins)


def texts(n, *, tokens=10, oov=0, unknown=None):
    """Texts of `tokens` distinct tokens each; `oov` unknown ones in each."""
    return FeatureProfile(
        texts=n,
        text=Text(
            n=n,
            tokens=n * tokens,
            oov=n * oov,
            tokens_sq=n * tokens**2,
            oov_sq=n * oov**2,
            tokens_oov=n * tokens * oov,
            unknown=unknown or {},
        ),
    )


def case(before, after, *, events=None, window=None, declared=True, **rule):
    """One feature `f` beside its baseline, under the constraint that the baseline implies."""
    before_events = before.present if events is None else events
    after_events = after.present if window is None else window
    profile = WindowProfile(before_events, {"f": before})
    constraint = replace(infer_constraints(profile)["f"], **rule) if declared else None
    return Case("f", constraint, before, before_events, after, after_events)


def undeclared(after, *, window=None):
    """A feature that the baseline does not know."""
    return Case("f", None, ABSENT, 1000, after, after.present if window is None else window)


def planned(after, *, kind, window=None, **rule):
    """A feature that people declared before the reference had it."""
    events = after.present if window is None else window
    return Case("f", Constraint(kind, stage="planned", **rule), ABSENT, 1000, after, events)


def random_source(*more):
    """A source of random numbers, and its seed where pytest shows it."""
    print("seed", SEED, *more)
    return np.random.default_rng([SEED, *more])


def quiet(result):
    """Whether nobody is alerted, at the highest level that there is."""
    return result is None or not decide([result], HIGHEST_LEVEL)[0].alerts
