"""Alerts as episodes: the findings of one detector about one feature as one thing with a life.

::

    bad ──▶ pending ──delay bad windows in a row──▶ active ◀──bad──┐
               │                                      │ good       │
               │ good                                 ▼            │
               └────────▶ inactive ◀──quiet good── recovering ─────┘

A window with an alerting result is bad. One without is good, unless too little is known of it: it
has no events, or the detector (about the feature or about the window) or the window as a whole answered
``insufficient_data``, or the effect is still at least half of the episode's largest though the window has too
few events to be sure.
Such a window changes nothing.

An alert that went from bad to good or back `flapping` times within its last 20 known windows is flapping: it closes
only after as many good windows. One that closed earlier comes back as the same alert if it is bad again before that.
So a fault at every other window is one alert, whatever the delay and the quiet are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator, Field

from driftlog_analyzers._cause import Membership
from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._grouping import alone, joined, size_of
from driftlog_analyzers._window import Window

WHOLE_WINDOW = "window"
LOOK_BACK = 20
SHORT = timedelta(hours=1)
_BAD, _GOOD = "bg"
_SEVERITIES = tuple(Severity)

_Key = tuple[str, str, str]
"""Detector, feature and segment."""


class Status(StrEnum):
    """Where an episode stands in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RECOVERING = "recovering"
    INACTIVE = "inactive"


def _more_than_one(changes: int) -> int:
    if changes == 1:
        raise ValueError("every fault changes once; write 0 for never, or 2 or more")
    return changes


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """When episodes begin and end.

    Attributes:
        delay: bad windows in a row that make an alert, at least 1; None, two of windows shorter than an hour, else
            one.
        quiet: good windows in a row that close it, at least 1.
        flapping: changes between bad and good within `LOOK_BACK` windows that make it flapping, at least 2; 0, it
            never is.
        grouping: whether alerts that begin together and share a cause become one incident.
        sources: patterns of the features that come from one source each; beside them, the first word of a feature's
            name tells.
    """

    delay: Annotated[int, Field(ge=1, strict=True)] | None = None
    quiet: Annotated[int, Field(ge=1, strict=True)] = 2
    flapping: Annotated[
        int, Field(ge=0, lt=LOOK_BACK, strict=True), AfterValidator(_more_than_one)
    ] = 4
    grouping: Annotated[bool, Field(strict=True)] = True
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def delay_of(self, window: Window) -> int:
        """The delay for windows like this: many short ones are judged each week, and chance seldom strikes twice."""
        if self.delay is not None:
            return self.delay
        by_time = not window.start_id and not window.end_id
        return 2 if by_time and window.end - window.start < SHORT else 1


@dataclass(frozen=True, slots=True)
class Step:
    """A severity, and the window since which it is that."""

    window: Window
    severity: Severity


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
        closed: the good window that ended it; None while it is open.
        windows: bad windows so far.
        good: good windows since the latest bad one.
        peak: the effect farthest from zero so far, in the detector's unit.
        first: the opening window's result.
        latest: the latest bad window's result.
        segment: the slice that it is about; empty for all events.
        versions: the model versions that served in the latest bad window, the most frequent first.
        streak: bad windows in a row, up to the latest bad one.
        recent: its last `LOOK_BACK` known windows, ``b`` for bad and ``g`` for good.
        flapping: whether it goes back and forth.
        reopened: how often it came back after it had closed.
        over: whether it has ended for good.
        course: every rise of the severity, the first severity at the head.
        incident: what it belongs to.
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
    streak: int = 1
    recent: str = _BAD
    flapping: bool = False
    reopened: int = 0
    over: bool = False
    course: tuple[Step, ...] = ()
    incident: Membership | None = None

    @property
    def summary(self) -> str:
        """The latest finding in one sentence."""
        return self.latest.summary

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status is not Status.INACTIVE


def advance(
    episodes: Iterable[Episode],
    evaluation: Evaluation,
    settings: EpisodeSettings,
    beside: Iterable[Episode] = (),
) -> tuple[Episode, ...]:
    """Carry the episodes one window on.

    Windows must come in order and each once; after a revision, `fold` them again. Episodes of other
    models stay as they are.

    Args:
        episodes: the episodes before the window; those that are over are left out of the answer.
        evaluation: the window's results.
        settings: when episodes begin and end.
        beside: episodes of the model by windows of other sizes, whose incidents new ones may join.

    Returns:
        Every episode that is not over or that this window ended: those of `episodes` in their
        order, then the new ones, the gravest first.
    """
    bad = _worst(evaluation)
    unknown = _unknown(evaluation)
    weak = {_key(r): r.effect for r in evaluation.results if r.weak}
    carried = []
    for episode in episodes:
        key = _key(episode)
        if episode.over:
            continue
        if episode.model != evaluation.model:
            carried.append(episode)
        elif result := bad.pop(key, None):
            carried.append(_worse(episode, evaluation, result, settings))
        elif unknown(key) or _lingers(episode, weak.get(key)):
            carried.append(episode)
        else:
            carried.append(_better(episode, evaluation.window, settings))
    opened = [_begin(evaluation, result, settings) for result in bad.values()]
    if not settings.grouping:
        return (*carried, *map(alone, opened))
    ours = [e for e in beside if e.model == evaluation.model and not _alike(e, evaluation.window)]
    opened, known = joined(opened, [*carried, *ours], settings.sources)
    return (*known[: len(carried)], *opened)


def fold(
    evaluations: Iterable[Evaluation],
    settings: EpisodeSettings,
    beside: Sequence[Episode] = (),
) -> tuple[Episode, ...]:
    """All episodes of a history, in the order in which they opened.

    Args:
        evaluations: of windows of one size, in any order; the highest revision of each counts.
        settings: when episodes begin and end.
        beside: all episodes by windows of other sizes.
    """
    latest = {
        (evaluation.model, evaluation.window): evaluation
        for evaluation in sorted(evaluations, key=lambda evaluation: evaluation.revision)
    }
    known: dict[str, Episode] = {}
    current: Sequence[Episode] = ()
    for evaluation in sorted(latest.values(), key=lambda e: (e.window, e.model)):
        current = advance(current, evaluation, settings, beside)
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
    return lambda key: bool(keys & {key, (key[0], "", key[2]), (WHOLE_WINDOW, "", key[2])})


def _begin(evaluation: Evaluation, result: Result, settings: EpisodeSettings) -> Episode:
    raised = settings.delay_of(evaluation.window) <= 1
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
        course=(Step(evaluation.window, result.severity),),
    )


def _worse(
    episode: Episode, evaluation: Evaluation, result: Result, settings: EpisodeSettings
) -> Episode:
    window = evaluation.window
    recent = (episode.recent + _BAD)[-LOOK_BACK:]
    streak = 1 if episode.good else episode.streak + 1
    flapping = _flaps(recent, settings)
    raised = episode.raised or (window if flapping or streak >= settings.delay_of(window) else None)
    severity = max(episode.severity, result.severity, key=_SEVERITIES.index)
    rises = severity is not episode.severity
    return replace(
        episode,
        status=Status.ACTIVE if raised else Status.PENDING,
        severity=severity,
        last=window,
        raised=raised,
        closed=None,
        windows=episode.windows + 1,
        good=0,
        peak=max(episode.peak, result.effect, key=abs),
        latest=result,
        versions=evaluation.versions,
        streak=streak,
        recent=recent,
        flapping=flapping,
        reopened=episode.reopened + (episode.closed is not None),
        course=(*episode.course, Step(window, severity)) if rises else episode.course,
    )


def _better(episode: Episode, window: Window, settings: EpisodeSettings) -> Episode:
    good = episode.good + 1
    recent = (episode.recent + _GOOD)[-LOOK_BACK:]
    over = good >= max(1, settings.flapping)
    if not episode.open:
        return replace(episode, good=good, recent=recent, over=over)
    flapping = _flaps(recent, settings)
    quiet = max(settings.quiet, settings.flapping) if flapping else settings.quiet
    if episode.raised and good < quiet:
        status, closed = Status.RECOVERING, None
    else:
        status, closed = Status.INACTIVE, window
    return replace(
        episode,
        status=status,
        closed=closed,
        good=good,
        recent=recent,
        flapping=flapping,
        over=over and closed is not None,
    )


def _flaps(recent: str, settings: EpisodeSettings) -> bool:
    changes = recent.count("bg") + recent.count("gb")
    return 0 < settings.flapping <= changes


def _alike(episode: Episode, window: Window) -> bool:
    """Whether it is an episode of windows of the same size."""
    return size_of(episode.opened) == size_of(window)


def _key(about: Episode | Result) -> _Key:
    return about.detector, about.feature, about.segment


def _identity(model: str, result: Result, window: Window) -> str:
    """The end is in the hash because an hour and a day may begin together."""
    begin, end = window.start.timestamp(), window.end.timestamp()
    parts = (model, result.detector, result.feature, result.segment, begin, window.start_id, end)
    return sha256(repr(parts).encode()).hexdigest()[:16]
