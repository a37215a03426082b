"""Values of a categorical feature before and after, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from driftlog_analyzers._finding import Change
from driftlog_analyzers._profile import Categorical
from driftlog_analyzers._statistics import rate

SHOWN = 10

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Occurrences of every value in the reference and in the window, in one order.

    Attributes:
        values: k names.
        before: k counts of the reference.
        after: k counts of the window.
        m: occurrences in the reference, unlisted values included.
        n: occurrences in the window, unlisted values included.
    """

    values: tuple[str, ...]
    before: Integers
    after: Integers
    m: int
    n: int

    @property
    def moves(self) -> NDArray[np.float64]:
        """Change of each value's share, -1 to 1."""
        return self.after / max(self.n, 1) - self.before / max(self.m, 1)

    def changes(self, order: NDArray[np.intp]) -> tuple[Change, ...]:
        """The values at these positions, as evidence."""
        return tuple(
            Change(
                self.values[i],
                rate(int(self.before[i]), self.m),
                rate(int(self.after[i]), self.n),
                int(self.before[i]),
                int(self.after[i]),
            )
            for i in order[:SHOWN]
        )


def shares(before: Categorical, after: Categorical) -> Shares:
    """Line up two tables of counts."""
    values = tuple(sorted({*before.counts, *after.counts}))
    return Shares(
        values, _counts(values, before.counts), _counts(values, after.counts), before.n, after.n
    )


def _counts(values: tuple[str, ...], counts: Mapping[str, int]) -> Integers:
    found = map(counts.get, values, repeat(0))  # without a frame a value, where there are many
    return np.fromiter(found, dtype=np.int64, count=len(values))
