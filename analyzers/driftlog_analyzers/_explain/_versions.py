"""Which model version drops a feature, or sends it null, where a window has several."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from driftlog_analyzers._explain._say import said
from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers._profile import Counts, FeatureProfile, WindowProfile
from driftlog_analyzers._statistics import more_often
from driftlog_analyzers._store import EventStore, ProfileSpec

ASKED = 3
NEARLY_ALL = 0.9
CHANCE = 0.001
_OUTPUT = "prediction."
_ABSENT = FeatureProfile()
_WORDS = {
    "vanished": ("dropped by version {}", "absent in version {} only"),
    "na_spike": ("null in version {}", "null in version {} only"),
}


def mixed(window: WindowProfile, results: Sequence[Result]) -> bool:
    """Whether versions may explain a finding of this window."""
    return len(window.versions) > 1 and any(_struck(result) for result in results)


def by_version(
    store: EventStore,
    spec: ProfileSpec,
    usual: Counts,
    made: Sequence[Evaluation],
    windows: Mapping[int, WindowProfile],
) -> list[Evaluation]:
    """The evaluations, their findings of absent and null values explained by the one version that has all of them.

    Args:
        store: profiles the windows again, by version: of each window at most `ASKED`, those the baseline does not
            know and then the most frequent first.
        spec: how the windows were profiled.
        usual: the baseline's events by version.
        made: evaluations.
        windows: the profiles of those that are `mixed`, by their position.

    Raises:
        StoreError: the store could not answer completely.
    """
    asked: dict[str, list[int]] = {}
    for i, window in windows.items():
        order = sorted(window.versions.items(), key=lambda item: (item[0] in usual, -item[1], item))
        for version, _ in order[:ASKED]:
            asked.setdefault(version, []).append(i)
    explained = list(made)
    for version, numbers in asked.items():
        parts = store.profiles(
            replace(spec, version=version), [explained[i].window for i in numbers]
        )
        for i, part in zip(numbers, parts, strict=True):
            results = (_said(r, windows[i], part, version) for r in explained[i].results)
            explained[i] = replace(explained[i], results=tuple(results))
    return explained


def _said(result: Result, window: WindowProfile, part: WindowProfile, version: str) -> Result:
    words = _words(result, window, part, version)
    return replace(said(result, words), shared={"version": version}) if words else result


def _struck(result: Result) -> bool:
    """Of all events: in a slice, the window's profile by version tells nothing."""
    whole = not result.segment
    return whole and result.outcome is Outcome.FINDING and result.detector in _WORDS


def _words(result: Result, window: WindowProfile, part: WindowProfile, version: str) -> str:
    """The explanation where all struck events are of this version, which chance would not do in 1 of 1,000 windows."""
    if not _struck(result):
        return ""
    hits, n = _strikes(result, window)
    own, own_n = _strikes(result, part)
    if not own or own != hits or more_often(own, own_n, 0, n - own_n) > CHANCE:
        return ""
    nearly_all, some = _WORDS[result.detector]
    return (nearly_all if own >= NEARLY_ALL * own_n else some).format(version)


def _strikes(result: Result, window: WindowProfile) -> tuple[int, int]:
    """How many events lack the feature of how many, or have it null of those that carry it."""
    name = result.feature
    feature = window.features.get(name)
    if feature is None and name.startswith(_OUTPUT):
        feature = window.predictions.get(name.removeprefix(_OUTPUT))
    feature = feature or _ABSENT
    if result.detector == "vanished":
        return window.events - feature.present, window.events
    return feature.nulls, feature.present
