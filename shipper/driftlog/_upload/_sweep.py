"""Segments go when all of them was acknowledged, nobody writes or reads them, and time is up."""

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path

from driftlog._upload._keeper import Keeper
from driftlog._upload._survey import SegmentState

__all__ = ["sweep"]


def sweep(states: Iterable[SegmentState], keeper: Keeper, keep: float | None) -> None:
    """Delete the segments that are due.

    Args:
        states: Of the spool's segments.
        keeper: With how far they were sent; forgets the deleted ones.
        keep: Seconds since they were found to be done; None deletes none.
    """
    if keep is None:
        return
    now = time.time()
    for state in states:
        position = keeper.cursor.positions.get(state.id)
        if position is None or position.done is None or state.live:
            continue
        if now - position.done >= keep and _delete(state.path, position.offset):
            keeper.cursor = keeper.cursor.without(state.id)


def _delete(path: str, size: int) -> bool:
    """Delete a closed segment of this size; False, where it is in use, or another by now."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_size != size:
            return False
        Path(path).unlink()
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
