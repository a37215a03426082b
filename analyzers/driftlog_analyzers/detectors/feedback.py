"""Feedback: more of the traffic follows the model's own earlier output than in the reference.

Fisher's exact test, one-sided, of the predictions whose input is what the model said last to the same entity. Opt-in:
people name the output, the input and the entity.
"""

from driftlog_analyzers._feedback import FeedbackSpec, Followed
from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._statistics import cohen_h, counted, more_often, percent, rate
from driftlog_analyzers.detectors._rates import matters

NAME = "feedback"
HIGH = 0.5


def feedback(spec: FeedbackSpec, before: Followed, after: Followed, minimum: int) -> Result | None:
    """Test one window; the effect is Cohen's h of the two shares, above 0 for more.

    Args:
        spec: what follows what.
        before: the reference's traffic; without any, nothing is said.
        after: the window's.
        minimum: predictions with entity and input that are needed.
    """
    if not before.n:
        return None
    if after.n < minimum:
        words = f"{spec.input}: {counted(after.n, 'value')} with {spec.entity}, at least {minimum} are needed"
        return Result(NAME, spec.input, Outcome.INSUFFICIENT, words, n=after.n)
    old, new = rate(before.hits, before.n), rate(after.hits, after.n)
    return Result(
        NAME,
        spec.input,
        Outcome.FINDING if new > old and matters(old, new) else Outcome.OK,
        f"{spec.input}: {percent(new)} of {counted(after.n, 'value')} are what the model last said as"
        f" {spec.output} to the same {spec.entity} (before: {percent(old)})",
        severity=Severity.HIGH if new - old >= HIGH else Severity.MEDIUM,
        n=after.n,
        effect=cohen_h(old, new),
        p_value=more_often(after.hits, after.n, before.hits, before.n),
        changes=(Change(f"follows {spec.output}", old, new, before.hits, after.hits),),
    )
