"""Log damage: lines of the log that are no events, so that predictions may be missing from the window.

A rule. What cannot be read was set aside and counted; a few lines, such as the one that a killed process left
unfinished, are told by the command and are no finding.
"""

from driftlog_analyzers._damage import Damaged
from driftlog_analyzers._finding import Change, Outcome, Result, Severity
from driftlog_analyzers._statistics import counted, percent, rate

NAME = "log_damage"
MINIMUM_LINES = 10
MINIMUM_SHARE = 0.01
HIGH = 0.1
"""Damaged lines, and their share of all lines of the window, that are a finding; the share of a grave one."""


def log_damage(events: int, damaged: Damaged) -> Result:
    """Judge one window; the effect is the share of its lines that are damaged.

    Args:
        events: predictions in the window.
        damaged: its damaged lines.
    """
    lines, n = damaged.lines, events + damaged.lines
    share = rate(lines, n)
    reasons = sorted(damaged.reasons.items(), key=lambda one: (-one[1], one[0]))
    kept = f"set aside in {damaged.aside}" if damaged.aside else "left where they are"
    words = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
    return Result(
        NAME,
        "",
        Outcome.FINDING if lines >= MINIMUM_LINES and share >= MINIMUM_SHARE else Outcome.OK,
        f"{counted(lines, 'line')} of the log ({percent(share)}) cannot be read as events and were {kept}: {words}",
        severity=Severity.HIGH if share >= HIGH else Severity.MEDIUM,
        n=n,
        effect=share,
        changes=tuple(Change(reason, 0.0, rate(count, n), 0, count) for reason, count in reasons),
    )
