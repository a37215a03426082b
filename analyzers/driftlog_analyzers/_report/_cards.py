"""One alert as its card shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._report._evidence import Evidence, Profiles, build_evidence
from driftlog_analyzers._report._format import (
    TITLE_LENGTH,
    clip,
    moment,
    number,
    percent,
    probability,
    window,
)
from driftlog_analyzers._report._words import (
    change_words,
    detector_words,
    effect_words,
    headline,
    statistic_words,
    status_words,
)

_SUMMARY_LENGTH = 400
_SAMPLES = 5
_TESTED: Mapping[str, str] = {"volume": "events in the window", "oov_rate": "texts tested"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name and its meaning."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One row of the table of changes; the shares are empty where the changes are no shares."""

    value: str
    before: str
    after: str
    before_count: str
    after_count: str


@dataclass(frozen=True, slots=True)
class Card:
    """One alert.

    Attributes:
        anchor: its id in the page.
        headline: what happened, in a few words.
        state: ``open`` or ``closed``.
        events: ids of a few events that show it.
        moved: the table of those changes that no bars show.
        heading: what the table's first column holds.
    """

    id: str
    anchor: str
    headline: str
    feature: str
    severity: str
    state: str
    status: str
    since: str
    summary: str
    facts: tuple[Fact, ...]
    evidence: Evidence
    moved: tuple[Moved, ...]
    heading: str
    statistics: tuple[tuple[str, str], ...]
    events: tuple[str, ...]


def build_card(episode: Episode, baseline: WindowProfile, profiles: Profiles, points: int) -> Card:
    """Lay out one alert with the evidence of its latest finding.

    Args:
        episode: the alert.
        baseline: the reference's profile.
        profiles: every analysed window with its profile, oldest first.
        points: how many points its line over time may have.
    """
    latest = episode.latest
    if episode.segment:
        baseline = baseline.segment(episode.segment)
        profiles = [(w, profile.segment(episode.segment)) for w, profile in profiles]
    evidence = build_evidence(
        latest,
        baseline,
        profiles,
        episode.opened,
        episode.last,
        points=points,
    )
    kind = latest.condition.kind if latest.condition else ""
    return Card(
        id=episode.id,
        anchor=f"alert-{episode.id}",
        headline=headline(episode),
        feature=clip(episode.feature, TITLE_LENGTH),
        severity=str(episode.severity),
        state="open" if episode.open else "closed",
        status=status_words(episode),
        since=moment(episode.opened.start),
        summary=clip(latest.summary, _SUMMARY_LENGTH),
        facts=_facts(episode, evidence),
        evidence=evidence,
        moved=_moved(evidence, shares=bool(episode.feature)),
        heading="token" if kind == "unknown_tokens" else "value" if kind == "values" else "what",
        statistics=tuple(statistic_words(*item) for item in latest.statistics.items()),
        events=tuple(clip(event, 80) for event in latest.events[:_SAMPLES]),
    )


def _facts(episode: Episode, evidence: Evidence) -> tuple[Fact, ...]:
    latest = episode.latest
    change = change_words(latest, evidence)
    until = moment(episode.closed.start) if episode.closed else "now"
    windows = f"{number(episode.windows)} bad window" + ("" if episode.windows == 1 else "s")
    return (
        *([Fact("before → after", *change)] if change else []),
        Fact("since", moment(episode.opened.start), f"until {until}"),
        Fact("windows", windows, f"latest bad one: {window(episode.last)}"),
        Fact(
            "tested on",
            number(latest.n),
            _TESTED.get(latest.detector, "events or values in the latest window"),
        ),
        Fact("p-value", *probability(latest.p_value)),
        Fact("effect", *effect_words(latest)),
        Fact("detector", detector_words(episode.detector), f"alert {episode.id}"),
    )


def _moved(evidence: Evidence, *, shares: bool) -> tuple[Moved, ...]:
    return tuple(
        Moved(
            clip(change.value, TITLE_LENGTH) or "(empty)",
            percent(change.before) if shares else "",
            percent(change.after) if shares else "",
            number(change.before_count),
            number(change.after_count),
        )
        for change in evidence.changes
    )
