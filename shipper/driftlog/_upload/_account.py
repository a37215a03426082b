"""The account of a spool: accepted = indexed + duplicate + quarantined + dropped + unsent."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driftlog._upload._reply import CREATED, Outcome

__all__ = ["Account"]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the lines of a spool so far; a line still to be sent is in none of these.

    Args:
        indexed: Events and labels that Elasticsearch created.
        duplicate: Those that it had already, from a request whose answer was lost.
        quarantined: Those that it refused, and ranges of damaged bytes, by reason.
        dropped: Those that went without being sent, by reason.
    """

    indexed: int = 0
    duplicate: int = 0
    quarantined: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def resolved(self) -> int:
        """All of them together."""
        lost = sum(self.quarantined.values()) + sum(self.dropped.values())
        return self.indexed + self.duplicate + lost

    def plus(self, outcomes: Iterable[Outcome], damaged: Iterable[str] = ()) -> "Account":
        """Give the account with a batch's outcomes, and the reasons of its damaged ranges."""
        outcomes = list(outcomes)
        others = [outcome for outcome in outcomes if outcome is not CREATED]
        kinds = Counter({"created": len(outcomes) - len(others)})
        reasons = Counter(damaged)
        for kind, reason in others:
            kinds[kind] += 1
            if kind == "rejected":
                reasons[reason.partition(":")[0][:64]] += 1
        return Account(
            self.indexed + kinds["created"],
            self.duplicate + kinds["duplicate"],
            dict(Counter(self.quarantined) + reasons),
            self.dropped,
        )

    def minus(self, reason: str, count: int) -> "Account":
        """Give the account with lines that went without being sent."""
        dropped = dict(Counter(self.dropped) + Counter({reason: count}))
        return Account(self.indexed, self.duplicate, self.quarantined, dropped)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Account":
        """Read it back from a cursor file.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        return cls(
            int(document["indexed"]),
            int(document["duplicate"]),
            {str(reason): int(count) for reason, count in document["quarantined"].items()},
            {str(reason): int(count) for reason, count in document["dropped"].items()},
        )
