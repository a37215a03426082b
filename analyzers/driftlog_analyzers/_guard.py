"""The one guard around detectors: what raises answers `insufficient_data`, and the others go on.

That answer is about the feature that could not be judged, so that no open alert of it closes; `detectors.monitor` makes
a finding of it.
"""

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec

from driftlog_analyzers._finding import Outcome, Result

_LONGEST = 200

Answer = Result | Iterable[Result] | None
P = ParamSpec("P")


def guarded(
    detector: str, feature: str, ask: Callable[P, Answer], /, *args: P.args, **kwargs: P.kwargs
) -> list[Result]:
    """What a detector says; where it raises, that it failed, with the error as the explanation.

    Args:
        detector: its name.
        feature: what it is asked about; empty for the window as a whole.
        ask: the detector; an iterator that it gives is read to its end here.
        *args: what it is given.
        **kwargs: by name.
    """
    try:
        answer = ask(*args, **kwargs)
        if answer is None or isinstance(answer, Result):
            return [] if answer is None else [answer]
        return list(answer)
    except Exception as error:  # noqa: BLE001 - whatever a detector raises must not stop the others
        words = f"{feature or 'the window'}: {detector} failed ({told(error)})"
        return [Result(detector, feature, Outcome.INSUFFICIENT, words, explanation=told(error))]


def told(error: Exception) -> str:
    """Type, first line and place of an error."""
    text = next(iter(str(error).splitlines()), "")[:_LONGEST]
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = ": ".join(filter(None, (type(error).__name__, text)))
    return f"{words} at {Path(place.filename).name}:{place.lineno}"
