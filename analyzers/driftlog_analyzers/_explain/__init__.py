"""The kind of fault said in words, where the data show it.

Only findings are explained, each rule says exactly what it asks of the data, and what no rule fits, or more than one,
stays without explanation: a wrong one costs people more time than none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from driftlog_analyzers._explain._constant import constant
from driftlog_analyzers._explain._hosts import by_host
from driftlog_analyzers._explain._kinds import retyped
from driftlog_analyzers._explain._numbers import rescaled, sentinel
from driftlog_analyzers._explain._say import said
from driftlog_analyzers._explain._spelling import respelled, respelled_tokens
from driftlog_analyzers._explain._swap import swapped
from driftlog_analyzers._explain._versions import by_version, mixed
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._guard import guarded
from driftlog_analyzers._profile import Counts, WindowProfile
from driftlog_analyzers.detectors import Case

__all__ = ["by_host", "by_version", "explained", "mixed"]

EXPLANATION = "explanation"


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a rule is given.

    Attributes:
        result: the finding.
        case: its feature beside the baseline.
        struck: every feature with a finding.
        window: the window's profile.
        vocabulary: the tokens that the baseline knows of a text.
    """

    result: Result
    case: Case
    struck: Sequence[Case]
    window: WindowProfile
    vocabulary: Counts


_Rule = Callable[[_Evidence], str]


def _swapped(e: _Evidence) -> str:
    return swapped(e.case, e.struck)


def _rescaled(e: _Evidence) -> str:
    return rescaled(e.case.before.numeric, e.case.after.numeric)


def _sentinel(e: _Evidence) -> str:
    return sentinel(e.case.baseline.numeric, e.case.after.numeric)


def _respelled(e: _Evidence) -> str:
    return respelled(e.case, e.result.effect)


_NUMBERS: tuple[_Rule, ...] = (_swapped, _rescaled, _sentinel)
_VALUES: tuple[_Rule, ...] = (_swapped, _respelled)
_CONSTANT: tuple[_Rule, ...] = (lambda e: constant(e.window.first),)
_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "range": _NUMBERS,
    "numeric_shift": _NUMBERS,
    "prediction_shift": (*_NUMBERS, _respelled),
    "stuck": _CONSTANT,
    "prediction_collapse": _CONSTANT,
    "unseen_category": _VALUES,
    "category_shift": _VALUES,
    "type_change": (_swapped, lambda e: retyped(e.case)),
    "oov_rate": (lambda e: respelled_tokens(e.case, e.vocabulary),),
}


def explained(
    results: Iterable[Result],
    cases: Iterable[Case],
    window: WindowProfile,
    vocabulary: Mapping[str, Counts],
) -> list[Result]:
    """The results, findings with their explanation where there is one.

    Args:
        results: of one window, after the decision.
        cases: every feature and output of the window beside the baseline.
        window: its profile.
        vocabulary: the baseline's tokens by text feature.
    """
    results = list(results)
    found = {r.feature for r in results if r.outcome is Outcome.FINDING}
    struck = {case.feature: case for case in cases if case.feature in found}
    return [
        told
        for result in results
        for told in (
            _said(result, struck, window, vocabulary)
            if result.outcome is Outcome.FINDING and result.feature in struck
            else [result]
        )
    ]


def _said(
    result: Result,
    struck: Mapping[str, Case],
    window: WindowProfile,
    vocabulary: Mapping[str, Counts],
) -> list[Result]:
    """The result with its explanation; as it is, and the failure beside it, where a rule raises."""
    (answer,) = guarded(EXPLANATION, result.feature, _explained, result, struck, window, vocabulary)
    if answer.outcome is Outcome.FINDING:
        return [answer]
    return [result, replace(answer, segment=result.segment)]


def _explained(
    result: Result,
    struck: Mapping[str, Case],
    window: WindowProfile,
    vocabulary: Mapping[str, Counts],
) -> Result:
    tokens = vocabulary.get(result.feature, {})
    evidence = _Evidence(result, struck[result.feature], tuple(struck.values()), window, tokens)
    answers = (rule(evidence) for rule in _RULES.get(result.detector, ()))
    return said(result, next(filter(None, answers), ""))
