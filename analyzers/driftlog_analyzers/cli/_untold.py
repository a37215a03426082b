"""What ``driftlog status`` says of notifications that did not arrive."""

from collections.abc import Mapping
from pathlib import Path

from driftlog_analyzers.errors import StoreError

STATE = Path("analysis", "state.sqlite")
"""Where a spool's state file is, unless the configuration says otherwise."""


def counts(state: Path) -> Mapping[str, int] | str | None:
    """How many notifications of a state file stand where; in a sentence why nobody knows; None without a file."""
    if not state.is_file():
        return None
    from driftlog_analyzers._notify._file_home import NotificationFile  # noqa: PLC0415 - pydantic is slow

    try:
        with NotificationFile(state) as home:
            return {state.value: count for state, count in home.counts().items()}
    except StoreError as error:
        return str(error)


def line(found: Mapping[str, int] | str | None) -> str:
    """What people should know of it; empty if nothing."""
    if found is None or isinstance(found, str):
        return found or ""
    wanting = ("retrying", "undelivered", "unknown")
    parts = [f"{count:,} {state}" for state, count in found.items() if state in wanting]
    return f"Notifications: {', '.join(parts)}; see: driftlog notify list" if parts else ""
