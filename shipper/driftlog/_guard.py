"""The shipper's one net: a service must not fail because its log did."""

from collections.abc import Callable
from typing import TypeVar

__all__ = ["attempt"]

T = TypeVar("T")


def attempt(work: Callable[[], T], failed: Callable[[Exception], T]) -> T:
    """Do ``work``; should it raise, answer with ``failed`` of the error.

    ``KeyboardInterrupt`` and ``SystemExit`` pass.
    """
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - it runs code of the caller's: tokenizers, values, handlers
        return failed(error)
