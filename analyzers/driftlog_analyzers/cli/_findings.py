"""Evaluations as people and machines read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftlog_analyzers._finding import Evaluation, Outcome, Result
from driftlog_analyzers.cli._console import counted

_SHOWN_WINDOWS = 10
_SHOWN_NOTICES = 10
_WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Summary:
    """What an analysis came to.

    Attributes:
        windows: how many were analysed.
        with_findings: how many of them have findings.
        ok: results that found nothing, over all windows.
        findings: findings over all windows.
        notices: findings that only inform.
        insufficient: results that rest on too few events.
    """

    windows: int
    with_findings: int
    ok: int
    findings: int
    notices: int
    insufficient: int

    def __str__(self) -> str:
        return (
            f"{counted(self.windows, 'window')}, {self.with_findings:,} with findings. Results: "
            f"{counted(self.findings, 'finding')}, {counted(self.notices, 'notice')}, "
            f"{self.ok:,} ok, "
            f"{self.insufficient:,} insufficient data."
        )


def summarize(evaluations: Sequence[Evaluation]) -> Summary:
    """Count the results."""
    findings = sum(len(e.findings) for e in evaluations)
    notices = sum(len(e.notices) for e in evaluations)
    lacking = sum(len(insufficient(e)) for e in evaluations)
    checked = sum(e.checked for e in evaluations)
    return Summary(
        windows=len(evaluations),
        with_findings=sum(bool(e.findings) for e in evaluations),
        ok=checked - findings - notices - lacking,
        findings=findings,
        notices=notices,
        insufficient=lacking,
    )


def insufficient(evaluation: Evaluation) -> tuple[Result, ...]:
    """Results that rest on too few events."""
    return tuple(r for r in evaluation.results if r.outcome is Outcome.INSUFFICIENT)


def blocks(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """Lines that tell each window's findings, the worst first, and a finding that goes on once."""
    before: set[tuple[str, str, str]] = set()
    repeated = 0
    for evaluation in evaluations:
        found = {_about(r) for r in evaluation.findings}
        fresh = [r for r in evaluation.findings if _about(r) not in before]
        if found and not fresh:
            repeated += 1
        if fresh:
            yield from _repeats(repeated)
            repeated = 0
            yield f"{evaluation.window}, {counted(evaluation.events, 'event')}"
            for result in fresh:
                yield f"  {result.severity:8}  {result.detector}: {result.summary}"
            if going_on := len(found) - len({_about(r) for r in fresh}):
                yield f"  and {going_on} of the window before"
        if evaluation.events:
            before = found
    yield from _repeats(repeated)


def notices(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """Lines that tell the latest notice of each detector and feature, and of how many windows."""
    latest: dict[tuple[str, str, str], tuple[int, Result]] = {}
    for evaluation in evaluations:
        for result in evaluation.notices:
            key = _about(result)
            latest[key] = latest.get(key, (0, result))[0] + 1, result
    if latest:
        yield "Notices, which open no alert:"
    for windows, result in list(latest.values())[:_SHOWN_NOTICES]:
        more = f" (and {counted(windows - 1, 'window')} before)" if windows > 1 else ""
        yield f"  {result.severity:8}  {result.detector}: {result.summary}{more}"
    if len(latest) > _SHOWN_NOTICES:
        yield f"  … and {counted(len(latest) - _SHOWN_NOTICES, 'more feature')}; --json has them all"


def short_windows(evaluations: Sequence[Evaluation], minimum: int) -> list[str]:
    """Lines that name the windows with fewer events than the minimum."""
    short = [e for e in evaluations if e.events < minimum]
    lines = [
        f"{e.window}: {counted(e.events, 'event')}, fewer than the minimum of {minimum}: not judged"
        for e in short[:_SHOWN_WINDOWS]
    ]
    if len(short) > _SHOWN_WINDOWS:
        lines.append(f"and {counted(len(short) - _SHOWN_WINDOWS, 'more such window')}")
    return lines


def window_values(evaluation: Evaluation) -> dict[str, object]:
    """What machines get to see of a window."""
    window = evaluation.window
    return {
        "start": window.start,
        "end": window.end,
        "start_id": window.start_id,
        "end_id": window.end_id,
        "events": evaluation.events,
        "revision": evaluation.revision,
        "findings": evaluation.findings,
        "notices": evaluation.notices,
        "insufficient": insufficient(evaluation),
    }


def _about(result: Result) -> tuple[str, str, str]:
    return result.detector, result.feature, result.segment


def _repeats(windows: int) -> Iterator[str]:
    if windows:
        yield f"  … the same in {counted(windows, 'more window')}"
