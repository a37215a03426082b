"""The seams between the analyzers and the places where they keep what they remember."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._charted import Charted
from driftlog_analyzers._episode import Episode, Status
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._review import Action
from driftlog_analyzers._window import Window, WindowSize
from driftlog_analyzers.errors import InputError


class State(Protocol):
    """Profiles, evaluations and episodes between runs. Times are UTC; every method may raise `StoreError`."""

    def transaction(self) -> AbstractContextManager[None]:
        """Save everything within or, if an error ends it, nothing; one within another joins it.

        Raises:
            StoreError: another process saved the same windows or alerts meanwhile; nothing was saved.
        """

    def save_profile(  # noqa: PLR0917 - the row's keys in their order, then what they hold
        self,
        model: str,
        size: WindowSize,
        window: Window,
        revision: int,
        fingerprint: str,
        profile: WindowProfile,
        *,
        charted: Charted | None = None,
    ) -> None:
        """Save one window's profile in place of an earlier one.

        Args:
            model: the model's name.
            size: the size of the window.
            window: the window.
            revision: grows when late events change the window.
            fingerprint: tells how the window was profiled: profiles of one fingerprint can merge.
            profile: the profile.
            charted: what charts show beside it, where the home is made to be charted.
        """

    def profile(
        self, model: str, size: WindowSize, window: Window
    ) -> tuple[int, str, WindowProfile] | None:
        """Revision, fingerprint and profile of one window; None if it has none."""

    def profiles(
        self,
        model: str,
        size: WindowSize,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        fingerprint: str | None = None,
    ) -> Iterator[tuple[Window, int, WindowProfile]]:
        """Window, revision and profile of every window that touches [start, end), oldest first."""

    def save_evaluation(self, size: WindowSize, evaluation: Evaluation) -> None:
        """Save one window's results in place of earlier ones."""

    def evaluations(
        self,
        model: str | None = None,
        size: WindowSize | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[Evaluation]:
        """The evaluations of every window that touches [start, end), oldest window first."""

    def latest(
        self, model: str, size: WindowSize, before: datetime | None = None, limit: int = 1
    ) -> list[Evaluation]:
        """The latest evaluations of windows that begin before a time, oldest first."""

    def counted(
        self, model: str, size: WindowSize, windows: Iterable[Window]
    ) -> Mapping[Window, int]:
        """How many events each window had when it was evaluated; others are left out."""

    def unsettled(self, model: str, size: WindowSize) -> list[Window]:
        """Windows whose saving was cut off, oldest first: they must be evaluated again."""

    def note(self, name: str) -> bytes | None:
        """What was noted under a name; None if nothing."""

    def save_note(self, name: str, body: bytes) -> None:
        """Note something in place of what was noted."""

    def sizes(self, model: str) -> tuple[str, ...]:
        """The sizes of the windows that were evaluated, as text, sorted."""

    def save_episodes(self, size: WindowSize, episodes: Iterable[Episode]) -> None:
        """Save episodes of windows of one size, each in place of its earlier state."""

    def forget_windows(self, model: str, size: WindowSize, windows: Iterable[Window]) -> None:
        """Remove the profiles and evaluations of windows that are no more."""

    def forget_episodes(self, model: str, size: WindowSize, since: datetime | None = None) -> None:
        """Remove a model's episodes, before they are folded anew from revised evaluations.

        Args:
            model: the model's name.
            size: of the windows.
            since: only those that a window from then on opened.
        """

    def episodes(
        self,
        model: str | None = None,
        status: Status | None = None,
        *,
        size: WindowSize | None = None,
        closed: bool = True,
        over: bool = True,
        since: datetime | None = None,
    ) -> tuple[Episode, ...]:
        """Episodes in the order in which they opened.

        Args:
            model: of this model; None, of all.
            status: with this status; None, with any.
            size: by windows of this size; None, of any.
            closed: also those that are closed.
            over: also those that can never come back.
            since: without those that closed by then.
        """

    def episode(self, prefix: str) -> Episode:
        """The one episode whose id begins so.

        Raises:
            InputError: none does, or several do.
        """

    def save_actions(self, actions: Iterable[Action]) -> None:
        """Add to the journal of what people did; nothing in it is ever changed or removed.

        Raises:
            ConflictError: there is one with its subject and number: somebody did something meanwhile.
        """

    def actions(self, subjects: Collection[str] | None = None) -> tuple[Action, ...]:
        """What people did, of some subjects or all, oldest first."""


class BaselineHome(Protocol):
    """Where baselines are kept, one per model version."""

    def save(self, baseline: Baseline) -> str:
        """Keep it in place of an earlier one of its model version; where, in words."""

    def get(self, model: str, version: str) -> Baseline | None:
        """The baseline of exactly this version; None where there is none.

        Raises:
            ConfigError: it has problems.
        """

    def find(self, model: str, version: str | None = None) -> Baseline:
        """The baseline of the version or, where it has none, the one made last for the model.

        Raises:
            BaselineError: the model has no baseline there.
            ConfigError: a baseline there has problems.
        """


def the_one(found: Sequence[Episode], prefix: str, place: str) -> Episode:
    """The only one of some episodes.

    Args:
        found: those whose id begins with the prefix.
        prefix: what was asked for.
        place: where it was looked for.

    Raises:
        InputError: there is none, or there are several.
    """
    if not found:
        raise InputError(
            f"no alert in {place} has an id that begins with {prefix!r};"
            " `driftlog alerts list` shows the ids"
        )
    if len(found) > 1:
        first, second, *_ = sorted(episode.id for episode in found)
        raise InputError(
            f"{len(found)} alerts have an id that begins with {prefix!r}, {first} and"
            f" {second}; write more of it"
        )
    return found[0]
