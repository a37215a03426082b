"""What a detector says: a result per feature and window, with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from driftlog_analyzers._profile import Slice
from driftlog_analyzers._window import Window


class Outcome(StrEnum):
    """The three answers of a detector."""

    OK = "ok"
    FINDING = "finding"
    INSUFFICIENT = "insufficient_data"


class Severity(StrEnum):
    """How bad a finding is; `INFO` is a notice and never opens an alert."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Change:
    """One value, token, type or rate that moved.

    Attributes:
        value: its name.
        before: its share or rate in the baseline, 0 to 1.
        after: the same in the window.
        before_count: occurrences in the baseline.
        after_count: occurrences in the window.
    """

    value: str
    before: float
    after: float
    before_count: int
    after_count: int


@dataclass(frozen=True, slots=True)
class Condition:
    """Which events show a finding, so that a store can name a few of them.

    Attributes:
        kind: ``absent``, ``null``, ``nonfinite``, ``values`` (any of them), ``unknown_tokens``, ``outside`` (of
            low..high), ``within`` (above low, up to high), ``type`` (values name the types) or ``any``.
        feature: the feature's name.
        values: values, tokens or types, by kind.
        low: the lower bound of ``outside`` and ``within``.
        high: the upper bound of ``outside`` and ``within``.
        output: whether the feature is an output of the model.
        part: only events of this slice.
    """

    kind: str
    feature: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    output: bool = False
    part: Slice | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one detector says of one feature in one window.

    Attributes:
        detector: its name.
        feature: the feature, or empty for the window as a whole.
        outcome: ok, finding or insufficient_data.
        severity: of a finding.
        summary: one sentence for a person.
        n: how many events or values the test rests on.
        effect: size of the change, in the unit that the detector documents.
        p_value: probability of as much change without a fault; None where a rule and no test decides.
        changes: what moved, the most moved first.
        statistics: further figures by name.
        condition: which events show it.
        events: ids of a few such events.
        notable: worth a notice even where it is not significant.
        least: the least p-value that the test could have reached, given how many hits there are in all: one that cannot
            be significant does not count among the tests of a window. Of ``range``, ``stuck`` and
            ``unseen_category``, whose hits are all in the window, it is the p-value itself.
        weak: ok for want of significance alone, while the effect is above the detector's floor.
        segment: the slice that it is about, such as ``country=DE``; empty for all events.
        explanation: of a finding, the kind of fault in a few words, where the data show it; the summary has it, too. Of
            insufficient data, the error of a detector that failed.
        shared: what all events that show it have and no others: their ``version`` or ``host``, where that was found.
    """

    detector: str
    feature: str
    outcome: Outcome
    summary: str
    severity: Severity = Severity.INFO
    n: int = 0
    effect: float = 0.0
    p_value: float | None = None
    changes: tuple[Change, ...] = ()
    statistics: Mapping[str, float] = field(default_factory=dict)
    condition: Condition | None = None
    events: tuple[str, ...] = ()
    notable: bool = False
    least: float = 0.0
    weak: bool = False
    explanation: str = ""
    segment: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)

    @property
    def alerts(self) -> bool:
        """Whether it is a finding above a notice."""
        return self.outcome is Outcome.FINDING and self.severity is not Severity.INFO


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All results of one window.

    Attributes:
        model: the model's name.
        window: the stretch of events.
        revision: grows when late events, labels or damaged lines change the window.
        events: predictions in the window.
        baseline: name and version of the baseline it was compared with.
        results: every result that is not plainly ok, findings first; the weak ones without their evidence.
        checked: how many results were made, the plain ones included.
        labelled: predictions with a label, where those are held against the baseline's.
        versions: the model versions that served, the most frequent first, as far as charts tell them.
        damaged: lines of the log that are no events.
    """

    model: str
    window: Window
    events: int
    baseline: str
    results: tuple[Result, ...]
    checked: int
    revision: int = 1
    labelled: int = 0
    versions: tuple[str, ...] = ()
    damaged: int = 0

    @property
    def findings(self) -> tuple[Result, ...]:
        """Findings above a notice."""
        return tuple(result for result in self.results if result.alerts)

    @property
    def notices(self) -> tuple[Result, ...]:
        """Findings that inform and open no alert."""
        return tuple(r for r in self.results if r.outcome is Outcome.FINDING and not r.alerts)
