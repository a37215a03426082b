"""Made-up report data: a model with five faults and a daily rhythm, from a fixed seed."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from driftlog_analyzers._baseline import Baseline, infer_constraints
from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._finding import Change, Condition, Evaluation, Outcome, Result, Severity
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, Text, WindowProfile
from driftlog_analyzers._report import ReportData
from driftlog_analyzers._report._format import percent
from driftlog_analyzers._window import TimeSize, Window

START = datetime(2026, 11, 8, tzinfo=UTC)
EDGES = tuple(float(edge) for edge in (18, 22, 26, 30, 35, 40, 45, 50, 60, 70, 90))
AGES = (0, 30, 60, 90, 140, 160, 150, 130, 120, 80, 40, 0)
COUNTRIES = {"DE": 400, "FR": 250, "IT": 150, "ES": 120, "PL": 79, "CH": 1}
FAULTS = {"income": 110, "country": 180, "age": 220, "comment": 260, "tenure": 60}
HEALTHY = ("balance", "channel", "device", "employer_id", "plan", "region", "visits_last_30_days")
BASELINE_EVENTS = 20_000


@dataclass(frozen=True)
class Hour:
    """One window of the simulation; `ill` names the features whose fault is on."""

    events: int
    ill: frozenset[str]


def numeric(n: int, shares: Sequence[int] = AGES, scale: float = 1.0) -> FeatureProfile:
    """Numbers over `EDGES`; with scale above 1 they move beyond the last edge."""
    total = sum(shares)
    bins = [n * share // total for share in shares]
    moved = bins[5] if scale > 1 else 0
    bins[5] -= moved
    bins[-1] += moved
    bins[4] += n - sum(bins)
    mean = 43.2 * (1 + (scale - 1) * moved / n) if n else 0.0
    low, high = 18.5, 88.0 * scale
    return FeatureProfile(
        numbers=n,
        numeric=Numeric(n, mean, 180.0 * n, low, high, EDGES, tuple(bins), 0, moved) if n else None,
    )


def categorical(n: int, shares: dict[str, int]) -> FeatureProfile:
    """Strings by shares."""
    total = sum(shares.values())
    return FeatureProfile(
        strings=n,
        categorical=Categorical({value: n * share // total for value, share in shares.items()}),
    )


def text(n: int, oov: int, unknown: dict[str, int] | None = None) -> FeatureProfile:
    """Texts of nine tokens."""
    return FeatureProfile(texts=n, text=Text(n, 9 * n, oov, 81 * n, oov, 9 * oov, unknown or {}))


def window_profile(hour: Hour, rng: random.Random) -> WindowProfile:
    """What one hour holds."""
    n, ill = hour.events, hour.ill
    nulls = round(
        n * (rng.gauss(0.38, 0.03) if "tenure" in ill else max(0.0, rng.gauss(0.012, 0.003)))
    )
    features = {
        "age": numeric(n, scale=100.0 if "age" in ill else 1.0),
        "country": categorical(n, COUNTRIES | ({"CH": 420} if "country" in ill else {})),
        "tenure": replace(numeric(n - nulls), nulls=nulls),
        "comment": text(
            n,
            round(n * 0.9 * rng.gauss(1, 0.1)),
            {"zzgtx": n // 2, "neobank": n // 4, "gigapay": n // 9},
        )
        if "comment" in ill
        else text(n, round(n * 0.12 * rng.gauss(1, 0.1)), {"qed": n // 50}),
    } | {name: categorical(n, {"a": 5, "b": 3, "c": 2}) for name in HEALTHY}
    if "income" not in ill:
        features["income"] = numeric(n)
    version = "7" if n < 700 else "8"
    return WindowProfile(n, features, {}, {version: n} if n else {})


def found(detector: str, feature: str, severity: Severity, summary: str, **parts: object) -> Result:
    """A finding."""
    return Result(detector, feature, Outcome.FINDING, summary, severity, **parts)  # type: ignore[arg-type]


def results(hour: Hour, profile: WindowProfile) -> list[Result]:
    """What the detectors say of one hour."""
    n = hour.events
    if n < 20:
        return [
            Result(
                "category_shift",
                name,
                Outcome.INSUFFICIENT,
                f"{name}: {n} values, at least 20 are needed",
                n=n,
            )
            for name in profile.features
        ]
    makers = {"income": vanished, "tenure": spike, "country": shift, "age": outside, "comment": oov}
    said = [make(profile) for name, make in makers.items() if name in hour.ill]
    if n % 97 == 0:
        said.append(
            found(
                "unseen_category",
                "employer_id",
                Severity.INFO,
                "employer_id: 0.3 % of the values are new",
                n=n,
            )
        )
    return said


def vanished(profile: WindowProfile) -> Result:
    """Income is gone."""
    n = profile.events
    return found(
        "vanished",
        "income",
        Severity.CRITICAL,
        f"income vanished: it is absent from 100 % of {n:,} events (before: 0 %)",
        n=n,
        effect=1.0,
        p_value=0.0,
        changes=(Change("absent", 0.0, 1.0, 0, n),),
        condition=Condition("absent", "income"),
        events=("01jd8e-00000000a1c4", "01jd8e-00000000a1c5", "01jd8e-00000000a1c6"),
    )


def spike(profile: WindowProfile) -> Result:
    """Tenure is null."""
    n, nulls = profile.events, profile.features["tenure"].nulls
    return found(
        "na_spike",
        "tenure",
        Severity.MEDIUM,
        f"tenure: nulls rose from 1.2 % to {percent(nulls / n)} of {n:,} events",
        n=n,
        effect=1.08,
        p_value=3.4e-31,
        changes=(Change("null", 0.012, nulls / n, 240, nulls),),
        condition=Condition("null", "tenure"),
        events=("01jd8e-000000009f01",),
    )


def shift(profile: WindowProfile) -> Result:
    """CH became common."""
    counts = (profile.features["country"].categorical or Categorical({})).counts
    n, total = sum(counts.values()), sum(COUNTRIES.values())
    changes = [Change(v, s / total, counts[v] / n, 20 * s, counts[v]) for v, s in COUNTRIES.items()]
    return found(
        "category_shift",
        "country",
        Severity.HIGH,
        f"country: 'CH', rare before (0.1 %), now makes up {percent(counts['CH'] / n)}",
        n=n,
        effect=0.295,
        p_value=2.2e-9,
        changes=tuple(sorted(changes, key=lambda c: -abs(c.after - c.before))),
        statistics={"l_infinity": 0.295, "jensen_shannon": 0.31},
        condition=Condition("values", "country", ("CH",)),
        events=("01jd8e-00000000c0de",),
    )


def outside(profile: WindowProfile) -> Result:
    """Age times 100."""
    values = profile.features["age"].numeric
    above, n = (values.above, values.n) if values else (0, 1)
    return found(
        "range",
        "age",
        Severity.HIGH,
        f"age: {percent(above / n)} of {n:,} numbers lie outside 18 to 90; seen 18.5 to 8800",
        n=n,
        effect=above / n,
        p_value=1.3e-40,
        changes=(Change("above", 0.0, above / n, 0, above), Change("below", 0.0, 0.0, 0, 0)),
        statistics={"minimum": 18.5, "maximum": 8800.0},
        condition=Condition("outside", "age", low=18.0, high=90.0),
    )


def oov(profile: WindowProfile) -> Result:
    """Comments with new words."""
    texts = profile.features["comment"].text or Text(1, 1, 0, 0, 0, 0)
    return found(
        "oov_rate",
        "comment",
        Severity.MEDIUM,
        f"comment: {percent(texts.oov / texts.tokens)} of {texts.tokens:,} tokens are unknown",
        n=texts.n,
        effect=0.087,
        p_value=0.00012,
        changes=tuple(Change(t, 0.0, c / texts.n, 0, c) for t, c in texts.unknown.items()),
        condition=Condition("unknown_tokens", "comment", tuple(texts.unknown)),
    )


def baseline() -> Baseline:
    """The reference of the healthy model."""
    hour = Hour(BASELINE_EVENTS, frozenset())
    profile = window_profile(hour, random.Random(1))
    return Baseline(
        "churn", "7", START, "training.csv, 20,000 rows", profile, infer_constraints(profile)
    )


def sample(hours: int = 336) -> ReportData:
    """Hours of traffic with the faults of `FAULTS`; tenure recovers after 40 hours."""
    rng = random.Random(7)
    evaluations, profiles = [], []
    for index in range(hours):
        begin = START + timedelta(hours=index)
        window = Window(begin, begin + timedelta(hours=1))
        rhythm = 420 + 330 * math.sin((index % 24 - 9) / 24 * 2 * math.pi)
        events = (
            0 if 84 <= index < 88 else round(rhythm * rng.gauss(1, 0.06)) if index % 24 != 3 else 14
        )
        ill = {
            name
            for name, onset in FAULTS.items()
            if index >= onset and (name != "tenure" or index < onset + 40)
        }
        hour = Hour(events, frozenset(ill))
        profile = window_profile(hour, rng)
        said = tuple(results(hour, profile))
        evaluations.append(Evaluation("churn", window, events, "churn 7", said, 40))
        profiles.append((window, profile))
    return ReportData(
        model="churn",
        baseline=baseline(),
        size=TimeSize(timedelta(hours=1)),
        generated=START + timedelta(days=14, minutes=5),
        evaluations=evaluations,
        profiles=profiles,
        episodes=fold(evaluations, EpisodeSettings()),
        accounting={
            "lines read": 141_207,
            "torn lines set aside": 1,
            "foreign lines set aside": 12,
        },
    )
