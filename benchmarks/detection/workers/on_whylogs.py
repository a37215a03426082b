"""whylogs: drift scores with their categories; at its best with Hellinger's distance."""

import pandas as pd
import whylogs as why
from lines import Judge, serve
from whylogs.viz.drift.column_drift_algorithms import Hellinger, calculate_drift_scores


def fit(reference: pd.DataFrame, setting: str) -> Judge:
    """Profile the reference once."""
    before = why.log(pandas=reference).view()
    chosen = {name: Hellinger() for name in reference.columns} if setting == "best" else None

    def judge(window: pd.DataFrame) -> list[str]:
        after = why.log(pandas=window).view()
        scores = calculate_drift_scores(after, before, drift_map=chosen, with_thresholds=True)
        return [
            name for name, score in scores.items() if score and score["drift_category"] == "DRIFT"
        ]

    return judge


if __name__ == "__main__":
    serve(fit)
