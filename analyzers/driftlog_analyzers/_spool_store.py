"""The spool as a store: DuckDB scans the segments, and only aggregates come out.

One light scan of a segment tells what is in it (`_segments`). Then each segment is read once, small
ones together (`_catalog`), for all the windows it touches, and a window is merged from its parts:
memory follows a segment's size and not the log's.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from driftlog_analyzers._catalog import Catalog, Parts
from driftlog_analyzers._connect import connect
from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._finding import Condition
from driftlog_analyzers._joint import Row
from driftlog_analyzers._logged import Logged
from driftlog_analyzers._outline import histogram_edges, token_counts
from driftlog_analyzers._profile import Counts, WindowProfile
from driftlog_analyzers._quality import Quality
from driftlog_analyzers._recovery import Damage
from driftlog_analyzers._relation import Relation
from driftlog_analyzers._scan_slices import scan_groups
from driftlog_analyzers._segments import Segment, first_line
from driftlog_analyzers._shadow import Shadow, ShadowSpec
from driftlog_analyzers._spool_damage import damaged
from driftlog_analyzers._spool_examples import examples
from driftlog_analyzers._spool_feedback import feedback
from driftlog_analyzers._spool_hosts import hosts
from driftlog_analyzers._spool_memory import Mark, SegmentMemory
from driftlog_analyzers._spool_quality import quality
from driftlog_analyzers._spool_query import counting_sql
from driftlog_analyzers._spool_sample import sample
from driftlog_analyzers._spool_shadow import shadow
from driftlog_analyzers._spool_source import place, relations_of
from driftlog_analyzers._spool_values import values, wanted_sql
from driftlog_analyzers._spool_windows import spool_counts, spool_windows, touched_windows
from driftlog_analyzers._store import ByHost, Edges, Extent, ProfileSpec, QualitySpec
from driftlog_analyzers._window import TimeSize, Window, WindowSize
from driftlog_analyzers.errors import StoreError

MEMORY = "512MB"


class SpoolStore:
    """The events of a spool folder.

    Args:
        path: the folder.
        threads: of DuckDB; by default one per core.
        memory: file that keeps what is learned of the segments between runs; None forgets it at the end.

    Raises:
        StoreError: there is no such folder, or it cannot be read.
    """

    def __init__(
        self, path: str | Path, *, threads: int | None = None, memory: Path | None = None
    ) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise StoreError(
                f"there is no spool folder {self.path};"
                " name the folder that the service's logger writes to"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="driftlog-", ignore_cleanup_errors=True)
        self._connection = connect(self._folder.name)
        self._connection.execute(f"SET memory_limit = '{MEMORY}'")
        self._connection.execute("SET preserve_insertion_order = false")
        if threads:
            self._connection.execute(f"SET threads = {threads}")
        self._memory = SegmentMemory(memory)
        self._catalog = Catalog(self.path, Path(self._folder.name), self._connection, self._memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close DuckDB and remove the scratch folder."""
        self._memory.close()
        self._connection.close()
        self._folder.cleanup()

    def segments(self, progress: Callable[[int, int], None] | None = None) -> Sequence[Segment]:
        """What each segment holds; only new and grown segments are scanned again.

        Raises:
            StoreError: the folder or a segment cannot be read.
        """
        return self._catalog.segments(progress)

    def frozen(self) -> AbstractContextManager[None]:
        """Look once at the folder, and answer by that until the end; see `TracksChanges.frozen`."""
        return self._catalog.frozen()

    def mark(self) -> str:
        """Everything that was seen so far; see `TracksChanges.mark`."""
        return str(self._catalog.mark)

    def touched(self, model: str, size: TimeSize, since: str) -> Sequence[Window]:
        """The windows with events in what has changed since a mark; see `TracksChanges.touched`."""
        changed = self._catalog.changed(model, Mark.read(since))
        return touched_windows(self._rows, model, size, changed)

    def span(self, model: str, until: datetime) -> tuple[datetime, datetime] | None:
        """When the first and the last event up to a time were; see `EventStore.span`."""
        extent = self._catalog.extent(model)
        if extent is None or extent.first > until:
            return None
        return extent.first, min(extent.last, until)

    @property
    def damage(self) -> Mapping[Path, Damage]:
        """Segments with lines that are no event document; the lines were set aside and counted."""
        return self._catalog.damage

    def damaged(self, model: str, windows: Sequence[Window]) -> Sequence[Damaged]:
        """The damaged lines of each window; see `DamageStore.damaged`."""
        self._catalog.segments()
        return damaged(self._catalog.damage.values(), model, windows)

    def models(self) -> tuple[str, ...]:
        """Names of the models that have events, sorted."""
        return tuple(
            sorted({model for segment in self._catalog.segments() for model in segment.models})
        )

    def extent(self, model: str) -> Extent | None:
        """What is there of the model; None if nothing."""
        return self._catalog.extent(model)

    def windows(
        self,
        model: str,
        size: WindowSize,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[Window]:
        """The windows of one size between start and end, oldest first; see `EventStore.windows`."""
        return spool_windows(self._catalog, self._rows, model, size, (start, end))

    def edges(self, model: str, window: Window, version: str | None = None) -> tuple[Edges, Edges]:
        """Histogram edges of the numbers in a window; see `EventStore.edges`."""
        held = self._catalog.held(model, window)
        if not held:
            return {}, {}
        features: dict[str, tuple[float, ...]] = {}
        predictions: dict[str, tuple[float, ...]] = {}
        with _named_errors(self.path):
            for relation in relations_of(model, [window], held, version):
                inputs, outputs = histogram_edges(self._connection, relation)
                features.update(inputs)
                predictions.update(outputs)
        return features, predictions

    def vocabulary(
        self, model: str, window: Window, version: str | None = None
    ) -> Mapping[str, Counts]:
        """Texts per token; see `EventStore.vocabulary`."""
        held = self._catalog.held(model, window)
        if not held:
            return {}
        with _named_errors(self.path):
            parts = [
                token_counts(self._connection, relation)
                for relation in relations_of(model, [window], held, version)
            ]
        return {name: counts for part in parts for name, counts in part.items()}

    def counts(self, model: str, windows: Sequence[Window]) -> Sequence[int]:
        """How many predictions each window holds."""
        return spool_counts(self._catalog, self._rows, model, windows)

    def profiles(self, spec: ProfileSpec, windows: Sequence[Window]) -> Iterator[WindowProfile]:
        """The profile of each window, in order; see `EventStore.profiles`.

        A window is merged from the groups of segments that touch it, and given away with the last.
        """
        groups = list(self._catalog.groups(spec.model, windows))
        last = {n: position for position, (numbers, _) in enumerate(groups) for n in numbers}
        found: dict[int, WindowProfile] = {}
        given = 0
        for position, (numbers, held) in enumerate(groups):
            for n, profile in self._profiled(spec, [windows[n] for n in numbers], held):
                found[numbers[n]] = found.get(numbers[n], WindowProfile()).merge(profile)
            while given < len(windows) and last.get(given, -1) <= position:
                yield found.pop(given, WindowProfile())
                given += 1
        yield from (found.pop(n, WindowProfile()) for n in range(given, len(windows)))

    def _profiled(
        self, spec: ProfileSpec, windows: Sequence[Window], held: Parts
    ) -> Iterator[tuple[int, WindowProfile]]:
        place(self._rows, spec.model, windows, held)
        slicing = {feature for feature, _ in spec.slices}
        relations = relations_of(spec.model, windows, held, spec.version, slicing)
        roles = spec.features, spec.predictions
        with _named_errors(self.path):
            loaded = self._loaded(relations)
            yield from scan_groups(self._connection, loaded, *roles, spec.slices).items()

    def _loaded(self, relations: Iterable[Relation]) -> Iterator[Relation]:
        """Each with its rows in a table, since a profile asks several questions of the same lines."""
        for relation in relations:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE loaded AS {relation.sql}")
            yield replace(relation, sql="SELECT * FROM loaded")
        self._connection.execute("DROP TABLE IF EXISTS loaded")

    def labelled(self, model: str) -> bool:
        """Whether there is any label of the model."""
        return bool(self._catalog.labelled(model, None))

    def quality(self, spec: QualitySpec, windows: Sequence[Window]) -> Iterator[Quality]:
        """What the labels say of each window's predictions; see `EventStore.quality`."""
        return quality(self._catalog, self._rows, spec, windows)

    def values(self, model: str, ids: Sequence[str], features: Collection[str]) -> Iterator[Logged]:
        """Some features of the predictions with these ids; see `EventStore.values`."""
        self._connection.execute(wanted_sql(), [[*ids]])
        yield from values(self._catalog, self._rows, model, features)

    def shadow(self, spec: ShadowSpec) -> Shadow:
        """Two versions' predictions for the same requests; see `EventStore.shadow`."""
        return shadow(self._catalog, self._rows, spec)

    def sample(
        self,
        model: str,
        windows: Sequence[Window],
        features: Sequence[str],
        limit: int,
        version: str | None = None,
    ) -> Iterator[Sequence[Row]]:
        """Values of a few events of each window; see `EventStore.sample`."""
        return sample(
            self._catalog,
            self._rows,
            model,
            windows,
            features=features,
            limit=limit,
            version=version,
        )

    def feedback(
        self, model: str, spec: FeedbackSpec, windows: Sequence[Window]
    ) -> Sequence[Followed]:
        """How much of each window's traffic follows the model; see `EventStore.feedback`."""
        return feedback(self._catalog, self._rows, model, spec, windows)

    def examples(
        self,
        model: str,
        windows: Sequence[Window],
        conditions: Sequence[Sequence[Condition]],
        limit: int = 3,
    ) -> list[list[tuple[str, ...]]]:
        """Ids of a few events per window and condition, the smallest ids first."""
        return examples(
            self._catalog, self._rows, model, windows, conditions=conditions, limit=limit
        )

    def hosts(
        self, model: str, windows: Sequence[Window], conditions: Sequence[Sequence[Condition]]
    ) -> list[ByHost]:
        """By host, the events of each window and those that show its conditions; see `EventStore.hosts`."""
        return hosts(self._catalog, self._rows, model, windows, conditions)

    def counting(self, model: str, window: Window, condition: Condition) -> str:
        """The SQL that counts the events that show a finding; see `EventStore.counting`."""
        return counting_sql(self._catalog, model, window, condition)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _named_errors(self.path):
            return self._connection.execute(sql).fetchall()


@contextmanager
def _named_errors(spool: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(
            f"spool {spool} could not be read ({first_line(error)}); see to that and run again"
        ) from error
