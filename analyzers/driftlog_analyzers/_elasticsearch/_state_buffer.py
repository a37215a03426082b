"""What a transaction holds back until its end, laid over what is stored. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from typing import TypeVar

from driftlog_analyzers._elasticsearch._state_documents import Key, exact
from driftlog_analyzers._elasticsearch._state_profiles import SavedProfile
from driftlog_analyzers._episode import Episode
from driftlog_analyzers._finding import Evaluation
from driftlog_analyzers._review import Action
from driftlog_analyzers._window import Window

T = TypeVar("T", SavedProfile, Evaluation)
Place = tuple[str, str]
"""A model and a size of windows, as text: what one process at a time may write."""


@dataclass(slots=True)
class Buffer:
    """Everything that waits to be written.

    Attributes:
        profiles: by window; None where it is forgotten.
        evaluations: as above.
        episodes: by id, with their place.
        emptied: places of which no stored episode stays that is not in `episodes`, of those that were opened from a
            time on, where one is given as exact text.
        notes: by name.
        places: everything that is touched.
        actions: what people did, by subject and number.
    """

    profiles: dict[Key, SavedProfile | None] = field(default_factory=dict)
    evaluations: dict[Key, Evaluation | None] = field(default_factory=dict)
    episodes: dict[str, tuple[Place, Episode]] = field(default_factory=dict)
    emptied: dict[Place, str] = field(default_factory=dict)
    notes: dict[str, bytes] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    actions: dict[tuple[str, int], Action] = field(default_factory=dict)

    def save_episode(self, place: Place, episode: Episode) -> None:
        """Take an episode."""
        self.places.add(place)
        self.episodes[episode.id] = (place, episode)

    def forget_window(self, key: Key, window: Window) -> None:
        """Take out a window, unless one that begins with it and was cut otherwise has been saved since."""
        self.places.add((key.model, key.size))
        for saved in (self.profiles, self.evaluations):
            there = saved.get(key)
            if there is None or there.window == window:
                saved[key] = None

    def forget_episodes(self, place: Place, since: datetime | None) -> None:
        """Take out the episodes of a place; those that were opened from a time on, where one is given."""
        self.places.add(place)
        start = "" if since is None else exact(since)
        self.emptied[place] = min(start, self.emptied.get(place, start))
        self.episodes = {
            name: at
            for name, at in self.episodes.items()
            if at[0] != place or exact(at[1].opened.start) < start
        }

    def hides(self, episode: Episode, place: Place) -> bool:
        """Whether a stored episode is replaced or forgotten."""
        since = self.emptied.get(place)
        forgotten = since is not None and exact(episode.opened.start) >= since
        return forgotten or episode.id in self.episodes


def overlaid(
    stored: Iterable[tuple[Key, T]],
    waiting: Mapping[Key, T | None],
    wanted: Callable[[Key, T], bool],
) -> Iterator[tuple[Key, T]]:
    """What is stored with what waits in its place, in order.

    Args:
        stored: in the order of the keys.
        waiting: by key; None for what is to go.
        wanted: whether something that waits is asked for.
    """
    kept = ((key, value) for key, value in stored if key not in waiting)
    ours = sorted(
        (
            (key, value)
            for key, value in waiting.items()
            if value is not None and wanted(key, value)
        ),
        key=lambda pair: pair[0],
    )
    return merge(kept, ours, key=lambda pair: pair[0])
