"""Windows that are made of smaller ones: what is stored of those is merged, and no event is read again."""

from collections.abc import Iterator, Sequence
from functools import reduce

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._run import Run
from driftlog_analyzers._window import TimeSize, Window


def profiles(run: Run, windows: Sequence[Window]) -> Iterator[WindowProfile]:
    """The profile of each window, in order: merged where all of its parts are stored, else made by the store."""
    if run.parts is None:
        yield from run.store.profiles(run.spec, windows)
        return
    for window in windows:
        yield _merged(run, run.parts, window) or next(iter(run.store.profiles(run.spec, [window])))


def counts(run: Run, windows: Sequence[Window]) -> list[int]:
    """How many events each window holds, in order, by its parts where all of them are stored."""
    if run.parts is None:
        return list(run.store.counts(run.baseline.model, windows))
    pieces = [tuple(run.parts.windows(window.start, window.end)) for window in windows]
    known = run.state.counted(run.baseline.model, run.parts, [p for some in pieces for p in some])
    found = {
        window: sum(known[piece] for piece in some)
        for window, some in zip(windows, pieces, strict=True)
        if all(piece in known for piece in some)
    }
    rest = [window for window in windows if window not in found]
    if rest:
        found |= dict(zip(rest, run.store.counts(run.baseline.model, rest), strict=True))
    return [found[window] for window in windows]


def _merged(run: Run, parts: TimeSize, window: Window) -> WindowProfile | None:
    wanted = set(parts.windows(window.start, window.end))
    stored = run.state.profiles(
        run.baseline.model, parts, window.start, window.end, fingerprint=run.fingerprint
    )
    found = {piece: profile for piece, _, profile in stored if piece in wanted}
    if len(found) < len(wanted):
        return None
    return reduce(WindowProfile.merge, (found[piece] for piece in sorted(found)), WindowProfile())
