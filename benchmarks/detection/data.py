"""Real data sets as streams: shuffled with a seed, half of the rows the reference, the other half the clean pool."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftlog_analyzers import Roles

DATA = Path(os.environ.get("DRIFTLOG_DATA", Path(__file__).parents[3] / "shared" / "data"))
NAMES = ("bank", "bike", "hotel", "sotu")
TRAINED_ON = 12_000
FAULTY_PRICE = 5_000
SCORE, LABEL = "score", "label"

Kind = Literal["numeric", "categorical", "boolean", "text"]


@dataclass(frozen=True)
class DataSet:
    """Rows in their own order.

    Attributes:
        name: what the results call it.
        rows: one row an event.
        roles: which columns are texts or outputs.
    """

    name: str
    rows: pd.DataFrame
    roles: Roles


@dataclass(frozen=True)
class Split:
    """One shuffle of a data set.

    Attributes:
        name: of the data set.
        seed: of the shuffle.
        reference: the first half of the shuffled rows.
        pool: the other half; an alert on any window of it is false.
        roles: as in the data set.
    """

    name: str
    seed: int
    reference: pd.DataFrame
    pool: pd.DataFrame
    roles: Roles


@dataclass(frozen=True)
class Feature:
    """What a fault must know of one column of the reference.

    Attributes:
        name: the column.
        kind: the kind of its values.
        usual: its values in the reference, nulls left out.
        null_rate: share of nulls in the reference.
        output: whether it is an output of the model.
    """

    name: str
    kind: Kind
    usual: "pd.Series[object]"
    null_rate: float
    output: bool = False

    @property
    def distinct(self) -> int:
        """How many different values the reference has."""
        return int(self.usual.nunique())


@cache
def data_set(name: str) -> DataSet:
    """Read one of `NAMES`."""
    return _READERS[name]()


def split(source: DataSet, seed: int) -> Split:
    """Shuffle and halve."""
    rows = source.rows.sample(frac=1, random_state=seed).reset_index(drop=True)
    half = len(rows) // 2
    pool = rows.iloc[half:].reset_index(drop=True)
    return Split(source.name, seed, rows.iloc[:half], pool, source.roles)


def windows(pool: pd.DataFrame, size: int, number: int, seed: int) -> pd.DataFrame:
    """Rows of so many windows, one after the other; a window holds no row twice while two windows may share rows."""
    chance = np.random.default_rng(seed)
    chosen = np.concatenate([chance.choice(len(pool), size, replace=False) for _ in range(number)])
    return pool.iloc[chosen].reset_index(drop=True)


def features(reference: pd.DataFrame, roles: Roles) -> tuple[Feature, ...]:
    """The columns of a reference."""
    return tuple(_features(reference, roles))


def _features(reference: pd.DataFrame, roles: Roles) -> Iterator[Feature]:
    for name in reference.columns:
        column = reference[name]
        yield Feature(
            str(name),
            _kind(column, text=name in roles.text),
            column.dropna(),
            float(column.isna().mean()),
            output=name in roles.predictions,
        )


def _kind(column: "pd.Series[object]", *, text: bool) -> Kind:
    if text:
        return "text"
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    return "numeric" if pd.api.types.is_numeric_dtype(column) else "categorical"


def _bank() -> DataSet:
    rows = pd.read_csv(DATA / "bank_marketing" / "bank-additional-full.csv", sep=";")
    target = (rows.pop("y") == "yes").to_numpy(dtype=float)
    score = _scores(rows, target)
    usual = target[:TRAINED_ON].mean()
    rows[SCORE], rows[LABEL] = score, np.where(score >= usual, "yes", "no")
    return DataSet("bank", rows, Roles(predictions=frozenset({SCORE, LABEL})))


def _bike() -> DataSet:
    return DataSet("bike", pd.read_csv(DATA / "bike_sharing" / "hour.csv"), Roles())


def _hotel() -> DataSet:
    """The bookings without the one whose price of 5,400 REAL_SHIFTS.csv lists: an alert on it would not be false."""
    path = DATA / "hotel_bookings" / "hotel_bookings.csv.gz"
    rows = pd.read_csv(path, keep_default_na=False, na_values=[""], low_memory=False)
    rows = rows[rows["adr"] < FAULTY_PRICE].reset_index(drop=True)
    flags = {"is_canceled": "bool", "is_repeated_guest": "bool"}
    return DataSet("hotel", rows.astype(flags), Roles())


def _sotu() -> DataSet:
    """The sentences, their case folded as a text pipeline does."""
    rows = pd.read_csv(DATA / "sotu" / "sotu_sentences_1900_2020.csv")
    rows["text"] = rows["text"].str.lower()
    return DataSet("sotu", rows, Roles(text=frozenset({"text"})))


def _scores(rows: pd.DataFrame, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of a logistic regression on the first rows, ridge penalty 1, by Newton's method."""
    table = pd.get_dummies(rows, dtype=float).to_numpy()
    seen, y = table[:TRAINED_ON], target[:TRAINED_ON]
    spread = seen.std(axis=0)
    scaled = (table - seen.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    inputs = np.column_stack([np.ones(len(scaled)), scaled])
    x, weights = inputs[:TRAINED_ON], np.zeros(inputs.shape[1])
    for _ in range(25):
        p = _logistic(x @ weights)
        curvature = x.T @ (x * (p * (1 - p))[:, None]) + np.eye(len(weights))
        weights += np.linalg.solve(curvature, x.T @ (y - p) - weights)
    return _logistic(inputs @ weights)


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0)))


def _accented() -> DataSet:
    """The sentences with accents by rule: the data have hardly a letter beyond ASCII, and some faults need them."""
    source = _sotu()
    text = source.rows["text"].str.replace(r"e\b", "é", regex=True).str.replace("tion", "ción")
    return DataSet("accented", source.rows.assign(text=text), source.roles)


_READERS = {
    "bank": _bank,
    "bike": _bike,
    "hotel": _hotel,
    "sotu": _sotu,
    "accented": _accented,
}
