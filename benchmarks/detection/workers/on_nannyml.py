"""NannyML: univariate drift; at its best with thresholds learned from the reference, and with data quality."""

import pandas as pd
from lines import Judge, serve
from nannyml import (
    MissingValuesCalculator,
    UnivariateDriftCalculator,
    UnseenValuesCalculator,
)
from nannyml.thresholds import StandardDeviationThreshold


def fit(reference: pd.DataFrame, setting: str) -> Judge:
    """A chunk is a window, so that the reference is cut into chunks of the window's size."""
    fitted: dict[int, list] = {}

    def judge(window: pd.DataFrame) -> list[str]:
        size = len(window)
        if size not in fitted:
            fitted[size] = [c.fit(reference) for c in _calculators(reference, setting, size)]
        alerts: list[str] = []
        for calculator in fitted[size]:
            found = calculator.calculate(window).filter(period="analysis").to_df()
            alerts += [
                column[0]
                for column in found.columns
                if column[-1] == "alert" and found[column].any()
            ]
        return alerts

    return judge


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
    serve(fit)
