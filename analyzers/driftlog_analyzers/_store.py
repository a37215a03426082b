"""The seam between analyzers and the place where events are kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._joint import Row
from driftlog_analyzers._logged import Logged
from driftlog_analyzers._profile import Counts, Slice, WindowProfile
from driftlog_analyzers._quality import Compared, Quality
from driftlog_analyzers._shadow import Shadow, ShadowSpec
from driftlog_analyzers._window import TimeSize, Window, WindowSize

Edges = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """How one feature is profiled: everything that the baseline decides.

    Attributes:
        edges: ascending histogram edges; none, no histogram.
        minimum: numbers under it are counted as below.
        maximum: numbers over it are counted as above.
        vocabulary: known tokens; None where the service counts unknown tokens itself.
    """

    edges: tuple[float, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    vocabulary: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """How the windows of one model are profiled. What it does not name is profiled without histogram.

    Attributes:
        model: the model's name.
        features: by input feature.
        predictions: by output.
        version: only events of this model version; None, of all.
        slices: parts of the events that are profiled by themselves, too.
    """

    model: str
    features: Mapping[str, FeatureSpec] = field(default_factory=dict)
    predictions: Mapping[str, FeatureSpec] = field(default_factory=dict)
    version: str | None = None
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class QualitySpec:
    """How predictions of one model are held against their labels.

    Attributes:
        model: the model's name.
        compared: the outputs that labels are compared with.
        version: only predictions of this model version; None, of all.
        since: only labels with a time from then on, UTC; None, all. Where labels never come before their predictions,
            the start of the first window spares reading older ones.
        part: only predictions of this slice.
    """

    model: str
    compared: Compared = field(default_factory=Compared)
    version: str | None = None
    since: datetime | None = None
    part: Slice | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """What a store holds of one model.

    Attributes:
        events: predictions.
        first: time of the earliest, UTC.
        last: time of the latest, UTC.
        versions: events by model version.
    """

    events: int
    first: datetime
    last: datetime
    versions: Counts


@dataclass(frozen=True, slots=True)
class ByHost:
    """The events of one window by the host that logged them.

    Attributes:
        events: all of them; those that name no host are left out.
        showing: for each condition, those that show it.
    """

    events: Counts
    showing: tuple[Counts, ...]


@runtime_checkable
class TracksChanges(Protocol):
    """A store that knows what has come since it was last looked at."""

    def frozen(self) -> AbstractContextManager[None]:
        """Look once for what has come, and answer by that until the end."""

    def mark(self) -> str:
        """Everything that was seen so far, to be kept and compared with later."""

    def touched(self, model: str, size: TimeSize, since: str) -> Sequence[Window]:
        """The windows that may hold events which were not there at a mark, oldest first.

        Raises:
            StoreError: the store could not answer completely.
        """


class EventStore(Protocol):
    """Where events are kept and aggregated; no event leaves it to be counted."""

    def models(self) -> tuple[str, ...]:
        """Names of the models that have events, sorted."""

    def extent(self, model: str) -> Extent | None:
        """What is there of the model; None if nothing."""

    def span(self, model: str, until: datetime) -> tuple[datetime, datetime] | None:
        """When the first event was, and the last up to a time; None if there was none. Cheap, unlike `extent`.

        The last is the time given where the store only knows that it was later.
        """

    def windows(
        self,
        model: str,
        size: WindowSize,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[Window]:
        """The windows of one size between start and end (by default: all events), oldest first, empty ones included.

        More than 10,000 empty windows in a row are left out: one event with a time far off, such as 1970, must not
        make millions. Windows by count hold exactly that many events; the events left over at the end belong to none.
        """

    def edges(self, model: str, window: Window, version: str | None = None) -> tuple[Edges, Edges]:
        """Histogram edges of the numeric features and of the numeric outputs that a window shows.

        Of one model version, where one is given.
        """

    def vocabulary(
        self, model: str, window: Window, version: str | None = None
    ) -> Mapping[str, Counts]:
        """Texts per token of every text feature whose service has no vocabulary of its own.

        Of one model version, where one is given.
        """

    def counts(self, model: str, windows: Sequence[Window]) -> Sequence[int]:
        """How many predictions each window holds."""

    def profiles(self, spec: ProfileSpec, windows: Sequence[Window]) -> Iterator[WindowProfile]:
        """The profile of each window, in order.

        Raises:
            StoreError: the store could not answer completely.
        """

    def labelled(self, model: str) -> bool:
        """Whether there is any label of the model; cheap."""

    def quality(self, spec: QualitySpec, windows: Sequence[Window]) -> Iterator[Quality]:
        """What the labels say of each window's predictions, in order.

        A label belongs to the prediction with its id, whenever it came and wherever it stands. Of several labels for
        one id the last by time, then by its own event id, counts. One for an unknown id counts nowhere; of several
        predictions that were given one id, each has the label.

        Raises:
            StoreError: the store could not answer completely.
        """

    def values(self, model: str, ids: Sequence[str], features: Collection[str]) -> Iterator[Logged]:
        """Some features of the predictions with these ids, in no order; ids without event are left out.

        Only these events leave the store. Of several predictions that were given one id, each comes.

        Raises:
            StoreError: the store could not answer completely.
        """

    def shadow(self, spec: ShadowSpec) -> Shadow:
        """The predictions of two versions for the same requests, joined and summed up.

        Raises:
            StoreError: the store could not answer completely.
        """

    def sample(
        self,
        model: str,
        windows: Sequence[Window],
        features: Sequence[str],
        limit: int,
        version: str | None = None,
    ) -> Iterator[Sequence[Row]]:
        """The values of some input features in a few events of each window, in order; never used to count events.

        Events are chosen by a hash of their id: the same ones each time, but not the same ones in every store. At most
        10,000 of a window, of one model version, where one is given.

        Raises:
            StoreError: the store could not answer completely.
        """

    def feedback(
        self, model: str, spec: FeedbackSpec, windows: Sequence[Window]
    ) -> Sequence[Followed]:
        """How much of each window's traffic follows the model's own earlier output, in order.

        Raises:
            StoreError: the store could not answer completely.
        """

    def examples(
        self,
        model: str,
        windows: Sequence[Window],
        conditions: Sequence[Sequence[Condition]],
        limit: int = 3,
    ) -> list[list[tuple[str, ...]]]:
        """Ids of a few events per window and condition, the smallest ids first."""

    def counting(self, model: str, window: Window, condition: Condition) -> str:
        """The query that counts the events of a window and those that show a finding, to be run by people.

        SQL for DuckDB, or a request for Kibana's Dev Tools; empty where the store has nothing of that time any more.
        """

    def hosts(
        self, model: str, windows: Sequence[Window], conditions: Sequence[Sequence[Condition]]
    ) -> list[ByHost]:
        """By host, the events of each window and those that show each of its conditions.

        Raises:
            StoreError: the store could not answer completely.
        """
