"""What faults do to a column, and which features they can befall: pure functions."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from benchmarks.detection.data import Feature

Column = "pd.Series[object]"
Inject = Callable[["pd.Series[object]", Feature, np.random.Generator], "pd.Series[object] | None"]


def numeric(feature: Feature) -> bool:
    """Numbers of at least two values."""
    return feature.kind == "numeric" and feature.distinct > 1


def categorical(feature: Feature) -> bool:
    """Strings that are no text."""
    return feature.kind == "categorical"


def beyond(column: Column, feature: Feature, chance: np.random.Generator) -> Column:
    """One number in a hundred lies beyond the reference's range."""
    low, high = float(feature.usual.min()), float(feature.usual.max())
    distance = (high - low) * chance.uniform(0.01, 0.5, len(column))
    outside = high + distance if chance.integers(2) else low - distance
    return column.astype("float64").mask(hit(column, 0.01, chance), outside)


def moved(sds: float) -> Inject:
    """The mean moved by so many standard deviations."""
    return lambda column, f, _: column + sds * float(f.usual.std())


def wider(column: Column, feature: Feature, _: np.random.Generator) -> Column:
    """The standard deviation times 1.5."""
    mean = float(feature.usual.mean())
    return (column - mean) * 1.5 + mean


def hit(column: Column, probability: float, chance: np.random.Generator) -> "pd.Series[bool]":
    """Whether each event is hit, independently."""
    return pd.Series(chance.random(len(column)) < probability, index=column.index)


def replaced(column: Column, those: "pd.Series[bool]", value: object) -> Column:
    """The column with this value for those events."""
    if value is None and pd.api.types.is_bool_dtype(column):
        column = column.astype("object")
    return column.mask(those, value)


def everywhere(column: Column, value: object) -> Column:
    """One value for all events."""
    return pd.Series([value] * len(column), index=column.index)


def sentinel(value: int) -> Inject:
    """The number that stands for "no value", as a string among strings."""
    return lambda column, f, _: everywhere(
        column, str(value) if f.kind in {"categorical", "text"} else value
    )


def other_case(column: Column, feature: Feature, _: np.random.Generator) -> Column:
    """In upper case, or in lower case where that changes nothing."""
    upper = column.str.upper()
    return column.str.lower() if (upper == column).all() else upper


def as_string(column: Column, feature: Feature, _: np.random.Generator) -> Column:
    """Each value as a string."""
    return column.map(str, na_action="ignore").astype("str")


def as_list(column: Column, feature: Feature, _: np.random.Generator) -> Column:
    """Each value as a list of one."""
    return pd.Series([[value] for value in column.tolist()], index=column.index)


def with_point(column: Column, feature: Feature, _: np.random.Generator) -> Column:
    """Whole numbers among strings as pandas writes them once a null has made them floats."""
    return column.str.replace(r"^(\d+)$", r"\1.0", regex=True)


def no_text(feature: Feature) -> bool:
    """Anything but a text."""
    return feature.kind != "text"


def cased(feature: Feature) -> bool:
    """Strings that have letters of two cases."""
    some = feature.usual.head(1_000)
    return bool((some.str.swapcase() != some).mean() > 1 / 2)


def digits(feature: Feature) -> bool:
    """Strings that are mostly whole numbers."""
    return bool(feature.usual.head(1_000).str.fullmatch(r"\d+").mean() > 1 / 2)


def whole(feature: Feature) -> bool:
    """Numbers of an integer type."""
    return pd.api.types.is_integer_dtype(feature.usual)


def once(feature: Feature) -> float:
    """How often new data bring a new value anyway: as often as a value stood only once (Good 1953)."""
    counts = feature.usual.value_counts()
    return float((counts == 1).sum() / counts.sum())


def noise(column: Column, feature: Feature, chance: np.random.Generator) -> Column:
    """Noise of the size that another machine's arithmetic makes."""
    return column + chance.uniform(-1e-9, 1e-9, len(column))
