"""Constant: all values of the window are one, so they were from its first event on."""

from datetime import UTC, datetime


def constant(first: datetime | None) -> str:
    """Since when a stuck feature is known to be constant; nothing where no event has a time.

    Args:
        first: time of the window's first event.
    """
    return f"constant since {first.astimezone(UTC):%Y-%m-%d %H:%M} UTC or earlier" if first else ""
