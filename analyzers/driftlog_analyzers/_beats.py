"""What the heartbeats of shippers say, window by window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from driftlog_analyzers._window import Window


@dataclass(frozen=True, slots=True)
class Beats:
    """The heartbeats of one shipper in one window.

    Attributes:
        count: how many.
        last: time of the latest, UTC.
        every: seconds between two.
        memory: mean resident memory of the process, bytes; None where it is not known.
        cpu: mean share of one core, in percent.
        accepted: events that its spool had accepted at the latest, since it exists.
        shipped: how many more that were than at the window's first heartbeat.
        lost: events that were dropped or not accepted at the latest, since it exists.
        refused: events and damaged lines that it has in quarantine at the latest, since it exists.
        oldest: age in seconds of the oldest unsent event, at its highest.
        holds: whether its spool held events of the model.
    """

    count: int
    last: datetime
    every: float
    memory: float | None = None
    cpu: float | None = None
    accepted: int = 0
    shipped: int = 0
    lost: int = 0
    refused: int = 0
    oldest: float = 0.0
    holds: bool = True


ByShipper = Mapping[str, Beats]
"""By host and spool; shippers without a heartbeat in the window are not there."""


@runtime_checkable
class HeartbeatStore(Protocol):
    """A store that shippers send heartbeats to."""

    def heartbeats(self, model: str, windows: Sequence[Window]) -> Sequence[ByShipper]:
        """The heartbeats of each window, of shippers whose spool held events of the model in one of the windows.

        Nothing, where no shipper ever sent one.

        Raises:
            StoreError: the store could not answer completely.
        """
