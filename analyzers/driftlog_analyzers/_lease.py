"""The right to work on one model for a while, so that any number of analyzers may run over one store.

Whoever holds a lease renews it; one that was not renewed in time may be taken by another. A clock or a frozen process
can make two believe that they hold it, so the lease alone protects nothing: every write checks the fence that each
taking moves on, and of two holders only the later one can write.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from driftlog_analyzers._window import WindowSize


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken.

    Attributes:
        name: what it is about: a model.
        holder: who took it.
        token: grows with each taking.
    """

    name: str
    holder: str
    token: int


Valid = Callable[[], bool]


class Leases(Protocol):
    """Where leases are kept. Every method raises `StoreError` where the store cannot say."""

    def take(self, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
        """Take the lease for so long; None while another holds it."""

    def renew(self, lease: Lease, now: datetime, ttl: timedelta) -> bool:
        """Hold it for so long from now on; False, and nothing is changed, where another has taken it."""

    def release(self, lease: Lease) -> None:
        """Let others take it at once; one that another has taken stays."""


class Fenced(Protocol):
    """A state that writes only while a lease is held."""

    def under(
        self, lease: Lease, sizes: Iterable[WindowSize], valid: Valid
    ) -> AbstractContextManager[None]:
        """Write from now on only what nobody else could have written since.

        Args:
            lease: that was just taken; what is read within is what its holder must have read.
            sizes: of the windows that will be written.
            valid: tells by this process's own clock whether the lease can be held still.

        Raises:
            StoreError: at a transaction: another has taken the lease; nothing was saved.
        """

    def require(self) -> None:
        """Before something is written elsewhere; nothing is required where no lease was taken.

        Raises:
            StoreError: another has taken the lease, or may have by now.
        """


def lost(name: str) -> str:
    """What is said where another has taken the lease."""
    return (
        f"the lease on {name} was taken by another analyzer, since this one did not renew it in time;"
        " nothing was saved, and the other goes on"
    )
