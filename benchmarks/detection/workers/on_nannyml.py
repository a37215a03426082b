"""NannyML: univariate drift; at its best with thresholds learned from the reference, and with data quality."""

import pandas as pd
from lines import serve
from nannyml import MissingValuesCalculator, UnivariateDriftCalculator, UnseenValuesCalculator
from nannyml.thresholds import StandardDeviationThreshold


class NannyML:
    """A chunk is a window, so that the reference is cut into chunks of the window's size; fitted for each column."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._reference = reference
        self._fitted: dict[tuple, list] = {}

    def look(self, window: pd.DataFrame) -> pd.DataFrame:
        """The window."""
        return window

    def alerts(self, setting: str, seen: pd.DataFrame, names: list[str]) -> list[str]:
        """A column at a time: calculators do not mix columns."""
        found = []
        for name in names:
            found += self._alerts(setting, seen, (name,))
        return found

    def plain(self, setting: str, window: pd.DataFrame) -> list[str]:
        """All columns at once."""
        return self._alerts(setting, window, tuple(self._reference.columns))

    def _alerts(self, setting: str, window: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
        """The window is the last chunk of the result, after those of the reference."""
        key = (setting, len(window), names)
        if key not in self._fitted:
            reference = self._reference[list(names)]
            calculators = _calculators(reference, setting, len(window))
            self._fitted[key] = [calculator.fit(reference) for calculator in calculators]
        alerts = set()
        for calculator in self._fitted[key]:
            found = calculator.calculate(window).to_df().iloc[-1]
            alerts |= {
                column[0] for column, value in found.items() if column[-1] == "alert" and value
            }
        return sorted(alerts)


def _calculators(reference: pd.DataFrame, setting: str, size: int) -> list:
    names = list(reference.columns)
    categories = [name for name in names if not pd.api.types.is_numeric_dtype(reference[name])]
    if setting == "default":
        return [UnivariateDriftCalculator(column_names=names, chunk_size=size)]
    thresholds = {
        method: StandardDeviationThreshold() for method in ("kolmogorov_smirnov", "jensen_shannon")
    }
    calculators = [
        UnivariateDriftCalculator(
            column_names=names,
            continuous_methods=["kolmogorov_smirnov"],
            categorical_methods=["jensen_shannon"],
            thresholds=thresholds,
            chunk_size=size,
        ),
        MissingValuesCalculator(column_names=names, chunk_size=size),
    ]
    if categories:
        calculators.append(UnseenValuesCalculator(column_names=categories, chunk_size=size))
    return calculators


if __name__ == "__main__":
    serve(NannyML)
