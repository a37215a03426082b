"""One batch on its way: which events to send next, and what became of the others. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from driftlog._upload._reply import CREATED, Outcome, Verdict

__all__ = ["Delivery", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """Events to send in one request.

    Args:
        members: Their places in the batch.
        resent: Whether they may have been indexed before.
    """

    members: Sequence[int]
    resent: bool


class Delivery:
    """Sends a batch until every event in it is resolved, however the replies fall out.

    Args:
        count: Events in the batch.
        resent: Whether they may have been indexed before.
    """

    def __init__(self, count: int, *, resent: bool = False) -> None:
        self._groups = deque([Group(range(count), resent)] if count else [])
        self._outcomes: list[Outcome | None] = [None] * count

    @property
    def group(self) -> Group | None:
        """What to send next; None, when all is resolved."""
        return self._groups[0] if self._groups else None

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What became of the events; complete when there is no group left."""
        return [one for one in self._outcomes if one is not None]

    def take(self, verdict: Verdict) -> bool:
        """Take in what came of the group sent last.

        Returns:
            Whether that brought the batch on; if not, it is time to wait.
        """
        group = self._groups[0]
        if verdict.kind == "items":
            return self._settle(group, verdict.items)
        if verdict.kind == "split":
            self._split(group, verdict.reason)
            return True
        if verdict.unclear and not group.resent:
            self._groups[0] = Group(group.members, resent=True)
        return False

    def _settle(self, group: Group, items: Sequence[Outcome]) -> bool:
        if len(items) == items.count(CREATED) == len(self._outcomes):
            self._outcomes = list(items)
            self._groups.clear()
            return True
        waiting = []
        for place, outcome in zip(group.members, items, strict=True):
            if outcome.resolved:
                self._outcomes[place] = outcome
            else:
                waiting.append(place)
        self._groups.popleft()
        if waiting:
            self._groups.appendleft(Group(waiting, resent=True))
        return not waiting

    def _split(self, group: Group, reason: str) -> None:
        self._groups.popleft()
        half = len(group.members) // 2
        if not half:
            self._outcomes[group.members[0]] = Outcome("rejected", reason)
            return
        self._groups.appendleft(Group(group.members[half:], group.resent))
        self._groups.appendleft(Group(group.members[:half], group.resent))
