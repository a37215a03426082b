"""A table for the detection benchmark's tests."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.detection.data import DataSet, Split, split

from driftlog_analyzers import Roles

SEED = 20261122
WORDS = ("the", "house", "of", "our", "people", "shall", "never", "be", "closed", "again")


@pytest.fixture(scope="package")
def source() -> Split:
    """A shuffled table with a column of every kind."""
    print("seed", SEED)
    chance = np.random.default_rng(SEED)
    n = 4_000
    rows = pd.DataFrame(
        {
            "amount": chance.normal(50.0, 10.0, n),
            "count": chance.integers(0, 20, n),
            "colour": chance.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1]),
            "code": chance.choice(["10", "20", "30"], n),
            "flag": chance.random(n) < 0.3,
            "text": [" ".join(chance.choice(WORDS, 8)) for _ in range(n)],
            "score": chance.random(n),
            "label": chance.choice(["yes", "no"], n, p=[0.3, 0.7]),
        }
    )
    roles = Roles(text=frozenset({"text"}), predictions=frozenset({"score", "label"}))
    return split(DataSet("made", rows, roles), SEED)
