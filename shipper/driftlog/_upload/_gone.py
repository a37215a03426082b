"""Segments that went before they were wholly sent: what they still held is dropped, each line once. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from driftlog._ledger import Losses
from driftlog._upload._account import Account
from driftlog._upload._cursor import Cursor, Position

__all__ = ["MADE_ROOM", "gone", "made_room", "with_losses"]

MADE_ROOM = "deleted to make room"
_REMEMBERED = 1_000


def gone(cursor: Cursor, segment_id: str) -> tuple[Cursor, int]:
    """Let go of a segment that is gone, whoever deleted it: the cursor, and the lines lost."""
    position = cursor.positions[segment_id]
    lost = 0 if position.done is not None else position.unsent
    cursor = cursor.without(segment_id)
    return _lose(cursor, position.name, position.sent + lost, lost, "segment deleted"), lost


def made_room(cursor: Cursor, notes: Mapping[str, int]) -> Cursor:
    """Let go of segments that a logger deleted; again, or after :func:`gone`, only corrects it.

    Args:
        cursor: Of the spool.
        notes: How many events each held, by the name of its file.
    """
    for name, lines in notes.items():
        known = _known(cursor.positions, name)
        if known is None:
            accounted = cursor.lost.get(name, 0)
        else:
            segment_id, position = known
            cursor, accounted = cursor.without(segment_id), position.sent
        cursor = _lose(cursor, name, lines, max(0, lines - accounted), MADE_ROOM)
    return cursor


def with_losses(account: Account, losses: Losses) -> Account:
    """Give the account with what loggers deleted to make room before there was an uploader."""
    return account.minus(MADE_ROOM, losses.deleted) if losses.deleted else account


def _known(positions: Mapping[str, Position], name: str) -> tuple[str, Position] | None:
    return next((pair for pair in positions.items() if pair[1].name == name), None)


def _lose(cursor: Cursor, name: str, lines: int, dropped: int, reason: str) -> Cursor:
    account = cursor.account.minus(reason, dropped) if dropped else cursor.account
    lost = {**cursor.lost, name: lines}
    return replace(cursor, account=account, lost=dict([*lost.items()][-_REMEMBERED:]))
