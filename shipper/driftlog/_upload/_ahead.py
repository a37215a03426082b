"""One piece of work done ahead, in a thread of its own, while its turn has not come."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Ahead"]

T = TypeVar("T")


class Ahead(Generic[T]):
    """Begins to work at once; where no thread is to be had, when the result is asked for.

    Args:
        work: Gives the result; what it raises is raised to whoever asks.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done: list[T] = []
        self._thread: threading.Thread | None = threading.Thread(
            target=self._try, name="driftlog-ahead", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down
            self._thread = None

    def result(self) -> T:
        """Wait for the result."""
        self.wait()
        return self._done[0] if self._done else self._work()

    def wait(self) -> None:
        """Wait until it is no longer at work."""
        if self._thread is not None:
            self._thread.join()

    def _try(self) -> None:
        try:
            self._done.append(self._work())
        except OSError:
            return  # reading; it is tried again, and raised, by whoever asks
