"""Histograms before and after, as evidence."""

import numpy as np

from driftlog_analyzers._finding import Change
from driftlog_analyzers._statistics import Floats, rate

SHOWN = 10
NARROW = 1e-5


def bin_changes(edges: tuple[float, ...], old: Floats, new: Floats) -> tuple[Change, ...]:
    """The bins whose share moved most.

    Args:
        edges: k ascending edges.
        old: k + 1 counts of the reference.
        new: k + 1 counts of the window.
    """
    moves = new / new.sum() - old / old.sum()
    order = np.argsort(-np.abs(moves), kind="stable")[:SHOWN]
    return tuple(
        Change(
            bin_name(edges, int(i)),
            rate(int(old[i]), int(old.sum())),
            rate(int(new[i]), int(new.sum())),
            int(old[i]),
            int(new[i]),
        )
        for i in order
        if moves[i]
    )


def bin_name(edges: tuple[float, ...], i: int) -> str:
    """The bin in words: above one edge, up to the next; the value itself where it has a bin of its own."""
    if i == 0:
        return f"up to {edges[0]:.6g}"
    if i == len(edges):
        return f"above {edges[-1]:.6g}"
    low, high = edges[i - 1], edges[i]
    if high - low <= NARROW * (edges[-1] - edges[0]) or len(edges) == 2:  # noqa: PLR2004 - around one value
        return f"{low / 2.0 + high / 2.0:.5g}"
    return f"{low:.6g} to {high:.6g}"
