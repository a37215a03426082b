"""What is worth a line and no card: notices, and what could not be judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers._report._format import TITLE_LENGTH, clip, moment, number
from driftlog_analyzers._report._grid import WHOLE
from driftlog_analyzers._report._words import detector_words
from driftlog_analyzers._window import Window

MAX_REMARKS = 40


@dataclass(frozen=True, slots=True)
class Remark:
    """What one detector said of one feature, over all windows in which it said so."""

    feature: str
    detector: str
    windows: str
    first: str
    last: str
    summary: str


def notices(evaluations: Sequence[Evaluation], pending: Sequence[Episode]) -> tuple[Remark, ...]:
    """Findings that open no alert, and alerts that wait for further bad windows."""
    waiting = (
        Remark(
            clip(_named(episode.feature, episode.segment), TITLE_LENGTH),
            detector_words(episode.detector),
            number(episode.windows),
            moment(episode.opened.start),
            moment(episode.last.start),
            clip(f"pending: {episode.summary}", 240),
        )
        for episode in pending
    )
    said = ((e.window, result) for e in evaluations for result in e.notices)
    return (*waiting, *_remarks(said))[:MAX_REMARKS]


def gaps(evaluations: Sequence[Evaluation]) -> tuple[Remark, ...]:
    """What could not be judged for want of data, of windows that have events at all."""
    return _remarks(
        (e.window, result)
        for e in evaluations
        for result in e.results
        if e.events and result.outcome is Outcome.INSUFFICIENT
    )[:MAX_REMARKS]


def _remarks(said: Iterable[tuple[Window, Result]]) -> tuple[Remark, ...]:
    groups: dict[tuple[str, str, str], list[tuple[Window, Result]]] = {}
    for window, result in said:
        about = (result.feature, result.detector, result.segment)
        groups.setdefault(about, []).append((window, result))
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Remark(
            clip(_named(feature, segment), TITLE_LENGTH),
            detector_words(detector),
            number(len(group)),
            moment(group[0][0].start),
            moment(group[-1][0].start),
            clip(group[-1][1].summary, 240),
        )
        for (feature, detector, segment), group in ordered
    )


def _named(feature: str, segment: str) -> str:
    return f"{feature or WHOLE} in {segment}" if segment else feature or WHOLE
