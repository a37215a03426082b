"""A simulated churn service: two weeks of events with the habits of real traffic.

Everything is drawn from one seed, hour by hour, so that the same hour always brings the same
events whatever comes before it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from driftlog_analyzers._demo._faults import Fault
from driftlog_analyzers._demo._words import Comments
from driftlog_analyzers._replay import Row

MODEL = "churn"
VERSION = "7"
START = datetime(2025, 11, 3, tzinfo=UTC)
DAYS = 14
EVENTS_PER_HOUR = 210

_HOUR = timedelta(hours=1)
_COUNTRIES = ("DE", "FR", "NL", "ES", "IT", "PL", "AT", "BE", "SE", "DK", "PT", "CZ")
_PLANS = ("basic", "plus", "family", "pro", "legacy")
_PLAN_SHARES = (0.52, 0.27, 0.14, 0.066, 0.004)
_PLAN_INCOME = np.array((1.0, 1.15, 1.25, 1.6, 0.9))
_DEVICES = ("mobile", "desktop", "tablet")
_CHANNELS = ("app", "web", "store", "partner")
_TAGS = tuple(f"{a}-{b}" for a in ("new", "vip", "promo", "late", "gift") for b in "abcde")

Generator = np.random.Generator
Column = npt.NDArray[Any]


def faults(start: datetime = START) -> tuple[Fault, ...]:
    """What goes wrong in the second week, and when."""

    def at(day: int, hour: int) -> datetime:
        return start + timedelta(days=day - 1, hours=hour)

    return (
        Fault("vanished", "income", at(9, 14)),
        Fault("nulls", "age", at(10, 10), share=0.10),
        Fault("common value", "plan", at(11, 9), share=0.15, value="legacy"),
        Fault("new words", "comment", at(12, 16), share=0.15),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """The service without any fault.

    Attributes:
        seed: decides every event.
        per_hour: mean number of events in an hour.
    """

    seed: int
    per_hour: float = EVENTS_PER_HOUR

    def events(self, start: datetime, hours: int) -> Iterator[Row]:
        """Yield the events of whole hours from *start*, in order of time."""
        comments = Comments(self.seed)
        for hour in range(hours):
            yield from self._hour(start + hour * _HOUR, comments)

    def _hour(self, begin: datetime, comments: Comments) -> Iterator[Row]:
        rng = np.random.default_rng([self.seed, int(begin.timestamp()) // 3600])
        count = int(rng.poisson(self.per_hour * volume(begin)))
        offsets = np.sort(rng.uniform(0, 3600, count))
        columns = _columns(rng, count, begin)
        columns["comment"] = comments.draw(rng, count)
        scores = _scores(rng, columns)
        names = tuple(columns)
        for index, values in enumerate(zip(*columns.values(), strict=True)):
            moment = begin + timedelta(seconds=float(offsets[index]))
            score = float(scores[index])
            prediction: dict[str, object] = {
                "score": round(score, 4),
                "label": "leave" if score >= 0.5 else "stay",  # noqa: PLR2004 - even odds
            }
            request = f"{begin:%m%d%H}-{index:04d}"
            yield Row(moment, dict(zip(names, values, strict=True)), prediction, request)


def volume(moment: datetime) -> float:
    """Share of the mean volume: quiet nights, a broad evening, a weaker weekend."""
    daily = 1.0 - 0.6 * math.cos(2 * math.pi * (moment.hour - 4) / 24)
    return daily * (0.88 if moment.weekday() >= 5 else 1.05)  # noqa: PLR2004 - Saturday is 5


def _columns(rng: Generator, count: int, moment: datetime) -> dict[str, list[Any]]:
    plans = rng.choice(len(_PLANS), count, p=_PLAN_SHARES)
    age = np.clip(rng.normal(43, 14, count), 18, 95).round()
    income = rng.lognormal(10.5, 0.45, count) * _PLAN_INCOME[plans]
    evening = 0.02 if moment.hour >= 18 else 0.0  # noqa: PLR2004 - six o'clock
    devices = (0.60 + evening, 0.32 - evening, 0.08)
    tags = rng.integers(0, 4, count)
    return {
        "age": _with_nulls(rng, age, 0.02),
        "income": _with_nulls(rng, income.round(-2), 0.01),
        "basket_value": rng.gamma(2.0, 24.0, count).round(2).tolist(),
        "sessions_7d": rng.poisson(4.2, count).tolist(),
        "tenure_days": rng.exponential(620, count).astype(int).tolist(),
        "discount": rng.choice([0.0, 0.05, 0.1, 0.2], count, p=[0.7, 0.15, 0.1, 0.05]).tolist(),
        "country": _pick(rng, _COUNTRIES, _zipf(len(_COUNTRIES), 1.0), count),
        "plan": [_PLANS[index] for index in plans],
        "device": _pick(rng, _DEVICES, np.array(devices), count),
        "channel": _pick(rng, _CHANNELS, np.array((0.55, 0.3, 0.1, 0.05)), count),
        "is_member": (rng.uniform(size=count) < 0.4).tolist(),  # noqa: PLR2004 - two in five
        "merchant_id": _codes(rng, "m", 3000, 1.05, count),
        "employer_id": _codes(rng, "e", 2000, 0.9, count),
        "tags": [rng.choice(_TAGS, size, replace=False).tolist() for size in tags],
    }


def _with_nulls(rng: Generator, values: Column, share: float) -> list[float | None]:
    missing = rng.uniform(size=len(values)) < share
    return [None if gone else float(value) for value, gone in zip(values, missing, strict=True)]


def _zipf(size: int, exponent: float) -> Column:
    weights = 1.0 / np.arange(1, size + 1) ** exponent
    return np.asarray(weights / weights.sum())


def _pick(rng: Generator, values: tuple[str, ...], shares: Column, count: int) -> list[str]:
    return [values[index] for index in rng.choice(len(values), count, p=shares)]


def _codes(rng: Generator, prefix: str, size: int, exponent: float, count: int) -> list[str]:
    drawn = rng.choice(size, count, p=_zipf(size, exponent))
    return [f"{prefix}-{index:04d}" for index in drawn]


def _scores(rng: Generator, columns: dict[str, list[Any]]) -> Column:
    sessions = np.array(columns["sessions_7d"], dtype=float)
    tenure = np.array(columns["tenure_days"], dtype=float)
    logit = 0.6 - 0.35 * sessions - tenure / 900 + rng.normal(0, 0.7, len(sessions))
    return np.asarray(1 / (1 + np.exp(-logit)))
