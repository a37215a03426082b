"""Waiting, and doing what must be done however long that takes."""

import time
from collections.abc import Callable
from threading import Event

from driftlog._upload._backoff import Backoff

__all__ = ["Patience"]

_BEAT_EVERY = 5.0
_FOR_EVER = float("inf")


class Patience:
    """Knows when to try again, and when to give up: never, unless told to.

    Args:
        stop: Set to end it all.
        drain: Gives the seconds that may be spent after that, as long as all goes well.
        beat: Called every few seconds of a long wait.
        trouble: Told what stands in the way.
        backoff: How long to wait after a failure.
        give_up: Seconds of nothing but failures after which to give up, and at once where only
            people can help; None never does.

    ``gave_up`` is the sentence it gave up with; empty, as long as it did not.
    """

    def __init__(
        self,
        stop: Event,
        drain: Callable[[], float],
        beat: Callable[[], None],
        trouble: Callable[[str], None],
        *,
        backoff: Backoff | None = None,
        give_up: float | None = None,
    ) -> None:
        self.gave_up = ""
        self._stop = stop
        self._drain = drain
        self._beat = beat
        self._trouble = trouble
        self._backoff = backoff or Backoff()
        self._deadline: float | None = None
        self._give_up = give_up
        self._until = _FOR_EVER

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop, or gave up."""
        return self._stop.is_set() or bool(self.gave_up)

    @property
    def over(self) -> bool:
        """Whether it was told to stop and has had its time, or gave up."""
        if not self.stopping:
            return False
        if self.gave_up:
            return True
        if self._deadline is None:
            self._deadline = time.monotonic() + self._drain()
        return time.monotonic() >= self._deadline

    def success(self) -> None:
        """Note that something went well: the next wait is a short one again."""
        self._backoff.reset()
        self._until = _FOR_EVER

    def failed(self, sentence: str, asked: float | None = None, *, lasting: bool = False) -> bool:
        """Tell of a failure, and wait before trying again; False, where it is time to stop.

        Args:
            sentence: What stands in the way, and what to do.
            asked: Seconds that the server asks to wait.
            lasting: Whether only people can help.
        """
        self._trouble(sentence)
        if self.gives_up(sentence, lasting=lasting):
            return False
        until = min(time.monotonic() + self._backoff.next(asked), self._until)
        while (left := until - time.monotonic()) > 0:
            if self._stop.wait(min(left, _BEAT_EVERY)):
                return False
            self._beat()
        return not self._stop.is_set()

    def gives_up(self, sentence: str, *, lasting: bool) -> bool:
        """Say whether it is time to give up, which is then done."""
        if self._give_up is None:
            return False
        now = time.monotonic()
        self._until = min(self._until, now + self._give_up)
        if lasting or now >= self._until:
            self.gave_up = sentence
        return bool(self.gave_up)

    def insist(self, work: Callable[[], None]) -> bool:
        """Write what must be written before going on; False, where it is time to stop."""
        while True:
            try:
                work()
            except OSError as error:
                what = f"{error.filename or 'The disk'} cannot be written ({error.strerror})"
                if not self.failed(f"{what}; make room, or correct the rights.", lasting=True):
                    return False
            else:
                return True

    def pause(self, seconds: float) -> None:
        """Wait where there is nothing to do, until told to stop at the latest."""
        self._stop.wait(seconds)
