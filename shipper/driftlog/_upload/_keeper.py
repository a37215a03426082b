"""The cursor as it is, and as it is on disk; and what stands in the way, told once a minute."""

import contextlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from driftlog._ledger import forget_deleted
from driftlog._upload._cursor import Cursor, Position, Trouble, load, save, tail_of
from driftlog._upload._gone import MADE_ROOM, gone, made_room
from driftlog._upload._head import Head
from driftlog._upload._survey import SegmentState

__all__ = ["Keeper"]

logger = logging.getLogger("driftlog.upload")

SYNC_EVERY = 1.0
TELL_EVERY = 60.0


class Keeper:
    """Keeps one spool's cursor.

    Args:
        folder: Where the uploader keeps its files.
        reach: Bytes that may be under way beyond a position.
        fresh: Whether nothing was ever sent from this spool.
    """

    def __init__(self, folder: Path, reach: int, *, fresh: bool) -> None:
        self._path = folder / "cursor.json"
        found, problem = load(self._path)
        self._lost = found is None and not fresh
        if self._lost:
            problem = problem or "is missing"
            logger.warning("%s %s: all events are sent again.", self._path, problem)
        before = found.reach if found else 0
        self.cursor = replace(found or Cursor(time.time(), reach), reach=reach)
        self._resent = {
            name: one.offset + before for name, one in self.cursor.positions.items() if before
        }
        self._missing: set[str] = set()
        self._notes: Mapping[Path, int] = {}
        self._synced = -SYNC_EVERY
        self._told = ("", -TELL_EVERY)

    def save(self, *, sync: bool = False) -> None:
        """Write the cursor file; onto the disk once a second, or when asked to.

        Raises:
            OSError: It cannot be written.
        """
        now = time.monotonic()
        sync = sync or now - self._synced >= SYNC_EVERY
        save(self._path, self.cursor, sync=sync)
        if sync:
            self._synced = now
        forget_deleted(self._notes)
        self._notes = {}

    def may_be_resent(self, segment_id: str, offset: int) -> bool:
        """Say whether an event may have been sent before this start."""
        position = self.cursor.positions[segment_id]
        return offset < self._resent.get(segment_id, 0) or position.generation > 0

    def meet(self, states: list[SegmentState]) -> bool:
        """Take on new segments and new counts; say whether there is a new segment."""
        if self._lost:
            self._resent = {state.id: state.size for state in states}
            self._lost = False
        positions = dict(self.cursor.positions)
        for state in states:
            known = positions.get(state.id)
            name = Path(state.path).name
            lines = state.unsent
            if lines is None:
                lines = known.unsent if known else 0
            if known is None:
                positions[state.id] = Position(name, state.start, "", unsent=lines)
            elif (known.name, known.unsent) != (name, lines):
                positions[state.id] = replace(known, name=name, unsent=lines)
        new = len(positions) > len(self.cursor.positions)
        self.cursor = replace(self.cursor, positions=positions)
        return new

    def confirm(self, head: Head, file: BinaryIO) -> None:
        """See that a segment is still what it was, or begin it anew under other ids."""
        position = self.cursor.positions[head.id]
        if not position.tail or tail_of(file, position.offset) == position.tail:
            return
        logger.warning(
            "Segment %s is not what it was up to byte %d (%d bytes now): it is sent again whole.",
            position.name,
            position.offset,
            os.fstat(file.fileno()).st_size,
        )
        anew = Position(position.name, head.start, "", position.generation + 1, position.unsent)
        self.cursor = self.cursor.at(head.id, anew)

    def owes(self, states: list[SegmentState]) -> bool:
        """Say whether a segment that nobody writes any more still has something to send."""
        positions = self.cursor.positions
        return any(not one.live and positions[one.id].done is None for one in states)

    def let_go(self, states: list[SegmentState], notes: Mapping[Path, int]) -> bool:
        """Let go of the segments that are gone.

        Args:
            states: Of those that are there.
            notes: What loggers noted of those they deleted to make room; gone with the next save.

        Returns:
            Whether there were such notes.
        """
        self._notes = notes
        self._write_off(notes)
        missing = self.cursor.positions.keys() - {state.id for state in states}
        # Twice missing is gone; once may be a file that was renamed while the folder was read.
        for segment_id in missing & self._missing:
            self._miss(segment_id)
        self._missing = missing - self._missing
        return bool(notes)

    def _miss(self, segment_id: str) -> None:
        """Let go of a segment that is gone; what it still held is counted as dropped."""
        position = self.cursor.positions[segment_id]
        self.cursor, lost = gone(self.cursor, segment_id)
        if lost:
            logger.warning(
                "Segment %s was deleted before it was sent: %d events from byte %d on are lost.",
                position.name,
                lost,
                position.offset,
            )

    def _write_off(self, notes: Mapping[Path, int]) -> None:
        before = self.cursor.account.dropped.get(MADE_ROOM, 0)
        self.cursor = made_room(self.cursor, {path.name: lines for path, lines in notes.items()})
        if lost := self.cursor.account.dropped.get(MADE_ROOM, 0) - before:
            logger.warning("%d events went unsent to make room in a full spool.", lost)

    def trouble(self, sentence: str) -> None:
        """Note what stands in the way, and tell of it: at once if it is new, else once a minute."""
        now = time.monotonic()
        told, at = self._told
        self.cursor = replace(self.cursor, trouble=Trouble(time.time(), sentence, lasting=True))
        if sentence != told or now - at >= TELL_EVERY:
            self._told = (sentence, now)
            logger.warning("%s (nothing is dropped: the events wait in the spool)", sentence)
            with contextlib.suppress(OSError):  # a full disk may be the trouble
                self.save()

    def progress(self) -> None:
        """Note that events were taken; a trouble is over."""
        trouble = self.cursor.trouble
        if trouble and trouble.lasting:
            logger.info("Events are being taken again.")
            self._told = ("", -TELL_EVERY)
            trouble = replace(trouble, lasting=False)
        self.cursor = replace(self.cursor, acknowledged=time.time(), trouble=trouble)
