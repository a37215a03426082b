"""The state of a spool and its uploader, as anybody may read it from the files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from driftlog._ledger import Losses, read_losses
from driftlog._upload._account import Account
from driftlog._upload._cursor import Cursor, Trouble, load
from driftlog._upload._gone import gone, made_room, with_losses
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
        accepted: Events and labels that reached the spool so far, counted by their lines:
            ``account.resolved`` and those that wait.
        account: What became of the former.
        losses: What loggers dropped before it reached the spool, and what they changed.
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
    losses: Losses
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
        losses = read_losses(folder)
        survey = Survey(folder)
        known = cursor or Cursor(0.0, 0)
        states = survey.look(known.positions)
        known = made_room(known, {note.name: lines for note, lines in survey.deleted.items()})
    except OSError as error:
        raise SpoolError(
            f"Spool {folder} cannot be read ({error.strerror}); read it as the service's user."
        ) from error
    if process is None:  # an uploader would say so itself
        for segment_id in known.positions.keys() - {state.id for state in states}:
            known, _ = gone(known, segment_id)
    waiting = unsent(states, {})
    account = with_losses(known.account, losses)
    return Status(
        folder,
        process,
        account.resolved + (waiting.events or 0),
        account,
        losses,
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
