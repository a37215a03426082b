"""Driftlog as a subject, with the shipped defaults, and a faster way to the same answers for many windows.

A fault changes one or two columns of a window, so that a faulty window's profile is the clean one's with those columns'
profiles in their place. Many windows are profiled in one pass. `tests/benchmarks/test_detection.py` holds both ways to
the same alerts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from benchmarks.detection.subject import Alert
from numpy.typing import NDArray

from driftlog_analyzers import (
    Baseline,
    Constraint,
    FeatureProfile,
    Result,
    Roles,
    Settings,
    WindowProfile,
    baseline_from_frame,
)
from driftlog_analyzers._evaluate import (
    OUTPUT,
    _cases,
    _of_window,
    _results,
    decide,
    evaluate,
    level_of,
)
from driftlog_analyzers._reference import profile_frame, profile_spec
from driftlog_analyzers._scan import Relation, scan
from driftlog_analyzers._table import frame_table

_WINDOW = "\x1fwindow"
_WHOLE = ""

Raw = Mapping[str, Sequence[Result]]


class Driftlog:
    """The shipped defaults."""

    name = "driftlog"

    def fit(self, reference: pd.DataFrame, roles: Roles) -> "DriftlogJudge":
        """Make a baseline."""
        baseline = baseline_from_frame(reference, model="bench", version="1", roles=roles)
        return DriftlogJudge(baseline, roles)


@dataclass(frozen=True)
class DriftlogJudge:
    """A baseline that windows are compared with.

    Attributes:
        baseline: made of the reference.
        roles: of the columns.
    """

    baseline: Baseline
    roles: Roles

    def judge(self, window: pd.DataFrame) -> frozenset[Alert]:
        """Alerts on one window."""
        profile = profile_frame(window, self.baseline, _there(self.roles, window.columns))
        return alerts(self.results(profile))

    def results(self, profile: WindowProfile) -> tuple[Result, ...]:
        """All that is said of a window."""
        return evaluate(profile, self.baseline, Settings())

    def raw(self, profile: WindowProfile, names: Collection[str] | None = None) -> Raw:
        """What the detectors say, of the named features only if any are named, before the p-values meet."""
        settings, reference = Settings(), self.baseline.profile
        cases = [
            case
            for case in _cases(profile, self.baseline, settings, reference)
            if names is None or case.feature.removeprefix(OUTPUT) in names
        ]
        raw = {case.feature: _results(case, settings) for case in cases}
        if names is None:
            raw[_WHOLE] = _of_window(profile, self.baseline, settings, reference)
        return raw

    def profiles(
        self,
        rows: pd.DataFrame,
        window: NDArray[np.int64],
        aliases: Mapping[str, str] | None = None,
    ) -> dict[int, WindowProfile]:
        """Profiles of the windows by number, made in one pass.

        Args:
            rows: of all windows.
            window: the number of each row's window.
            aliases: whose column each column is, where it bears another name.
        """
        named = aliases or {str(name): str(name) for name in rows.columns}
        roles = _renamed(self.roles, named)
        spec = profile_spec(self.baseline)
        with frame_table(rows.assign(**{_WINDOW: window}), roles) as table:
            sql = table.relation.sql.replace("SELECT 0 AS w", f"SELECT c{rows.shape[1]} AS w", 1)
            relation = Relation(sql, table.relation.features, table.relation.predictions)
            return scan(
                table.connection,
                relation,
                {
                    alias: spec.features[name]
                    for alias, name in named.items()
                    if name in spec.features
                },
                {alias: spec.predictions[n] for alias, n in named.items() if n in spec.predictions},
            )

    def allowing(self, name: str) -> "DriftlogJudge":
        """The same with one more key that people declared as planned."""
        rules = dict(self.baseline.constraints) | {name: Constraint("numeric", stage="planned")}
        return replace(self, baseline=replace(self.baseline, constraints=rules))


def alerts(results: Iterable[Result]) -> frozenset[Alert]:
    """Findings above a notice, outputs under their plain names."""
    return frozenset(Alert(r.feature.removeprefix(OUTPUT), r.detector) for r in results if r.alerts)


def exchanged(
    clean: WindowProfile, changed: WindowProfile, aliases: Mapping[str, str], touched: Sequence[str]
) -> WindowProfile:
    """The clean window with the touched columns as they stand in `changed`, where they do.

    Args:
        clean: the profile of the whole window.
        changed: a profile that holds the changed columns.
        aliases: the names that these columns have there, with the names that they should have.
        touched: the features that the fault befell.
    """
    features, outputs = _without(clean.features, touched), _without(clean.predictions, touched)
    features |= {name: changed.features[a] for a, name in aliases.items() if a in changed.features}
    outputs |= {
        name: changed.predictions[a] for a, name in aliases.items() if a in changed.predictions
    }
    return replace(clean, features=features, predictions=outputs)


def _without(
    parts: Mapping[str, FeatureProfile], names: Sequence[str]
) -> dict[str, FeatureProfile]:
    return {name: part for name, part in parts.items() if name not in names}


def decided(raw: Raw) -> frozenset[Alert]:
    """Alerts on a window whose features have these results."""
    return alerts(decided_results(raw))


def decided_results(raw: Raw) -> list[Result]:
    """These results as `evaluate` decides of them."""
    settings = Settings()
    level = level_of(settings.budget, len(raw.keys() - {_WHOLE}))
    return decide([result for results in raw.values() for result in results], level)


def _renamed(roles: Roles, named: Mapping[str, str]) -> Roles:
    """The columns' roles under the columns' aliases; the window's number is no feature."""

    def of(names: frozenset[str]) -> frozenset[str]:
        return frozenset(alias for alias, name in named.items() if name in names)

    return replace(
        roles,
        text=of(roles.text),
        categorical=of(roles.categorical),
        predictions=of(roles.predictions),
        ignored=of(roles.ignored) | {_WINDOW},
    )


def _there(roles: Roles, columns: Iterable[object]) -> Roles:
    """Roles of the columns that are there."""
    there = {str(name) for name in columns}
    return replace(
        roles,
        text=roles.text & there,
        categorical=roles.categorical & there,
        predictions=roles.predictions & there,
        ignored=roles.ignored & there,
    )
