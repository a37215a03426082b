"""Profiles, baselines, detectors and alerts over the prediction log.

Names are loaded when they are first used: pandas and SciPy take two seconds that ``driftlog --help`` need not wait for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftlog_analyzers._analysis import analyze
    from driftlog_analyzers._baseline import Baseline, Constraint
    from driftlog_analyzers._baseline_file import load_baseline, save_baseline
    from driftlog_analyzers._compare import Comparison, compare
    from driftlog_analyzers._elasticsearch._baselines import ElasticsearchBaselines
    from driftlog_analyzers._elasticsearch._state import ElasticsearchState
    from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
    from driftlog_analyzers._episode import Episode, EpisodeSettings, Status
    from driftlog_analyzers._finding import Change, Condition, Evaluation, Outcome, Result, Severity
    from driftlog_analyzers._profile import (
        Categorical,
        FeatureProfile,
        Numeric,
        Text,
        WindowProfile,
    )
    from driftlog_analyzers._quality import (
        Calibration,
        Compared,
        Confusion,
        Deviation,
        Quality,
        compared,
    )
    from driftlog_analyzers._reference import (
        baseline_from_file,
        baseline_from_frame,
        baseline_from_store,
        profile_frame,
    )
    from driftlog_analyzers._settings import Settings
    from driftlog_analyzers._spool_store import SpoolStore
    from driftlog_analyzers._state_file import StateFile
    from driftlog_analyzers._store import (
        EventStore,
        Extent,
        FeatureSpec,
        ProfileSpec,
        QualitySpec,
    )
    from driftlog_analyzers._table import Roles
    from driftlog_analyzers._window import CountSize, TimeSize, Window, WindowSize, parse_size
    from driftlog_analyzers.errors import (
        BaselineError,
        ConfigError,
        DriftlogError,
        InputError,
        StoreError,
    )

__all__ = [
    "Baseline",
    "BaselineError",
    "Calibration",
    "Categorical",
    "Change",
    "Compared",
    "Comparison",
    "Condition",
    "ConfigError",
    "Confusion",
    "Constraint",
    "CountSize",
    "Deviation",
    "DriftlogError",
    "ElasticsearchBaselines",
    "ElasticsearchState",
    "ElasticsearchStore",
    "Episode",
    "EpisodeSettings",
    "Evaluation",
    "EventStore",
    "Extent",
    "FeatureProfile",
    "FeatureSpec",
    "InputError",
    "Numeric",
    "Outcome",
    "ProfileSpec",
    "Quality",
    "QualitySpec",
    "Result",
    "Roles",
    "Settings",
    "Severity",
    "SpoolStore",
    "StateFile",
    "Status",
    "StoreError",
    "Text",
    "TimeSize",
    "Window",
    "WindowProfile",
    "WindowSize",
    "analyze",
    "baseline_from_file",
    "baseline_from_frame",
    "baseline_from_store",
    "compare",
    "compared",
    "load_baseline",
    "parse_size",
    "profile_frame",
    "save_baseline",
]

_HOMES = {
    "_analysis": ("analyze",),
    "_baseline": (
        "Baseline",
        "Constraint",
    ),
    "_baseline_file": (
        "load_baseline",
        "save_baseline",
    ),
    "_compare": (
        "Comparison",
        "compare",
    ),
    "_elasticsearch._baselines": ("ElasticsearchBaselines",),
    "_elasticsearch._state": ("ElasticsearchState",),
    "_elasticsearch._store": ("ElasticsearchStore",),
    "_episode": (
        "Episode",
        "EpisodeSettings",
        "Status",
    ),
    "_finding": (
        "Change",
        "Condition",
        "Evaluation",
        "Outcome",
        "Result",
        "Severity",
    ),
    "_profile": (
        "Categorical",
        "FeatureProfile",
        "Numeric",
        "Text",
        "WindowProfile",
    ),
    "_quality": (
        "Calibration",
        "Compared",
        "Confusion",
        "Deviation",
        "Quality",
        "compared",
    ),
    "_reference": (
        "baseline_from_file",
        "baseline_from_frame",
        "baseline_from_store",
        "profile_frame",
    ),
    "_settings": ("Settings",),
    "_spool_store": ("SpoolStore",),
    "_state_file": ("StateFile",),
    "_store": (
        "EventStore",
        "Extent",
        "FeatureSpec",
        "ProfileSpec",
        "QualitySpec",
    ),
    "_table": ("Roles",),
    "_window": (
        "CountSize",
        "TimeSize",
        "Window",
        "WindowSize",
        "parse_size",
    ),
    "errors": (
        "BaselineError",
        "ConfigError",
        "DriftlogError",
        "InputError",
        "StoreError",
    ),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
