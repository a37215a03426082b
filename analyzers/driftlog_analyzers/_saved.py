"""Profiles that earlier runs saved, and those that must be made."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._state import State
from driftlog_analyzers._window import Window, WindowSize


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved profiles of one model that were made in one way.

    Attributes:
        state: where they are.
        model: the model's name.
        size: of the windows.
        fingerprint: tells how they were made.
    """

    state: State
    model: str
    size: WindowSize
    fingerprint: str

    def find(self, window: Window) -> WindowProfile | None:
        """The profile of a window, if it was made in this way."""
        kept = self.state.profile(self.model, self.size, window)
        return kept[2] if kept and kept[1] == self.fingerprint else None

    def or_made(
        self,
        make: Callable[[Sequence[Window]], Iterator[WindowProfile]],
        windows: Sequence[Window],
        same: Sequence[Window],
    ) -> Iterator[WindowProfile]:
        """The profile of each window, in order.

        Args:
            make: makes those that are not saved, in one scan.
            windows: all of them.
            same: those whose events have not changed since they were saved.
        """
        if same and not self.find(same[0]):  # then windows are profiled in another way than before
            same = ()
        kept = frozenset(same)
        fresh = make([window for window in windows if window not in kept])
        for window in windows:
            if window not in kept:
                yield next(fresh)
            else:
                yield self.find(window) or next(make([window]))
