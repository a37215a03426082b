"""Waiting, and doing what must be done however long that takes."""

import time
from collections.abc import Callable
from threading import Event

from driftlog._upload._backoff import Backoff

__all__ = ["Patience"]

_BEAT_EVERY = 5.0


class Patience:
    """Knows when to try again, and when to give up: never, but for being told to stop.

    Args:
        stop: Set to end it all.
        drain: Gives the seconds that may be spent after that, as long as all goes well.
        beat: Called every few seconds of a long wait.
        trouble: Told what stands in the way.
        backoff: How long to wait after a failure.
    """

    def __init__(
        self,
        stop: Event,
        drain: Callable[[], float],
        beat: Callable[[], None],
        trouble: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._stop = stop
        self._drain = drain
        self._beat = beat
        self._trouble = trouble
        self._backoff = backoff or Backoff()
        self._deadline: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    @property
    def over(self) -> bool:
        """Whether it was told to stop, and has had its time."""
        if not self._stop.is_set():
            return False
        if self._deadline is None:
            self._deadline = time.monotonic() + self._drain()
        return time.monotonic() >= self._deadline

    def success(self) -> None:
        """Note that something went well: the next wait is a short one again."""
        self._backoff.reset()

    def failed(self, sentence: str, asked: float | None = None) -> bool:
        """Tell of a failure, and wait before trying again; False, where it is time to stop."""
        self._trouble(sentence)
        until = time.monotonic() + self._backoff.next(asked)
        while (left := until - time.monotonic()) > 0:
            if self._stop.wait(min(left, _BEAT_EVERY)):
                return False
            self._beat()
        return not self._stop.is_set()

    def insist(self, work: Callable[[], None]) -> bool:
        """Write what must be written before going on; False, where it is time to stop."""
        while True:
            try:
                work()
            except OSError as error:
                what = f"{error.filename or 'The disk'} cannot be written ({error.strerror})"
                if not self.failed(f"{what}; make room, or correct the rights."):
                    return False
            else:
                return True

    def pause(self, seconds: float) -> None:
        """Wait where there is nothing to do, until told to stop at the latest."""
        self._stop.wait(seconds)
