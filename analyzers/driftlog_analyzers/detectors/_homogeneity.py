"""Whether two samples' counts are of one distribution."""

from typing import Any

from numpy.typing import NDArray
from scipy import stats


def homogeneity(table: NDArray[Any]) -> float:
    """p-value of Pearson's chi-squared test (1900) of a table of 2 rows; 1 where there is nothing to compare."""
    if table.shape[1] < 2 or not table.any(axis=1).all():  # noqa: PLR2004 - one column, or one sample's alone
        return 1.0
    return float(stats.chi2_contingency(table, correction=False).pvalue)
