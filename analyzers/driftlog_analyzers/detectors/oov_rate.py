"""OOV rate: tokens outside the vocabulary.

Texts, not tokens, are the unit of sampling: the rate of a window is a ratio estimate over its texts and its variance is
clustered by text (Cochran 1977, 6.4). With the baseline's own vocabulary the usual rate is the reference's
leave-one-out rate: the share of its tokens that stand in one text only (Good 1953). One-sided z-test; the reference's
variance counts, too.
"""

import math

from scipy import stats

from driftlog_analyzers._finding import Change, Condition, Outcome, Result, Severity
from driftlog_analyzers._profile import Text
from driftlog_analyzers._statistics import percent, rate
from driftlog_analyzers.detectors._case import Case, insufficient

NAME = "oov_rate"
MINIMUM_RISE = 0.005
MINIMUM_RATIO = 1.2
HIGH = 0.1
SHOWN = 20


def oov_rate(case: Case, minimum: int) -> Result | None:
    """Test one text feature; the effect is the rise of the OOV rate, 0 to 1."""
    before, after = case.baseline.text, case.after.text
    if (
        case.constraint is None
        or before is None
        or after is None
        or not before.tokens
        or not after.tokens
    ):
        return None
    if after.n < minimum:
        return insufficient(NAME, case, after.n, minimum, "texts")
    usual, now = rate(before.oov, before.tokens), rate(after.oov, after.tokens)
    changes = _changes(before, after)
    names = ", ".join(repr(change.value) for change in changes[:3])
    spread = math.sqrt(_variance(after) + _variance(before))
    return Result(
        NAME,
        case.feature,
        Outcome.FINDING
        if now - usual >= MINIMUM_RISE and now >= MINIMUM_RATIO * usual
        else Outcome.OK,
        f"{case.feature}: {percent(now)} of {after.tokens:,} tokens are unknown (before: {percent(usual)})"
        + (f", most of all {names}" if names else ""),
        severity=Severity.HIGH if now - usual >= HIGH else Severity.MEDIUM,
        n=after.n,
        effect=now - usual,
        p_value=float(stats.norm.sf((now - usual) / spread)) if spread else 1.0,
        changes=changes,
        statistics={
            "oov_rate": now,
            "usual_oov_rate": usual,
            "tokens_per_text": rate(after.tokens, after.n),
        },
        condition=Condition(
            "unknown_tokens", case.feature, tuple(change.value for change in changes)
        ),
    )


def _changes(before: Text, after: Text) -> tuple[Change, ...]:
    """Unknown tokens by the rise of the share of texts that hold them."""
    changes = (
        Change(
            token,
            rate(before.unknown.get(token, 0), before.n),
            rate(count, after.n),
            before.unknown.get(token, 0),
            count,
        )
        for token, count in after.unknown.items()
    )
    return tuple(sorted(changes, key=lambda c: (c.before - c.after, c.value))[:SHOWN])


def _variance(text: Text) -> float:
    """Variance of the ratio Σo / Σt over texts, with one unknown token added so that no window looks certain."""
    r = (text.oov + 1) / (text.tokens + 1)
    residual = text.oov_sq - 2.0 * r * text.tokens_oov + r * r * text.tokens_sq
    return (max(residual, 0.0) + 1.0) / text.tokens**2
