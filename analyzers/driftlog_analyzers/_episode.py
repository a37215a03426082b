"""Alerts as episodes: the findings of one detector about one feature as one thing with a life.

::

    bad ──▶ pending ──delay bad windows in a row──▶ active ◀──bad──┐
               │                                      │ good       │
               │ good                                 ▼            │
               └────────▶ inactive ◀──quiet good── recovering ─────┘

A window with an alerting result is bad. One without is good, unless too little is known of it: it
has no events, or the detector or the window as a whole answered ``insufficient_data``, or the effect
is still at least half of the episode's largest though the window has too few events to be sure.
Such a window changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._window import Window

WHOLE_WINDOW = "window"
_SEVERITIES = tuple(Severity)

_Key = tuple[str, str, str]
"""Detector, feature and segment."""


class Status(StrEnum):
    """Where an episode stands in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RECOVERING = "recovering"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """When episodes begin and end.

    Attributes:
        delay: bad windows in a row that make an alert, at least 1.
        quiet: good windows in a row that close it, at least 1.
    """

    delay: Annotated[int, Field(ge=1, strict=True)] = 1
    quiet: Annotated[int, Field(ge=1, strict=True)] = 2


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert, from its first bad window to its close.

    Attributes:
        id: 16 hex digits, a hash of model, detector, feature, segment and the opening window.
        model: the model's name.
        detector: whose findings they are.
        feature: the feature, or empty for the window as a whole.
        status: where it stands.
        severity: the worst so far.
        opened: the first bad window.
        last: the latest bad window.
        raised: the window that made it an alert; None while pending, and for ever if it ended so.
        closed: the good window that ended it.
        windows: bad windows so far.
        good: good windows since the latest bad one.
        peak: the effect farthest from zero so far, in the detector's unit.
        first: the opening window's result.
        latest: the latest bad window's result.
        segment: the slice that it is about; empty for all events.
        versions: the model versions that served in the latest bad window, the most frequent first.
    """

    id: str
    model: str
    detector: str
    feature: str
    status: Status
    severity: Severity
    opened: Window
    last: Window
    raised: Window | None
    closed: Window | None
    windows: int
    good: int
    peak: float
    first: Result
    latest: Result
    segment: str = ""
    versions: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The latest finding in one sentence."""
        return self.latest.summary

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status is not Status.INACTIVE


def advance(
    episodes: Iterable[Episode], evaluation: Evaluation, settings: EpisodeSettings
) -> tuple[Episode, ...]:
    """Carry the open episodes one window on.

    Windows must come in order and each once; after a revision, `fold` them again. Episodes of other
    models stay as they are.

    Args:
        episodes: the episodes before the window; closed ones are left out of the answer.
        evaluation: the window's results.
        settings: when episodes begin and end.

    Returns:
        Every episode that is still open or that this window closed: those of `episodes` in their
        order, then the new ones, the gravest first.
    """
    bad = _worst(evaluation)
    unknown = _unknown(evaluation)
    weak = {_key(r): r.effect for r in evaluation.results if r.weak}
    carried = []
    for episode in episodes:
        key = _key(episode)
        if not episode.open:
            continue
        if episode.model != evaluation.model:
            carried.append(episode)
        elif result := bad.pop(key, None):
            carried.append(_worse(episode, evaluation, result, settings))
        elif unknown(key) or _lingers(episode, weak.get(key)):
            carried.append(episode)
        else:
            carried.append(_better(episode, evaluation.window, settings))
    opened = (_begin(evaluation, result, settings) for result in bad.values())
    return (*carried, *opened)


def fold(evaluations: Iterable[Evaluation], settings: EpisodeSettings) -> tuple[Episode, ...]:
    """All episodes of a history, in the order in which they opened.

    Args:
        evaluations: of windows of one size, in any order; the highest revision of each counts.
        settings: when episodes begin and end.
    """
    latest = {
        (evaluation.model, evaluation.window): evaluation
        for evaluation in sorted(evaluations, key=lambda evaluation: evaluation.revision)
    }
    known: dict[str, Episode] = {}
    current: Sequence[Episode] = ()
    for evaluation in sorted(latest.values(), key=lambda e: (e.window, e.model)):
        current = advance(current, evaluation, settings)
        known |= {episode.id: episode for episode in current}
    return tuple(known.values())


def _lingers(episode: Episode, effect: float | None) -> bool:
    """Whether an effect that is not significant is still at least half of the largest, in its direction."""
    return effect is not None and effect * episode.peak > 0 and abs(effect) >= abs(episode.peak) / 2


def _worst(evaluation: Evaluation) -> dict[_Key, Result]:
    """The gravest alerting result per detector, feature and segment."""
    worst: dict[_Key, Result] = {}
    for result in sorted(evaluation.findings, key=_gravity, reverse=True):
        worst.setdefault(_key(result), result)
    return worst


def _gravity(result: Result) -> tuple[int, float]:
    return _SEVERITIES.index(result.severity), abs(result.effect)


def _unknown(evaluation: Evaluation) -> Callable[[_Key], bool]:
    """Tells what the window, or the slice as a whole, says nothing about."""
    keys = {_key(r) for r in evaluation.results if r.outcome is Outcome.INSUFFICIENT}
    if not evaluation.events or (WHOLE_WINDOW, "", "") in keys:
        return lambda _: True
    return lambda key: key in keys or (WHOLE_WINDOW, "", key[2]) in keys


def _begin(evaluation: Evaluation, result: Result, settings: EpisodeSettings) -> Episode:
    raised = settings.delay <= 1
    return Episode(
        id=_identity(evaluation.model, result, evaluation.window),
        model=evaluation.model,
        detector=result.detector,
        feature=result.feature,
        status=Status.ACTIVE if raised else Status.PENDING,
        severity=result.severity,
        opened=evaluation.window,
        last=evaluation.window,
        raised=evaluation.window if raised else None,
        closed=None,
        windows=1,
        good=0,
        peak=result.effect,
        first=result,
        latest=result,
        segment=result.segment,
        versions=evaluation.versions,
    )


def _worse(
    episode: Episode, evaluation: Evaluation, result: Result, settings: EpisodeSettings
) -> Episode:
    windows, window = episode.windows + 1, evaluation.window
    raised = episode.raised or (window if windows >= settings.delay else None)
    return replace(
        episode,
        status=Status.ACTIVE if raised else Status.PENDING,
        severity=max(episode.severity, result.severity, key=_SEVERITIES.index),
        last=window,
        raised=raised,
        windows=windows,
        good=0,
        peak=max(episode.peak, result.effect, key=abs),
        latest=result,
        versions=evaluation.versions,
    )


def _better(episode: Episode, window: Window, settings: EpisodeSettings) -> Episode:
    good = episode.good + 1
    if episode.raised and good < settings.quiet:
        return replace(episode, status=Status.RECOVERING, good=good)
    return replace(episode, status=Status.INACTIVE, good=good, closed=window)


def _key(about: Episode | Result) -> _Key:
    return about.detector, about.feature, about.segment


def _identity(model: str, result: Result, window: Window) -> str:
    """The end is in the hash because an hour and a day may begin together."""
    begin, end = window.start.timestamp(), window.end.timestamp()
    parts = (model, result.detector, result.feature, result.segment, begin, window.start_id, end)
    return sha256(repr(parts).encode()).hexdigest()[:16]
