"""What the report says, as plain values: `ReportData` in, `View` out. Nothing here knows HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Evaluation, Outcome, Severity
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._report._cards import Card, build_card
from driftlog_analyzers._report._evidence import MAX_POINTS
from driftlog_analyzers._report._format import clip, moment, number, span
from driftlog_analyzers._report._grid import Grid, build_grid, rank
from driftlog_analyzers._report._tables import Remark, gaps, notices
from driftlog_analyzers._report._words import NAME_LENGTH, headline
from driftlog_analyzers._window import Window, WindowSize

MAX_CARDS = 100
MAX_LISTED = 400
FINE_CARDS = 40


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a report is made of.

    Attributes:
        model: the model's name.
        baseline: what the windows were compared with.
        size: of the windows.
        generated: when the report is made, UTC.
        evaluations: one per window, oldest first.
        profiles: the same windows with their profiles, oldest first.
        episodes: the alerts, in any order.
        budget: tolerated false alerts per 1,000 feature-windows without a fault.
        accounting: lines and events that were set aside or dropped, by what happened to them.
        caution: what keeps the evaluations and the baseline from belonging together, if anything.
    """

    model: str
    baseline: Baseline
    size: WindowSize
    generated: datetime
    evaluations: Sequence[Evaluation]
    profiles: Sequence[tuple[Window, WindowProfile]]
    episodes: Sequence[Episode]
    budget: float = 1.0
    accounting: Mapping[str, int] = field(default_factory=dict)
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the headline: `tone` is ``bad``, ``good`` or empty."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the template shows, in its order.

    Attributes:
        analysed: whether there are windows at all.
        tone: ``bad`` with open alerts, ``good`` without, ``empty`` where nothing could be judged.
        open: how many alerts are open, those without a card included.
        more: alerts that have no card because there are too many, in words.
    """

    model: str
    versions: str
    baseline: str
    source: str
    size: str
    covered: str
    generated: str
    analysed: bool
    tone: str
    verdict: str
    tiles: tuple[Tile, ...]
    grid: Grid
    cards: tuple[Card, ...]
    open: int
    more: tuple[str, ...]
    unlisted: int
    notices: tuple[Remark, ...]
    gaps: tuple[Remark, ...]
    accounting: tuple[tuple[str, str], ...]
    budget: str
    caution: str


def build_view(data: ReportData) -> View:
    """Lay out the report's values."""
    alerts = _order(data.episodes)
    points = MAX_POINTS * FINE_CARDS // max(FINE_CARDS, min(len(alerts), MAX_CARDS))
    cards = tuple(
        build_card(episode, data.baseline.profile, data.profiles, points)
        for episode in alerts[:MAX_CARDS]
    )
    more = tuple(
        f"{headline(e)}: {e.severity}, since {moment(e.opened.start)}" for e in alerts[MAX_CARDS:]
    )
    grid = build_grid(data.evaluations, _features(data), _anchors(alerts[:MAX_CARDS]))
    return View(
        model=clip(data.model, NAME_LENGTH),
        versions=_versions(data),
        baseline=clip(data.baseline.name, 2 * NAME_LENGTH),
        source=clip(data.baseline.source, 200),
        size=str(data.size),
        covered=_covered(data.evaluations),
        generated=moment(data.generated),
        analysed=bool(data.evaluations),
        tone="bad"
        if any(e.open for e in alerts)
        else "good"
        if _judged(data.evaluations)
        else "empty",
        verdict=_verdict(data, alerts),
        tiles=_tiles(data, alerts, grid),
        grid=grid,
        cards=cards,
        open=sum(episode.open for episode in alerts),
        more=more[:MAX_LISTED],
        unlisted=max(0, len(more) - MAX_LISTED),
        notices=notices(data.evaluations, [e for e in data.episodes if e.status is Status.PENDING]),
        gaps=gaps(data.evaluations),
        accounting=tuple(
            (clip(name, NAME_LENGTH), number(count)) for name, count in data.accounting.items()
        ),
        budget=number(data.budget),
        caution=clip(data.caution, 400),
    )


def _order(episodes: Sequence[Episode]) -> list[Episode]:
    """Alerts only: the open ones first, the gravest first, the oldest first."""
    alerts = [episode for episode in episodes if episode.raised]
    return sorted(
        alerts, key=lambda e: (not e.open, -rank(e.severity), e.opened, e.feature, e.detector)
    )


def _features(data: ReportData) -> list[str]:
    seen = {name for _, profile in data.profiles for name in profile.features}
    return sorted({*data.baseline.constraints, *data.baseline.profile.features, *seen})


def _anchors(alerts: Sequence[Episode]) -> dict[str, tuple[int, str]]:
    anchors: dict[str, tuple[int, str]] = {}
    for episode in alerts:
        anchors.setdefault(
            episode.feature, (rank(episode.severity) if episode.open else 0, f"alert-{episode.id}")
        )
    return anchors


def _versions(data: ReportData) -> str:
    versions: dict[str, int] = {}
    for _, profile in data.profiles:
        for version, count in profile.versions.items():
            versions[version] = versions.get(version, 0) + count
    named = sorted(versions, key=lambda version: -versions[version])
    shown = ", ".join(
        f"{clip(name, 20) or '(none)'} ({number(versions[name])} events)" for name in named[:4]
    )
    if len(named) == 1:
        return clip(named[0], NAME_LENGTH)
    return (shown + (f" and {len(named) - 4} more" if len(named) > 4 else "")) or "unknown"  # noqa: PLR2004  fit a line


def _covered(evaluations: Sequence[Evaluation]) -> str:
    return (
        span(evaluations[0].window.start, evaluations[-1].window.end) if evaluations else "nothing"
    )


def _judged(evaluations: Sequence[Evaluation]) -> bool:
    """Whether anything was found out of any window with events."""
    return any(
        evaluation.events
        and evaluation.checked > sum(r.outcome is Outcome.INSUFFICIENT for r in evaluation.results)
        for evaluation in evaluations
    )


def _verdict(data: ReportData, alerts: Sequence[Episode]) -> str:
    active = [episode for episode in alerts if episode.open]
    if active:
        worst = f"{headline(active[0])} since {moment(active[0].opened.start)}"
        return (
            f"{_count(len(active), 'open alert')}{'; worst' if len(active) > 1 else ''}: {worst}."
        )
    if not data.evaluations:
        return "Nothing has been analysed yet."
    windows = _count(len(data.evaluations), "window")
    if not any(evaluation.events for evaluation in data.evaluations):
        return f"No events in {windows}: is the service running, and is this its spool?"
    if not _judged(data.evaluations):
        return f"Too few events in {windows} to judge anything: analyse larger windows."
    if alerts:
        return f"No open alerts. {_count(len(alerts), 'alert')} opened and closed again."
    return "No alerts: production looks like the baseline."


def _count(count: int, noun: str) -> str:
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def _tiles(data: ReportData, alerts: Sequence[Episode], grid: Grid) -> tuple[Tile, ...]:
    active = [episode for episode in alerts if episode.open]
    ill = len({episode.feature for episode in active if episode.feature})
    events = sum(evaluation.events for evaluation in data.evaluations)
    silent = sum(not evaluation.events for evaluation in data.evaluations)
    features = sum(1 for row in grid.rows if row.feature) + grid.omitted
    worst = str(active[0].severity) if active else str(Severity.INFO)
    return (
        Tile(
            "open alerts",
            number(len(active)),
            f"worst: {worst}" if active else "all quiet",
            "bad" if active else "good",
        ),
        Tile("closed alerts", number(len(alerts) - len(active)), "in this span"),
        Tile(
            "features",
            f"{number(ill)} of {number(features)}",
            "with an open alert",
            "bad" if ill else "",
        ),
        Tile("windows", number(len(data.evaluations)), f"{number(silent)} without events"),
        Tile("events", number(events), f"baseline: {number(data.baseline.profile.events)}"),
    )
