"""What a detector is given: one feature of one window beside its baseline."""

from dataclasses import dataclass

from driftlog_analyzers._baseline import Constraint
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._profile import FeatureProfile
from driftlog_analyzers._statistics import counted


@dataclass(frozen=True, slots=True)
class Case:
    """One feature of one window beside its baseline.

    Attributes:
        feature: its name.
        constraint: what is expected; None for a feature that nobody declared.
        before: the reference's profile of it: of all of it, of the same hour of the week, or of the windows before.
        before_events: events of the reference.
        after: the window's profile of it.
        after_events: events of the window.
        own: the baseline's own profile of it, where `before` is not that.
        output: whether it is an output of the model.
    """

    feature: str
    constraint: Constraint | None
    before: FeatureProfile
    before_events: int
    after: FeatureProfile
    after_events: int
    own: FeatureProfile | None = None
    output: bool = False

    @property
    def baseline(self) -> FeatureProfile:
        """The baseline's own profile of the feature: what constraints and known values come from."""
        return self.before if self.own is None else self.own

    @property
    def occasions(self) -> tuple[int, int]:
        """Events with a string or a list, of the reference and of the window: a value counts once in each."""
        return self.before.strings + self.before.lists, self.after.strings + self.after.lists


def too_few(detector: str, n: int, noun: str, needed: int) -> Result:
    """The answer about the window as a whole of a detector that has too little to go by."""
    words = f"{counted(n, noun)}, at least {needed} are needed"
    return Result(detector, "", Outcome.INSUFFICIENT, words, n=n)


def insufficient(detector: str, case: Case, n: int, needed: int, what: str) -> Result:
    """The answer of a detector that has too little to go by."""
    return Result(
        detector,
        case.feature,
        Outcome.INSUFFICIENT,
        f"{case.feature}: {n} {what}, at least {needed} are needed",
        n=n,
    )
