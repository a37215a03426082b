"""Which faults were found, how soon, and which alerts had no fault behind them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from driftlog_analyzers._demo._faults import Fault
from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._replay import Row
from driftlog_analyzers._window import Window

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
    pairs = zip(onsets.faults, onsets.before, strict=True)
    sinces = [_Since(fault, before, evaluations) for fault, before in pairs]
    catches, used = [], set()
    for since in sinces:
        hit = _first(since, alerts)
        events = since.events(hit.raised or hit.opened) if hit else None
        catches.append(Catch(since.fault, hit, None if hit else _hiding(since, alerts), events))
        used |= {hit.id} if hit else set()
    rest = [alert for alert in alerts if alert.id not in used]
    further = tuple(a for a in rest if any(since.explains(a) for since in sinces))
    false = tuple(alert for alert in rest if alert not in further)
    judged = sum(bool(evaluation.events) for evaluation in evaluations)
    return Score(tuple(catches), further, false, judged * features)


@dataclass(frozen=True, slots=True)
class _Since:
    """One fault and the events since its onset.

    They are counted: where timestamps tie, a window that ends at the onset may hold some of them,
    and one that ends later, where the next event stands, may hold none.
    """

    fault: Fault
    before: int
    evaluations: Sequence[Evaluation]

    def events(self, window: Window) -> int:
        """Events between the onset and the end of a window; none or fewer if it ended before."""
        return sum(e.events for e in self.evaluations if e.window <= window) - self.before

    def explains(self, alert: Episode) -> bool:
        """Whether the alert opened in a window with events that the fault struck."""
        return alert.feature == self.fault.feature and self.events(alert.opened) > 0


def _hiding(since: _Since, alerts: Sequence[Episode]) -> Episode | None:
    same = [alert for alert in alerts if alert.feature == since.fault.feature]
    lasting = [a for a in same if a.closed is None or since.events(a.closed) > 0]
    return min(lasting, key=lambda alert: alert.opened, default=None)


def _first(since: _Since, alerts: Sequence[Episode]) -> Episode | None:
    """The first alert that the fault explains; in one window, its own detector's."""
    own = _DETECTORS[since.fault.kind]
    explained = [alert for alert in alerts if since.explains(alert)]
    return min(explained, key=lambda a: (a.raised or a.opened, a.detector != own), default=None)
