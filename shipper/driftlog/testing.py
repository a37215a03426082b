"""For tests of a service's own logging: what does it log?"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from driftlog._files import segments
from driftlog._segment import Line, recover
from driftlog.errors import SpoolError

__all__ = ["read_events"]


def read_events(spool: str | os.PathLike[str], action: str = "prediction") -> list[dict[str, Any]]:
    """Read the event documents of a spool, oldest segment first, while it is written or after.

    Args:
        spool: The spool's folder.
        action: ``"prediction"``, ``"label"`` or ``"segment"``.

    Raises:
        SpoolError: There is no such folder.
    """
    folder = Path(spool)
    if not folder.is_dir():
        raise SpoolError(f"No spool at {folder}: has the logger written an event yet?")
    return [event for event in _documents(folder) if event.get("event", {}).get("action") == action]


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    for segment in segments(str(folder)):
        if segment.path.endswith(".ndjson"):
            with Path(segment.path).open("rb") as file:
                for piece in recover(file):
                    if isinstance(piece, Line):
                        yield orjson.loads(piece.data)
