"""Which segments a spool has, what each holds, and which windows they touch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from driftlog_analyzers._compressed import SUFFIX, unpack
from driftlog_analyzers._recovery import Damage, clean_copy
from driftlog_analyzers._relation import microseconds, moment
from driftlog_analyzers._segments import Held, Segment, inspect, total_versions
from driftlog_analyzers._spool_memory import Mark, SegmentMemory
from driftlog_analyzers._store import Extent
from driftlog_analyzers._window import Window
from driftlog_analyzers.errors import StoreError

GROUP_EVENTS = 65_536
PATTERNS = ("*.ndjson", f"*.ndjson{SUFFIX}")

Parts = list[tuple[Segment, Held]]


class Catalog:
    """What is in a spool, kept up to date by one scan of each new or grown segment.

    Args:
        folder: the spool.
        scratch: where clean copies of damaged segments go.
        connection: to scan with.
        memory: what earlier runs learned.

    Attributes:
        damage: segments with lines that are no event document, and what became of those.
    """

    def __init__(
        self,
        folder: Path,
        scratch: Path,
        connection: duckdb.DuckDBPyConnection,
        memory: SegmentMemory,
    ) -> None:
        self._folder = folder
        self._scratch = scratch
        self._connection = connection
        self._memory = memory
        self._segments: dict[Path, Segment] = {}
        self._changed: dict[Path, int] = {}
        self._listing: Sequence[Segment] | None = None
        self._parts: dict[str, Parts] = {}
        self.damage: dict[Path, Damage] = {}

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Look once at the folder, and answer by that until the end."""
        self._listing = None
        self._listing = self.segments()
        self._parts = {}
        for segment in self._listing:
            for model, held in segment.models.items():
                self._parts.setdefault(model, []).append((segment, held))
        try:
            yield
        finally:
            self._listing = None

    @property
    def mark(self) -> Mark:
        """Everything that was seen so far."""
        return self._memory.mark

    def segments(self, progress: Callable[[int, int], None] | None = None) -> Sequence[Segment]:
        """What each segment holds; only new and grown segments are scanned again.

        Raises:
            StoreError: the folder or a segment cannot be read.
        """
        if self._listing is not None:
            return self._listing
        try:
            paths = self._paths()
            if not self._segments:
                self._recall(paths)
            self._look(paths, progress)
        except OSError as error:
            raise StoreError(
                f"{error.filename} in spool {self._folder} cannot be read ({error.strerror}); "
                "correct its permissions or move it away, and run again"
            ) from error
        return [self._segments[path] for path in paths]

    def _recall(self, paths: Sequence[Path]) -> None:
        """Take what earlier runs learned of segments that are as they were."""
        known = self._memory.load()
        for path in paths:
            if one := known.pop(path.name, None):
                about = path.stat()
                if (one.size, one.modified) == (about.st_size, about.st_mtime_ns):
                    self._changed[path] = one.changed
                    if one.segment is not None and one.segment.path == path:
                        self._segments[path] = one.segment
        if known:
            self._memory.forget(known)

    def _look(
        self, paths: Sequence[Path], progress: Callable[[int, int], None] | None = None
    ) -> None:
        seen: dict[str, tuple[int, int, Segment]] = {}
        for done, path in enumerate(paths):
            known = self._segments.get(path)
            about = path.stat()
            if known is None or known.size != about.st_size:
                segment = self._segments[path] = self._inspect(path)
                if known is not None or path not in self._changed:
                    seen[path.name] = (segment.size, about.st_mtime_ns, segment)
                    self._changed.pop(path, None)
            if progress:
                progress(done + 1, len(paths))
        if seen:
            look = self._memory.save(seen)
            self._changed |= {path: look for path in paths if path.name in seen}

    def changed(self, model: str, since: Mark) -> Parts:
        """The segments with events of the model that are new or have grown since a mark."""
        after = since.look if since.memory == self._memory.id else -1
        segments = self.segments()
        paths = {id(segment): path for path, segment in self._segments.items()}
        return [
            (segment, segment.models[model])
            for segment in segments
            if model in segment.models and self._changed.get(paths[id(segment)], 0) > after
        ]

    def _paths(self) -> Sequence[Path]:
        """One file of each segment: zstd keeps the plain one beside its own, unless told otherwise."""
        found = [path for pattern in PATTERNS for path in self._folder.glob(pattern)]
        there = sorted(path for path in found if path.exists() or path.is_symlink())
        chosen: dict[str, Path] = {}
        for path in there:
            chosen.setdefault(path.name.removesuffix(SUFFIX), path)
        return list(chosen.values())

    def held(self, model: str, window: Window | None = None) -> Parts:
        """The segments with events of the model, those that touch the window where one is given."""
        if self._listing is not None:
            held = self._parts.get(model, [])
        else:
            held = [(s, s.models[model]) for s in self.segments() if model in s.models]
        return [part for part in held if window is None or part[1].touches(window)]

    def extent(self, model: str) -> Extent | None:
        """What is there of the model; None if nothing."""
        held = [part for _, part in self.held(model)]
        if not held:
            return None
        first = moment(min(part.first for part in held))
        last = moment(max(part.last for part in held))
        if first is None or last is None:
            return None
        return Extent(sum(part.events for part in held), first, last, total_versions(held))

    def labelled(self, model: str, since: datetime | None) -> list[Path]:
        """The segments with labels of the model, where a time is given with labels from then on."""
        first = None if since is None else microseconds(since)
        return [
            segment.path
            for segment in self.segments()
            if model in segment.labels and (first is None or segment.labels[model] >= first)
        ]

    def groups(
        self, model: str, windows: Sequence[Window]
    ) -> Iterator[tuple[Sequence[int], Parts]]:
        """Segments of about `GROUP_EVENTS` events together, the earliest first, and the windows they touch.

        Yields:
            The windows' positions, and the segments; no segment comes twice.
        """
        if not windows:
            return
        low = microseconds(min(window.start for window in windows))
        high = microseconds(max(window.end for window in windows))
        near = [part for part in self.held(model) if part[1].first <= high and part[1].last >= low]
        held = sorted(near, key=lambda part: (part[1].first, part[0].path))
        group: Parts = []
        for part in held:
            if group and sum(h.events for _, h in group) + part[1].events > GROUP_EVENTS:
                yield from _touched(windows, group)
                group = []
            group.append(part)
        yield from _touched(windows, group)

    def _inspect(self, path: Path) -> Segment:
        """Scan one segment; one with damaged lines is read from a clean copy from then on."""
        self.damage.pop(path, None)
        packed = path.suffix == SUFFIX
        size = path.stat().st_size
        fault = unpack(path) if packed else ""
        if not fault and not (segment := self._scanned(path)).damaged:
            return segment
        damage = self._clean_unpacked(path) if packed else self._clean(path)
        if fault:
            damage = damage.with_fault(fault)
        if damage.lines:
            self.damage[path] = damage
        clean = inspect(self._connection, damage.copy, strict=False)
        return Segment(damage.copy, size, clean.models, damage.lines, clean.labels)

    def _scanned(self, path: Path) -> Segment:
        try:
            return inspect(self._connection, path, strict=True)
        except StoreError as error:
            if not isinstance(error.__cause__, duckdb.InvalidInputException):
                raise
            return Segment(path, path.stat().st_size, damaged=1)

    def _clean(self, path: Path) -> Damage:
        return clean_copy(path, self._folder / "aside", self._scratch / path.name)

    def _clean_unpacked(self, path: Path) -> Damage:
        folder = self._scratch / "unpacked"
        folder.mkdir(exist_ok=True)
        plain = folder / path.name.removesuffix(SUFFIX)
        try:
            with plain.open("wb") as file:
                unpack(path, file.write)
            return self._clean(plain)
        finally:
            plain.unlink(missing_ok=True)


def _touched(windows: Sequence[Window], group: Parts) -> Iterator[tuple[Sequence[int], Parts]]:
    """The group with the windows that it touches, unless there are none."""
    numbers = [n for n, w in enumerate(windows) if any(held.touches(w) for _, held in group)]
    if numbers:
        yield numbers, group
