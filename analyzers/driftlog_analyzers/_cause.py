"""What alerts that began together share."""

from dataclasses import dataclass
from enum import StrEnum

from driftlog_analyzers._window import Window


class CauseKind(StrEnum):
    """What the alerts of an incident share, the most telling first."""

    VERSION = "version"
    HOST = "host"
    SOURCE = "source"
    INPUTS = "inputs"
    FEATURE = "feature"
    ONSET = "onset"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Cause:
    """What the alerts of an incident share.

    Attributes:
        kind: of the cause; ``source`` is a common prefix or declared source of the features, ``inputs`` a prediction
            that follows its inputs, ``feature`` several findings about one feature, ``onset`` the window alone in
            which they began, ``alone`` a single alert.
        value: the version, host, source or feature; of an onset the detector; empty where the kind says it all.
    """

    kind: CauseKind = CauseKind.ALONE
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.value}".rstrip()


@dataclass(frozen=True, slots=True)
class Membership:
    """The incident that an alert belongs to.

    Attributes:
        id: 16 hex digits, a hash of the alert that began it; the same in every run.
        opened: the window in which it began.
        cause: what its alerts share, as far as they had begun when this alert was last carried on.
    """

    id: str
    opened: Window
    cause: Cause
