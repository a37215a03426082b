"""In which window of a spool damaged lines stand."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._recovery import Damage
from driftlog_analyzers._relation import microseconds
from driftlog_analyzers._window import Window


def damaged(found: Iterable[Damage], model: str, windows: Sequence[Window]) -> list[Damaged]:
    """The damaged lines of each window; see `DamageStore.damaged`.

    Args:
        found: of each segment.
        model: whose predictions stand beside them.
        windows: apart from each other, in any order.
    """
    order = sorted(range(len(windows)), key=lambda n: windows[n])
    starts = [(microseconds(windows[n].start), windows[n].start_id) for n in order]
    ends = [(microseconds(windows[n].end), windows[n].end_id) for n in order]
    reasons: list[Counter[str]] = [Counter() for _ in windows]
    aside = [""] * len(windows)
    for one in found:
        if model not in one.models:
            continue
        for (place, reason), count in one.beside.items():
            position = bisect_right(starts, place) - 1 if place else -1
            if place and position >= 0 and place < ends[position]:
                reasons[order[position]][reason] += count
                aside[order[position]] = one.aside
    return [
        Damaged(dict(sorted(r.items())), where) for r, where in zip(reasons, aside, strict=True)
    ]
