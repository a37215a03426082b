"""The notebook door: two data frames, no log."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from driftlog_analyzers._evaluate import evaluate
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._reference import baseline_from_frame, profile_frame
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._table import Roles

_COLUMNS = (
    "severity",
    "feature",
    "detector",
    "summary",
    "before",
    "after",
    "effect",
    "p_value",
    "n",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the detectors say of one frame beside another.

    Attributes:
        results: all of them, findings first, the gravest at the top.
    """

    results: tuple[Result, ...]

    @property
    def findings(self) -> tuple[Result, ...]:
        """Findings above a notice."""
        return tuple(result for result in self.results if result.alerts)

    @property
    def notices(self) -> tuple[Result, ...]:
        """Findings that inform, such as new values within the usual novelty."""
        return tuple(r for r in self.results if r.outcome is Outcome.FINDING and not r.alerts)

    @property
    def insufficient(self) -> tuple[Result, ...]:
        """What had too little to go by."""
        return tuple(r for r in self.results if r.outcome is Outcome.INSUFFICIENT)

    def to_frame(self) -> pd.DataFrame:
        """Findings and notices as a table, one row each."""
        rows = [
            (
                r.severity.value,
                r.feature,
                r.detector,
                r.summary,
                r.changes[0].before if r.changes else None,
                r.changes[0].after if r.changes else None,
                r.effect,
                r.p_value,
                r.n,
            )
            for r in (*self.findings, *self.notices)
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        if not self.findings and not self.notices:
            return f"<p>No finding in {len(self.results):,} results.</p>"
        with pd.option_context("display.max_colwidth", None):
            return str(self.to_frame().to_html(index=False, float_format="{:.4g}".format))


def compare(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    text: Collection[str] = (),
    categorical: Collection[str] = (),
    ignore: Collection[str] = (),
    closed: bool = False,
    settings: Settings | None = None,
) -> Comparison:
    """Compare two data frames as a window of the log is compared with its baseline.

    Args:
        reference: data known to be good, one row an event, one column a feature.
        current: the data to be judged; a column it lacks has vanished.
        text: columns with text.
        categorical: columns whose numbers are categories.
        ignore: columns that are no features.
        closed: make the reference's values the only allowed ones, for features with at most 100 values.
        settings: how strict to be.

    Raises:
        InputError: a frame has no rows, or the reference lacks a named column.
    """
    baseline = baseline_from_frame(
        reference,
        model="frame",
        version="reference",
        roles=_roles(reference, text, categorical, ignore),
        closed=closed,
    )
    profile = profile_frame(
        current, baseline, _roles(current, text, categorical, ignore, required=False)
    )
    return Comparison(evaluate(profile, baseline, settings or Settings()))


def _roles(
    frame: pd.DataFrame,
    text: Collection[str],
    categorical: Collection[str],
    ignore: Collection[str],
    *,
    required: bool = True,
) -> Roles:
    """Roles of the columns; those that a frame need not have are left out if it has not."""
    there = {str(name) for name in frame.columns}
    named = (
        frozenset(names) if required else frozenset(names) & there
        for names in (text, categorical, ignore)
    )
    texts, categories, ignored = named
    return Roles(text=texts, categorical=categories, ignored=ignored)
