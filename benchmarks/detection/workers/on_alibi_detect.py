"""alibi-detect: TabularDrift with its Bonferroni correction; at its best with the benchmark's own budget as p-value."""

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from lines import Judge, serve

BUDGET = 0.001


def fit(reference: pd.DataFrame, setting: str) -> Judge:
    """Categories become numbers by the reference's list; a value outside it becomes one that nobody counts."""
    names = list(reference.columns)
    known = {
        name: {
            value: i
            for i, value in enumerate(sorted(reference[name].dropna().astype(str).unique()))
        }
        for name in names
        if not pd.api.types.is_numeric_dtype(reference[name])
    }
    p_value = 0.05 if setting == "default" else BUDGET * len(names)
    detector = TabularDrift(
        _encoded(reference, names, known),
        p_val=p_value,
        categories_per_feature={names.index(name): len(values) for name, values in known.items()},
        correction="bonferroni",
    )

    def judge(window: pd.DataFrame) -> list[str]:
        found = detector.predict(_encoded(window, names, known), drift_type="batch")["data"]
        hits = np.atleast_1d(found["p_val"]) < found["threshold"]
        return [name for name, hit in zip(names, hits, strict=True) if hit]

    return judge


def _encoded(frame: pd.DataFrame, names: list[str], known: dict[str, dict[str, int]]) -> np.ndarray:
    columns = []
    for name in names:
        if name in known:
            values, other = known[name], len(known[name])
            columns.append([values.get(str(value), other) for value in frame[name]])
        else:
            columns.append(frame[name].to_numpy(dtype=float))
    return np.column_stack(columns).astype(np.float32)


if __name__ == "__main__":
    serve(fit)
