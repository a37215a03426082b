"""whylogs: drift scores with their categories; at its best with Hellinger's distance."""

from typing import Any

import pandas as pd
import whylogs as why
from lines import serve
from whylogs.viz.drift.column_drift_algorithms import Hellinger, calculate_drift_scores


class Whylogs:
    """The reference is profiled once, a window once for both settings."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._before = why.log(pandas=reference).view()

    def look(self, window: pd.DataFrame) -> Any:
        """The window's profile."""
        return why.log(pandas=window).view()

    def alerts(self, setting: str, seen: Any, names: list[str]) -> list[str]:
        """The columns whose score is of the category of drift."""
        chosen = {name: Hellinger() for name in names} if setting == "best" else None
        scores = calculate_drift_scores(seen, self._before, drift_map=chosen, with_thresholds=True)
        return [
            name for name, score in scores.items() if score and score["drift_category"] == "DRIFT"
        ]

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """All columns at once."""
        names = list(self._before.get_columns())
        return self.alerts(setting, self.look(window), names)


if __name__ == "__main__":
    serve(Whylogs)
