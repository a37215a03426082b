"""Resources: the service's process or its shipper is in trouble, by its heartbeats.

Rules, no tests; each names the worst shipper. Memory and processor time per event are compared with the week before:
their medians by window, and the largest of them, so that what comes and goes every day is no finding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from driftlog_analyzers._beats import Beats, ByShipper
from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._statistics import counted, percent
from driftlog_analyzers._window import Window

NAME = "resources"
FEWEST = 12
"""Earlier windows with heartbeats that a comparison needs."""
GROWTH = 0.5
ABOVE_LARGEST = 0.1
"""Growth over the median of the earlier windows, and over the largest of them."""
LATE = 900.0
"""Seconds that the oldest unsent event may wait."""
REFUSED = 10
REFUSED_SHARE = 0.01
HIGH = 0.1
"""Events in quarantine, and their share of those that were logged, that are a finding; the share of a grave one."""
_DAY = timedelta(days=1)
MISSED = 2
EVENTS = 100
"""Intervals without a heartbeat that are silence; events that processor time is divided by, at least."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one rule says of one shipper."""

    feature: str
    found: bool
    effect: float
    words: str
    severity: Severity
    changes: tuple[Change, ...] = ()


def resources(
    window: Window, now: ByShipper, earlier: Sequence[tuple[Window, ByShipper]]
) -> list[Result]:
    """Judge the shippers of one closed window.

    The effect is, by feature: of ``shipper.memory`` and ``shipper.cpu`` the growth over the median of the week before,
    of ``shipper.loss`` the number of lost events, of ``shipper.quarantine`` the share of events that were refused or
    damaged, of ``shipper.delay`` the oldest unsent event's age in seconds, of ``shipper.silence`` the intervals without
    heartbeat at the window's end.

    Args:
        window: the window.
        now: its heartbeats.
        earlier: those of the windows before, of a week at the most, oldest first.
    """
    answers: dict[str, list[_Answer]] = {}
    for shipper in sorted({*now, *_lately(window, earlier)}):
        past = [(w, beats[shipper]) for w, beats in earlier if shipper in beats]
        for answer in _of_shipper(shipper, window, now.get(shipper), past):
            answers.setdefault(answer.feature, []).append(answer)
    return [_worst(found) for found in answers.values()]


def _lately(window: Window, earlier: Sequence[tuple[Window, ByShipper]]) -> set[str]:
    """Shippers of the day before that beat more than once: one that was taken away is forgotten after a day."""
    beats: dict[str, int] = {}
    for before, found in earlier:
        if before.end >= window.start - _DAY:
            for name, one in found.items():
                beats[name] = beats.get(name, 0) + one.count
    return {name for name, count in beats.items() if count > 1}


def silent(results: Sequence[Result]) -> bool:
    """Whether some shipper is silent."""
    return any(r.feature == "shipper.silence" and r.alerts for r in results)


def _worst(answers: Sequence[_Answer]) -> Result:
    worst = max(answers, key=lambda answer: (answer.found, answer.effect))
    return Result(
        NAME,
        worst.feature,
        Outcome.FINDING if worst.found else Outcome.OK,
        worst.words,
        severity=worst.severity,
        n=len(answers),
        effect=worst.effect,
        changes=worst.changes,
    )


def _of_shipper(
    shipper: str, window: Window, now: Beats | None, past: Sequence[tuple[Window, Beats]]
) -> Iterator[_Answer]:
    yield _silence(shipper, window, now or past[-1][1])
    if now is None:
        return
    yield _loss(shipper, now, past)
    yield _quarantine(shipper, now, past)
    late = f"{shipper}: the oldest unsent event waited {now.oldest:,.0f} s, over {LATE:,.0f}"
    yield _Answer("shipper.delay", now.oldest > LATE, now.oldest, late, Severity.MEDIUM)
    before = [beats for _, beats in past]
    memory = _known({beats.last: beats.memory for beats in before})
    if now.memory and len(memory) >= FEWEST:
        yield _grown("memory", f"{shipper}: memory", "MiB", now.memory / 2**20, _scaled(memory))
    usual = [cost for w, beats in past if (cost := _per_event(w, beats)) is not None]
    cost = _per_event(window, now)
    if cost is not None and len(usual) >= FEWEST:
        yield _grown("cpu", f"{shipper}: processor time", "ms per event", cost, usual)


def _silence(shipper: str, window: Window, latest: Beats) -> _Answer:
    missed = (window.end - latest.last).total_seconds() / latest.every
    words = (
        f"{shipper}: the shipper is silent since {latest.last:%Y-%m-%d %H:%M:%S} UTC, {missed:,.0f} heartbeats ago;"
        " nothing can be said of events that it has not sent"
    )
    return _Answer("shipper.silence", missed > MISSED, missed, words, Severity.HIGH)


def _loss(shipper: str, now: Beats, past: Sequence[tuple[Window, Beats]]) -> _Answer:
    before = past[-1][1].lost if past else 0
    lost = max(0, now.lost - before)
    words = f"{shipper}: {counted(lost, 'event')} lost, dropped by the shipper or not accepted by the spool"
    return _Answer("shipper.loss", lost > 0, float(lost), words, Severity.HIGH)


def _quarantine(shipper: str, now: Beats, past: Sequence[tuple[Window, Beats]]) -> _Answer:
    refused = max(0, now.refused - (past[-1][1].refused if past else 0))
    share = refused / max(refused, now.shipped) if refused else 0.0
    words = (
        f"{shipper}: {counted(refused, 'event')} ({percent(share)}) refused by Elasticsearch or damaged; they are in"
        " upload/quarantine there, and driftlog status counts them by reason"
    )
    found = refused >= REFUSED and share >= REFUSED_SHARE
    severity = Severity.HIGH if share >= HIGH else Severity.MEDIUM
    return _Answer("shipper.quarantine", found, share, words, severity)


def _grown(name: str, what: str, unit: str, now: float, earlier: Sequence[float]) -> _Answer:
    usual, largest = median(earlier), max(earlier)
    growth = now / usual - 1.0 if usual > 0 else 0.0
    found = growth >= GROWTH and now > largest * (1.0 + ABOVE_LARGEST)
    words = f"{what} went from {usual:,.3g} to {now:,.3g} {unit} (largest of the week before: {largest:,.3g})"
    return _Answer(f"shipper.{name}", found, growth, words, Severity.MEDIUM)


def _per_event(window: Window, beats: Beats) -> float | None:
    """Milliseconds of processor time for each event."""
    if beats.cpu is None or beats.shipped < EVENTS:
        return None
    spent = beats.cpu / 100.0 * (window.end - window.start).total_seconds()
    return spent * 1000.0 / beats.shipped


def _known(values: Mapping[object, float | None]) -> list[float]:
    return [value for value in values.values() if value]


def _scaled(values: Sequence[float]) -> list[float]:
    return [value / 2**20 for value in values]
