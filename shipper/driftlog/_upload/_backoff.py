"""How long to wait before trying again: full jitter, up to a minute."""

import random
from collections.abc import Callable

__all__ = ["Backoff"]

_FIRST, _MOST, _LEAST = 0.5, 60.0, 0.1
_LONGEST_ASKED = 600.0


class Backoff:
    """Doubles its bound at each failure and draws from below it, so that many do not come at once.

    Args:
        draw: Gives a number between two bounds.
    """

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._draw = draw
        self._bound = _FIRST

    def next(self, asked: float | None = None) -> float:
        """Give the seconds to wait.

        Args:
            asked: Seconds that the server asks for: waited at least, up to ten minutes.
        """
        wait = self._draw(_LEAST, self._bound) + min(asked or 0.0, _LONGEST_ASKED)
        self._bound = min(_MOST, self._bound * 2)
        return wait

    def reset(self) -> None:
        """Begin anew, after a success."""
        self._bound = _FIRST
