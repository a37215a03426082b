"""The state of a spool and its uploader, as anybody may read it from the files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from driftlog._upload._account import Account
from driftlog._upload._cursor import Cursor, Trouble, load
from driftlog._upload._heartbeat import age
from driftlog._upload._lock import holder
from driftlog._upload._survey import SegmentState, Survey, Unsent, unsent
from driftlog.errors import SpoolError

__all__ = ["Status", "read_status"]


@dataclass(frozen=True, slots=True)
class Status:
    """The state of one spool.

    Args:
        spool: The folder.
        uploader: The process that ships it; None, where none does.
        accepted: Lines of the spool so far: resolved ones and those that wait.
        account: What became of the former.
        unsent: What waits.
        lag: Age of the oldest event that waits, in seconds, by its own time; 0, where none does.
        acknowledged: When Elasticsearch last took an event, in UTC; None, where it never did.
        since: When the account began, in UTC; None, where nothing was ever sent.
        trouble: What stood in the way last; None, where nothing did.
        segments: Those on disk.
        note: What is wrong with the cursor file, where something is.
    """

    spool: Path
    uploader: int | None
    accepted: int
    account: Account
    unsent: Unsent
    lag: float
    acknowledged: datetime | None
    since: datetime | None
    trouble: Trouble | None
    segments: Sequence[SegmentState]
    note: str


def read_status(spool: str | os.PathLike[str]) -> Status:
    """Read the state of a spool; lines that wait are counted in the files.

    Raises:
        SpoolError: There is no such spool, or it cannot be read.
    """
    folder = Path(spool).absolute()
    if not folder.is_dir():
        raise SpoolError(f"There is no spool {folder}; name the folder that the service logs to.")
    try:
        process = holder(folder / "upload")
        cursor, note = load(folder / "upload" / "cursor.json")
        known = cursor or Cursor(0.0, 0)
        states = Survey(folder).look(known.positions)
    except OSError as error:
        raise SpoolError(
            f"Spool {folder} cannot be read ({error.strerror}); read it as the service's user."
        ) from error
    waiting = unsent(states, {})
    return Status(
        folder,
        process,
        known.account.resolved + (waiting.events or 0),
        known.account,
        waiting,
        age(waiting.oldest) or 0.0,
        _moment(known.acknowledged),
        _moment(cursor.since if cursor else None),
        known.trouble,
        states,
        f"the cursor file {note}" if note else "",
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
