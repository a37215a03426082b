"""Which faults were found, how soon, and which alerts had no fault behind them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from driftlog_analyzers._demo._faults import Fault
from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._replay import Row

_DETECTORS = {
    "vanished": "vanished",
    "nulls": "na_spike",
    "common value": "category_shift",
    "new words": "oov_rate",
}


@dataclass(frozen=True, slots=True)
class Catch:
    """What became of one fault.

    Attributes:
        fault: the fault.
        alert: the first alert about its feature since the onset; None where there is none.
        open: an alert about its feature that was open at the onset already and hides the fault.
        events: events between the onset and the end of the window that raised the alert, that
            window's own included.
    """

    fault: Fault
    alert: Episode | None
    open: Episode | None
    events: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """How the analysis did.

    Attributes:
        catches: one per fault.
        further: more alerts about a faulty feature after its onset.
        false: alerts with no fault behind them.
        feature_windows: features of the baseline times windows with events.
    """

    catches: tuple[Catch, ...]
    further: tuple[Episode, ...]
    false: tuple[Episode, ...]
    feature_windows: int


class Onsets:
    """Counts the rows before each fault's onset as they pass by."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.before = [0] * len(self.faults)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows unchanged."""
        for row in rows:
            for index, fault in enumerate(self.faults):
                self.before[index] += row.timestamp < fault.onset
            yield row


def score(
    onsets: Onsets, evaluations: Sequence[Evaluation], episodes: Sequence[Episode], features: int
) -> Score:
    """Hold the alerts against the faults.

    Args:
        onsets: the faults, with the number of events before each.
        evaluations: of all windows from the first event on, oldest first.
        episodes: all of them.
        features: how many the baseline names.
    """
    alerts = [episode for episode in episodes if episode.raised]
    catches, used = [], set()
    for fault, before in zip(onsets.faults, onsets.before, strict=True):
        hit = _first(fault, alerts)
        events = _events_until(hit, evaluations) - before if hit else None
        catches.append(Catch(fault, hit, None if hit else _hiding(fault, alerts), events))
        used |= {hit.id} if hit else set()
    rest = [alert for alert in alerts if alert.id not in used]
    further = tuple(a for a in rest if any(_explains(fault, a) for fault in onsets.faults))
    false = tuple(alert for alert in rest if alert not in further)
    judged = sum(bool(evaluation.events) for evaluation in evaluations)
    return Score(tuple(catches), further, false, judged * features)


def _explains(fault: Fault, alert: Episode) -> bool:
    """Whether the alert opened in a window that reaches beyond the onset."""
    return alert.feature == fault.feature and alert.opened.end > fault.onset


def _hiding(fault: Fault, alerts: Sequence[Episode]) -> Episode | None:
    same = [alert for alert in alerts if alert.feature == fault.feature]
    lasting = [a for a in same if a.closed is None or a.closed.end > fault.onset]
    return min(lasting, key=lambda alert: alert.opened, default=None)


def _first(fault: Fault, alerts: Sequence[Episode]) -> Episode | None:
    """The first alert that the fault explains; in one window, its own detector's."""
    own = _DETECTORS[fault.kind]
    explained = [alert for alert in alerts if _explains(fault, alert)]
    return min(explained, key=lambda a: (a.raised or a.opened, a.detector != own), default=None)


def _events_until(alert: Episode, evaluations: Sequence[Evaluation]) -> int:
    raised = alert.raised or alert.opened
    return sum(e.events for e in evaluations if e.window <= raised)
