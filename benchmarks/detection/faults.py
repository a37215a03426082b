"""The faults: pure functions from a clean window's rows to the columns that a fault changes.

Levels and eligibility are those of the benchmark's table. What that table leaves open is set here: rates are
per event and independent; a share grows at the cost of all other values alike; numbers beyond the range lie up to
half a range beyond it; an integer served as an equal float is not a fault of a number (it is the same number), so that
it is a fault of integers that are logged as strings and must stay quiet elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from benchmarks.detection import columns, texts
from benchmarks.detection.columns import Column, Inject
from benchmarks.detection.data import LABEL, SCORE, Feature

Changes = Mapping[str, "pd.Series[object] | None"]
Chosen = tuple[Feature, ...]

MIN_SHARE = 0.03
MIN_STUCK = 10
UNSEEN_VALUES = range(2, 701)
UNSEEN = "zz-unseen"
SENTINELS = (-200, 999)
STREAMS = ("bank", "bike", "hotel", "sotu")


@dataclass(frozen=True)
class Fault:
    """One level of one fault.

    Attributes:
        name: the fault, as the results group it.
        level: which one of its levels.
        eligible: the features, or pairs of features, that it can befall.
        inject: from the rows of a window, the features and a source of chance to the changed columns; None for a
            column that is absent.
        streams: the data sets it is made for.
        binomial: the rate of events that show it before and after, per event, where that rate is all there is to see.
    """

    name: str
    level: str
    eligible: Callable[[Sequence[Feature]], list[Chosen]]
    inject: Callable[[pd.DataFrame, Chosen, np.random.Generator], Changes]
    streams: tuple[str, ...] = STREAMS
    binomial: Callable[[Feature, np.random.Generator], tuple[float, float]] | None = field(
        default=None, compare=False
    )

    @property
    def key(self) -> str:
        """Fault and level in one name."""
        return f"{self.name}: {self.level}" if self.level else self.name


def faulty(rows: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """The window as the fault leaves it."""
    absent = [name for name, column in changes.items() if column is None]
    return rows.assign(**{n: c for n, c in changes.items() if c is not None}).drop(columns=absent)


def single(inject: Inject) -> Callable[[pd.DataFrame, Chosen, np.random.Generator], Changes]:
    """A fault of one column as a fault of a window."""
    return lambda rows, chosen, chance: {
        chosen[0].name: inject(rows[chosen[0].name], chosen[0], chance)
    }


def where(*tests: Callable[[Feature], bool]) -> Callable[[Sequence[Feature]], list[Chosen]]:
    """Inputs that pass all tests, one at a time."""
    return lambda found: [(f,) for f in found if not f.output and all(t(f) for t in tests)]


def nulls(factor: int) -> Fault:
    """So many times the null rate, which counts as at least 1 %."""

    def target(feature: Feature) -> float:
        return factor * max(feature.null_rate, 0.01)

    def added(feature: Feature) -> float:
        return (target(feature) - feature.null_rate) / (1.0 - feature.null_rate)

    return Fault(
        "NA rate",
        f"× {factor}",
        where(lambda f: target(f) <= 1.0),
        single(
            lambda column, f, chance: columns.replaced(
                column, columns.hit(column, added(f), chance), None
            )
        ),
        binomial=lambda f, _: (f.null_rate, target(f)),
    )


def share(points: int) -> Fault:
    """One value more common by so many points."""
    rise = points / 100.0

    def values(feature: Feature) -> "pd.Series[float]":
        shares = feature.usual.value_counts(normalize=True)
        return shares[(shares >= MIN_SHARE) & (shares <= 1.0 - rise)]

    def inject(column: Column, feature: Feature, chance: np.random.Generator) -> Column:
        shares = values(feature)
        value = shares.index[int(chance.integers(len(shares)))]
        return columns.replaced(
            column, columns.hit(column, rise / (1.0 - shares[value]), chance), value
        )

    def rates(feature: Feature, chance: np.random.Generator) -> tuple[float, float]:
        shares = values(feature)
        before = float(shares.iloc[int(chance.integers(len(shares)))])
        return before, before + rise

    eligible = where(columns.categorical, lambda f: bool(len(values(f))))
    return Fault("share shift", f"+ {points} points", eligible, single(inject), binomial=rates)


def unseen(percent: int) -> Fault:
    """A value that the reference lacks."""
    return Fault(
        "unseen category",
        f"{percent} %",
        where(columns.categorical, lambda f: f.distinct in UNSEEN_VALUES),
        single(
            lambda column, _, chance: columns.replaced(
                column, columns.hit(column, percent / 100, chance), UNSEEN
            )
        ),
        binomial=lambda f, _: (columns.once(f), columns.once(f) + percent / 100),
    )


def stuck(
    level: str,
    eligible: Callable[[Sequence[Feature]], list[Chosen]],
    value: Callable[[Column, Feature], object],
    alike: Callable[[Feature, np.random.Generator], object],
) -> Fault:
    """All numbers are one; `alike` draws one as `value` takes it, to tell how often the feature has it anyway."""
    return Fault(
        "stuck",
        level,
        eligible,
        single(lambda column, f, _: columns.everywhere(column, value(column, f))),
        binomial=lambda f, chance: (float((f.usual == alike(f, chance)).mean()), 1.0),
    )


def _any_usual(feature: Feature, chance: np.random.Generator) -> object:
    return feature.usual.iloc[int(chance.integers(len(feature.usual)))]


def swapped(rows: pd.DataFrame, chosen: Chosen, _: np.random.Generator) -> Changes:
    """Each of two columns holds the other's values."""
    first, second = chosen
    return {first.name: rows[second.name], second.name: rows[first.name]}


def pairs(*, like: bool) -> Callable[[Sequence[Feature]], list[Chosen]]:
    """Pairs of inputs, of one kind or of two."""

    def eligible(found: Sequence[Feature]) -> list[Chosen]:
        usable = [f for f in found if f.kind != "text" and not f.output and f.distinct > 1]
        return [
            (a, b)
            for i, a in enumerate(usable)
            for b in usable[i + 1 :]
            if (a.kind == b.kind) == like
        ]

    return eligible


def every_fault() -> tuple[Fault, ...]:
    """All faults of the benchmark."""
    return (*_columns(), *_numbers(), *_texts(), *_types(), *_predictions())


def must_stay_quiet() -> tuple[Fault, ...]:
    """Changes that are no fault."""
    whole = where(lambda f: f.kind == "numeric" and columns.whole(f))
    return (
        Fault("quiet", "reordered keys", where(), lambda rows, _, chance: _reordered(rows, chance)),
        Fault("quiet", "allowed new key", where(), _new_key),
        Fault("quiet", "float noise 1e-9", where(columns.numeric), single(columns.noise)),
        Fault("quiet", "int as equal float", whole, single(lambda c, f, _: c.astype("float64"))),
    )


ALLOWED = "allowed_new_key"


def _columns() -> tuple[Fault, ...]:
    anything, categories = (
        where(),
        where(columns.categorical, lambda f: f.distinct > 1, columns.cased),
    )
    return (
        Fault("vanishes", "key absent", anything, single(lambda column, f, chance: None)),
        Fault(
            "vanishes",
            "null",
            anything,
            single(lambda column, f, _: columns.everywhere(column, None)),
        ),
        Fault(
            "vanishes",
            "empty string",
            anything,
            single(lambda column, f, _: columns.everywhere(column, "")),
        ),
        *(
            Fault("vanishes", f"sentinel {value}", anything, single(columns.sentinel(value)))
            for value in SENTINELS
        ),
        *(nulls(factor) for factor in (2, 5)),
        *(share(points) for points in (5, 10, 20)),
        *(unseen(percent) for percent in (1, 5)),
        Fault("casing", "categories in upper case", categories, single(columns.other_case)),
        Fault("swapped columns", "like types", pairs(like=True), swapped),
        Fault("swapped columns", "unlike types", pairs(like=False), swapped),
    )


def _numbers() -> tuple[Fault, ...]:
    numbers, many = (
        where(columns.numeric),
        where(columns.numeric, lambda f: f.distinct >= MIN_STUCK),
    )
    return (
        Fault("unit change", "× 100", numbers, single(lambda column, f, _: column * 100)),
        Fault("unit change", "× 1/1000", numbers, single(lambda column, f, _: column / 1000)),
        Fault("unit change", "°C to °F", numbers, single(lambda column, f, _: column * 1.8 + 32)),
        stuck("last good value", many, lambda c, f: c.iloc[0], _any_usual),
        stuck("median", many, lambda c, f: f.usual.median(), lambda f, _: f.usual.median()),
        stuck("0", many, lambda c, f: 0, lambda f, _: 0),
        Fault(
            "range violation",
            "1 %",
            numbers,
            single(columns.beyond),
            binomial=lambda f, _: (0.0, 0.01),
        ),
        *(
            Fault("numeric drift", f"mean + {sds} sd", numbers, single(columns.moved(sds)))
            for sds in (0.1, 0.25, 0.5)
        ),
        Fault("numeric drift", "sd × 1.5", numbers, single(columns.wider)),
    )


def _texts() -> tuple[Fault, ...]:
    found = where(lambda f: f.kind == "text")

    def fault(name: str, level: str, change: texts.Change, stream: str = "sotu") -> Fault:
        inject = single(lambda column, _, chance: change(column, chance))
        return Fault(name, level, found, inject, (stream,))

    return (
        fault("casing", "text: case folding off", texts.capitalized),
        fault("encoding", "UTF-8 read as Latin-1", texts.misread, "accented"),
        fault("encoding", "accents stripped", texts.stripped, "accented"),
        fault("text pipeline", "empty tokens", texts.emptied),
        *(
            fault("language switch", f"{share} %", texts.switched(share / 100))
            for share in (5, 20, 100)
        ),
        fault("OOV", "+ 5 points of tokens", texts.unknown(0.05)),
    )


def _types() -> tuple[Fault, ...]:
    digits = where(columns.categorical, columns.digits)
    return (
        Fault("type change", "number as string", where(columns.numeric), single(columns.as_string)),
        Fault("type change", "int as float, logged as string", digits, single(columns.with_point)),
        Fault(
            "type change",
            "bool as 0/1",
            where(lambda f: f.kind == "boolean"),
            single(lambda column, f, _: column.astype("int64")),
        ),
        Fault("type change", "list for scalar", where(columns.no_text), single(columns.as_list)),
    )


def _predictions() -> tuple[Fault, ...]:
    def output(name: str) -> Callable[[Sequence[Feature]], list[Chosen]]:
        return lambda found: [(f,) for f in found if f.output and f.name == name]

    def rise(points: int) -> Fault:
        def inject(column: Column, feature: Feature, chance: np.random.Generator) -> Column:
            yes = float((feature.usual == "yes").mean())
            return columns.replaced(
                column, columns.hit(column, points / 100 / (1.0 - yes), chance), "yes"
            )

        def rates(feature: Feature, _: np.random.Generator) -> tuple[float, float]:
            yes = float((feature.usual == "yes").mean())
            return yes, yes + points / 100

        name = f"base rate + {points} points"
        return Fault(
            "prediction shift", name, output(LABEL), single(inject), ("bank",), binomial=rates
        )

    one, constant = (
        single(lambda c, f, _: columns.everywhere(c, f.usual.mode().iloc[0])),
        single(lambda c, f, _: columns.everywhere(c, f.usual.median())),
    )
    half = single(lambda column, f, _: column * 0.5)
    return (
        Fault("prediction collapse", "one class", output(LABEL), one, ("bank",)),
        Fault("prediction collapse", "constant score", output(SCORE), constant, ("bank",)),
        Fault("prediction shift", "score × 0.5", output(SCORE), half, ("bank",)),
        rise(5),
        rise(10),
    )


def _reordered(rows: pd.DataFrame, chance: np.random.Generator) -> Changes:
    return {str(name): rows[name] for name in chance.permutation(rows.columns)}


def _new_key(rows: pd.DataFrame, _: Chosen, chance: np.random.Generator) -> Changes:
    return {ALLOWED: pd.Series(chance.random(len(rows)), index=rows.index)}
