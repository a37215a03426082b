"""What a transaction holds back until its end, laid over what is stored. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from typing import TypeVar

from driftlog_analyzers._elasticsearch._state_documents import Key
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
        emptied: places of which no stored episode stays that is not in `episodes`.
        places: everything that is touched.
        actions: what people did, by subject and number.
    """

    profiles: dict[Key, SavedProfile | None] = field(default_factory=dict)
    evaluations: dict[Key, Evaluation | None] = field(default_factory=dict)
    episodes: dict[str, tuple[Place, Episode]] = field(default_factory=dict)
    emptied: set[Place] = field(default_factory=set)
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

    def forget_episodes(self, place: Place) -> None:
        """Take out all episodes of a place."""
        self.places.add(place)
        self.emptied.add(place)
        self.episodes = {name: at for name, at in self.episodes.items() if at[0] != place}

    def hides(self, name: str, place: Place) -> bool:
        """Whether a stored episode is replaced or forgotten."""
        return name in self.episodes or place in self.emptied


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
