"""Monitor: a detector failed, so that what it watches is not watched.

A rule, one result for each detector that raised an error in the window, however many features it raised it on. It is
about driftlog and not about the model.
"""

from collections.abc import Iterable, Sequence

from driftlog_analyzers._finding import Outcome, Result, Severity

NAME = "monitor"
_NAMED = 3


def monitor(results: Iterable[Result]) -> list[Result]:
    """The failures among the results of one window, by detector.

    The feature is the detector's name, the effect the number of its answers that are lacking.

    Args:
        results: of the window; those that are `insufficient_data` with an explanation are failures.
    """
    failures: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda one: (one.feature, one.segment)):
        if result.outcome is Outcome.INSUFFICIENT and result.explanation:
            failures.setdefault(result.detector, []).append(result)
    return [_of(detector, found) for detector, found in sorted(failures.items())]


def _of(detector: str, failures: Sequence[Result]) -> Result:
    return Result(
        NAME,
        detector,
        Outcome.FINDING,
        f"{detector} failed on {_what(failures)}: {failures[0].explanation}; nothing is said of that until it is"
        " mended: please report this line",
        severity=Severity.HIGH,
        n=len(failures),
        effect=float(len(failures)),
    )


def _what(failures: Sequence[Result]) -> str:
    names = [" in ".join(filter(None, (r.feature or "the window", r.segment))) for r in failures]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
