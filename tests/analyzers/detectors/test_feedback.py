from datetime import timedelta

import pytest
from scipy import stats

from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._finding import Outcome, Severity
from driftlog_analyzers.detectors.feedback import feedback
from tests.analyzers.cases import MINIMUM, SIZES, quiet

SPEC = FeedbackSpec("item", "last_item", "user_id", timedelta(days=1))


def test_fires():
    """More inputs that follow the model are a finding with Fisher's one-sided p-value."""
    result = feedback(SPEC, Followed(1000, 100), Followed(200, 60), MINIMUM)

    assert ("feedback", "last_item", Outcome.FINDING, Severity.MEDIUM, 200) == (
        result.detector,
        result.feature,
        result.outcome,
        result.severity,
        result.n,
    )
    assert (
        "last_item: 30 % of 200 values are what the model last said as item to the same user_id"
        " (before: 10 %)"
    ) == result.summary
    assert pytest.approx(stats.hypergeom.sf(59, 1200, 160, 200)) == result.p_value


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_quiet_on_the_same(n, share):
    """The reference's own share is no finding, at any size."""
    same = Followed(n, int(n * share))

    assert quiet(feedback(SPEC, same, same, MINIMUM))


def test_less_is_no_fault():
    """Fewer followers are ok; too few values say nothing; without a reference there is no answer."""
    assert Outcome.OK == feedback(SPEC, Followed(100, 50), Followed(100, 5), MINIMUM).outcome
    few = feedback(SPEC, Followed(100, 50), Followed(19, 19), MINIMUM)
    assert Outcome.INSUFFICIENT == few.outcome
    assert None is feedback(SPEC, Followed(), Followed(100, 50), MINIMUM)


def test_most_of_it_is_grave():
    """Half of the traffic more is grave."""
    result = feedback(SPEC, Followed(1000, 100), Followed(200, 160), MINIMUM)

    assert Severity.HIGH == result.severity
