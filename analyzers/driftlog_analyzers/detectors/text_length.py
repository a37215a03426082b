"""Text length: texts have more or fewer tokens than in the reference, or none at all.

Welch's t-test (1947) of the number of distinct tokens per text; the effect is the change of the mean in standard
deviations of the reference.
"""

import math

from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Text
from driftlog_analyzers._statistics import figure, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "text_length"
MINIMUM_STEP = 0.3
HIGH = 1.0


def text_length(case: Case, minimum: int) -> Result | None:
    """Test one text feature; the effect is the change of the mean number of tokens, in standard deviations."""
    before, after = case.baseline.text, case.after.text
    if case.constraint is None or before is None or after is None or not before.tokens:
        return None
    if after.n < minimum:
        return insufficient(NAME, case, after.n, minimum, "texts")
    usual, now = rate(before.tokens, before.n), rate(after.tokens, after.n)
    sd = math.sqrt(_variance(before))
    step = (now - usual) / sd if sd else float(now != usual)
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING if abs(step) >= MINIMUM_STEP else Outcome.OK,
        f"{case.feature}: {figure(now)} tokens a text in {after.n:,} texts (before: {figure(usual)})",
        severity=Severity.HIGH if abs(step) >= HIGH else Severity.MEDIUM,
        n=after.n,
        effect=step,
        p_value=_probability(before, after, now - usual),
        changes=(Change("tokens", usual, now, before.tokens, after.tokens),),
        statistics={"tokens_per_text": now, "usual_tokens_per_text": usual, "usual_sd": sd},
        condition=Condition("any", case.feature),
    )


def _variance(text: Text) -> float:
    return max(0.0, text.tokens_sq / text.n - (text.tokens / text.n) ** 2)


def _probability(before: Text, after: Text, difference: float) -> float:
    """Two-sided, with Welch's degrees of freedom; texts that are all alike count as if one had another token."""
    parts = [(max(_variance(text), 1.0 / text.n) / text.n, text.n) for text in (before, after)]
    error = sum(part for part, _ in parts)
    degrees = error**2 / sum(part**2 / max(1, n - 1) for part, n in parts)
    return float(2.0 * stats.t.sf(abs(difference) / math.sqrt(error), degrees))
