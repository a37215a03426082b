"""Great Expectations: a suite of 125 expectations as one writes it by the reference's figures.

Of numbers mean and standard deviation, of strings with few values the known ones, of every column the share of nulls.
"""

import great_expectations as gx
import pandas as pd
from great_expectations import expectations as expect

SHIFT, SPREAD, NULLS, FEW = 0.1, 0.1, 0.02, 100


class GreatExpectations:
    """The suite is made once of the reference."""

    def __init__(self, reference: pd.DataFrame) -> None:
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        self._suite = self._context.suites.add(gx.ExpectationSuite(name="reference"))
        for name in reference:
            for expectation in _expectations(name, reference[name]):
                self._suite.add_expectation(expectation)

    def plain(self, _setting: str, window: pd.DataFrame) -> list[str]:
        """The columns with an expectation that is not met."""
        source = self._context.data_sources.add_pandas("windows")
        batch = source.add_dataframe_asset("window").add_batch_definition_whole_dataframe("whole")
        found = batch.get_batch({"dataframe": window}).validate(self._suite)
        failed = {r.expectation_config.kwargs["column"] for r in found.results if not r.success}
        return sorted(failed)


def _expectations(name: str, column: pd.Series) -> list[gx.expectations.Expectation]:
    """What is expected of a column."""
    some = max(0.0, 1.0 - column.isna().mean() - NULLS)
    made = [expect.ExpectColumnValuesToNotBeNull(column=name, mostly=some)]
    if pd.api.types.is_numeric_dtype(column):
        mean, sd = float(column.mean()), float(column.std())
        made += [
            expect.ExpectColumnMeanToBeBetween(
                column=name, min_value=mean - SHIFT * sd, max_value=mean + SHIFT * sd
            ),
            expect.ExpectColumnStdevToBeBetween(
                column=name, min_value=sd * (1 - SPREAD), max_value=sd * (1 + SPREAD)
            ),
        ]
    elif column.nunique() <= FEW:
        values = sorted(column.dropna().unique())
        made.append(expect.ExpectColumnValuesToBeInSet(column=name, value_set=values))
    return made
