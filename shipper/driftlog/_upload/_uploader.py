"""One spool's way into Elasticsearch: look, read, send, and only then move on."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from driftlog._times import Clock
from driftlog._upload._account import Account
from driftlog._upload._ahead import Ahead
from driftlog._upload._courier import Address, Courier, Parcel, Settled
from driftlog._upload._cursor import Cursor, tail_of
from driftlog._upload._head import Head, read_head, stream_name
from driftlog._upload._heartbeat import Heartbeat
from driftlog._upload._keeper import Keeper
from driftlog._upload._patience import Patience
from driftlog._upload._quarantine import Refused, keep_damage, keep_refused
from driftlog._upload._reader import Batch, read_batch
from driftlog._upload._settings import Upload
from driftlog._upload._survey import SegmentState, Survey, share
from driftlog._upload._sweep import sweep

__all__ = ["Shipped", "Uploader"]

_COUNT_SECONDS = 0.2
# For so long events wait for company, or the service would share its interpreter with a request for each.
_COMPANY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Shipped:
    """What one run did.

    Args:
        indexed: Events and labels that Elasticsearch created.
        duplicate: Those that it had already.
        quarantined: Those that it refused, and damaged ranges.
        unsent: Those that wait.
        gave_up: Why it ended before all was sent, where people must act; empty otherwise.
    """

    indexed: int
    duplicate: int
    quarantined: int
    unsent: int
    gave_up: str


class Uploader:
    """Ships one spool; whoever makes it holds the spool's lock.

    Args:
        spool: The folder.
        upload: Where to, and how.
        keeper: Keeps the cursor.
        courier: Sends the batches.
        heartbeat: Sends the heartbeat documents.
        patience: Waits, and knows when to stop.
    """

    def __init__(
        self,
        spool: Path,
        upload: Upload,
        *,
        keeper: Keeper,
        courier: Courier,
        heartbeat: Heartbeat,
        patience: Patience,
    ) -> None:
        self._spool = spool
        self._aside = spool / "upload" / "quarantine"
        self._upload = upload
        self._keeper = keeper
        self._courier = courier
        self._heartbeat = heartbeat
        self._patience = patience
        self._survey = Survey(spool)
        self._states: list[SegmentState] = []
        self._clock = Clock()
        self._unreadable = ""

    def run(self, *, until_empty: bool = False) -> Shipped:
        """Ship until told to stop, or until nothing waits any more."""
        before = self._keeper.cursor.account
        self._patience.insist(self._keeper.save)
        while not self._patience.stopping:
            moved = self._turn()
            if (
                until_empty
                and moved is False
                and self._look()
                and not self._keeper.owes(self._states)
            ):
                break
            if not moved and self._unreadable:
                self._patience.gives_up(self._unreadable, lasting=True)
            if not moved:
                self._patience.pause(self._upload.poll)
            elif not until_empty:
                self._patience.pause(min(self._upload.poll, _COMPANY_SECONDS))
        while not self._patience.over and self._turn():
            pass
        self._look()
        self._keeper.cursor = replace(self._keeper.cursor, reach=0)
        self._patience.insist(lambda: self._keeper.save(sync=True))
        self._heartbeat.last(self._states, self._keeper.cursor)
        return _shipped(before, self._keeper.cursor, self._states, self._patience.gave_up)

    def _cannot(self, sentence: str) -> None:
        self._unreadable = sentence
        self._keeper.trouble(sentence)

    def _turn(self) -> bool | None:
        """Ship what is there; say whether anything moved, None where the spool cannot be read."""
        self._unreadable = ""
        if not self._look():
            return None
        moved = False
        for state in self._states:
            position = self._keeper.cursor.positions[state.id]
            if position.done is None or state.size != position.offset:
                moved = self._ship(state) or moved
        sweep(self._states, self._keeper, self._upload.keep)
        return moved

    def _look(self) -> bool:
        """Look at the spool, and beat if it is time to; False, where it cannot be read."""
        try:
            self._states = self._survey.look(self._keeper.cursor.positions, _COUNT_SECONDS)
        except OSError as error:
            self._cannot(f"Spool {self._spool} cannot be read ({error.strerror}).")
            return False
        if self._survey.compressed:
            names = ", ".join(Path(path).name for path in self._survey.compressed)
            self._keeper.trouble(f"Spool {self._spool} holds compressed files; unpack {names}.")
        noted = self._keeper.let_go(self._states, self._survey.deleted)
        new = self._keeper.meet(self._states)
        self.beat()
        # A segment is on the disk's record before anything of it is sent.
        return not (new or noted) or self._patience.insist(self._keeper.save)

    def beat(self) -> None:
        """Send a heartbeat, if it is time to."""
        self._heartbeat.beat_if_due(self._states, self._keeper.cursor)

    def _ship(self, state: SegmentState) -> bool:
        """Send a segment to its end; say whether anything moved."""
        moved = False
        try:
            with Path(state.path).open("rb") as file:
                live = not share(file)
                head = read_head(file, live=live)
                if head is None or head.id != state.id:
                    return False
                self._keeper.confirm(head, file)
                moved = self._ship_batches(head, state.path, file, live=live)
                if not live:
                    self._close(head, file)
        except FileNotFoundError:
            return moved
        except OSError as error:
            self._cannot(f"Segment {state.path} cannot be read ({error.strerror}).")
        return moved

    def _ship_batches(self, head: Head, path: str, file: BinaryIO, *, live: bool) -> bool:
        """Send batch after batch, the next one being read meanwhile; say whether any was passed."""
        moved = False
        offset = self._keeper.cursor.positions[head.id].offset
        parcel = self._parcel(head, file, offset, live=live)
        while parcel is not None and not self._patience.over:
            ahead = Ahead(partial(self._parcel, head, file, parcel.batch.end, live=live))
            try:
                settled = self._courier.settle(parcel)
                if settled is None or not self._set_aside(parcel.address, path, settled):
                    return moved
                if not self._pass(head, file, parcel.batch, settled):
                    return moved
            finally:
                ahead.wait()
            moved = True
            if live and self._is_rest(parcel.batch, offset):
                break  # what came meanwhile is little
            offset = parcel.batch.end
            parcel = ahead.result()
        return moved

    def _is_rest(self, batch: Batch, offset: int) -> bool:
        """Say whether a batch that begins there took all there was, since it is far from full."""
        few = 2 * batch.count < self._upload.batch_events
        return few and 2 * (batch.end - offset) < self._courier.batch_bytes

    def _parcel(self, head: Head, file: BinaryIO, offset: int, *, live: bool) -> Parcel | None:
        """Read the next batch and make it ready; None, where there is none."""
        events, size = self._upload.batch_events, self._courier.batch_bytes
        batch = read_batch(file, offset, events=events, size=size, live=live)
        if batch is None:
            return None
        address = Address(
            stream_name(head.dataset, self._upload.namespace),
            head.id,
            self._keeper.cursor.positions[head.id].generation,
            self._keeper.may_be_resent(head.id, offset),
        )
        return self._courier.pack(address, batch)

    def _set_aside(self, address: Address, path: str, settled: list[Settled]) -> bool:
        """Keep what is not indexed; False, where that cannot be done and it is time to stop."""
        refused = [
            Refused(address.name(offset), offset, line, outcome.reason)
            for one in settled
            if not one.clean
            for offset, line, outcome in zip(
                one.batch.offsets, one.batch.lines, one.outcomes, strict=True
            )
            if outcome.kind == "rejected"
        ]
        bad = [one for part in settled for one in part.batch.bad]
        now = self._clock.now().decode()
        file = self._aside / f"{address.segment_id}.ndjson"
        if refused and not self._patience.insist(lambda: keep_refused(file, refused, now)):
            return False
        return not bad or self._patience.insist(lambda: keep_damage(Path(path), bad, self._aside))

    def _pass(self, head: Head, file: BinaryIO, batch: Batch, settled: list[Settled]) -> bool:
        """Move the cursor past a batch, with the account of it."""
        keeper = self._keeper
        position = keeper.cursor.positions[head.id]
        account = keeper.cursor.account.plus(
            chain.from_iterable(one.outcomes for one in settled),
            [bad.reason for one in settled for bad in one.batch.bad],
        )
        self._survey.passed(head.id, batch.end, batch.count)
        left = max(0, position.unsent - batch.count)
        after = replace(
            position,
            offset=batch.end,
            tail=tail_of(file, batch.end),
            unsent=left,
            done=None,
            sent=position.sent + batch.count,
        )
        keeper.cursor = replace(keeper.cursor.at(head.id, after), account=account)
        keeper.progress()
        self._patience.success()
        self.beat()
        return self._patience.insist(keeper.save)

    def _close(self, head: Head, file: BinaryIO) -> None:
        """Note that a segment is wholly sent, once nobody writes it any more."""
        position = self._keeper.cursor.positions[head.id]
        if position.done is None and position.offset >= os.fstat(file.fileno()).st_size:
            done = replace(position, unsent=0, done=time.time())
            self._keeper.cursor = self._keeper.cursor.at(head.id, done)
            self._patience.insist(self._keeper.save)


def _shipped(
    before: Account, cursor: Cursor, states: Iterable[SegmentState], gave_up: str
) -> Shipped:
    after = cursor.account
    return Shipped(
        after.indexed - before.indexed,
        after.duplicate - before.duplicate,
        sum(after.quarantined.values()) - sum(before.quarantined.values()),
        sum(cursor.positions[state.id].unsent for state in states),
        gave_up,
    )
