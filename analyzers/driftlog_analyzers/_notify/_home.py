"""The seam between what is to be told and the places where that is kept."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from driftlog_analyzers._notify._intent import Intent, Place, State
from driftlog_analyzers.errors import InputError

Fence = Callable[[], None]
"""Raises `StoreError` where this process may not write any more, since another does its work."""


def free() -> None:
    """The fence of who works alone."""


class NotificationHome(Protocol):
    """Intents between runs, each stored once. Every method may raise `StoreError`."""

    def create(self, intents: Sequence[Intent], fence: Fence = free) -> tuple[Intent, ...]:
        """Store those that are not there yet, by their id; these are the answer. Behind the fence nothing is stored."""

    def told(self, place: Place, incidents: Collection[str], since: datetime) -> tuple[Intent, ...]:
        """All of a place that were created since then, or are in the threads of these incidents, in order."""

    def waiting(self) -> tuple[Intent, ...]:
        """All that are pending, being sent, or to be tried again, in the order in which they were created."""

    def listed(self, states: Collection[State], limit: int) -> tuple[Intent, ...]:
        """The newest of these states, the newest first."""

    def counts(self) -> dict[State, int]:
        """How many there are of each state that occurs."""

    def sent_after(self, route: str, moment: datetime) -> bool:
        """Whether a route sent anything after that."""

    def replace(self, intents: Sequence[Intent]) -> tuple[Intent, ...]:
        """Store changes, each only onto the revision before its own; the answer has those that were stored."""

    def find(self, prefix: str) -> Intent:
        """The one whose id begins so.

        Raises:
            InputError: none does, or several do.
        """


def the_one(found: Sequence[Intent], prefix: str, place: str) -> Intent:
    """The only one of some intents.

    Raises:
        InputError: there is none, or there are several.
    """
    if not found:
        raise InputError(
            f"no notification in {place} has an id that begins with {prefix!r};"
            " `driftlog notify list` shows the ids"
        )
    if len(found) > 1:
        raise InputError(
            f"{len(found)} notifications have an id that begins with {prefix!r}; write more of it"
        )
    return found[0]
