"""Before and after as bars of characters."""

from collections.abc import Sequence

from driftlog_analyzers._finding import Change

_WIDTH = 32
_SHOWN = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bars(changes: Sequence[Change]) -> list[str]:
    """Two bars per change, to one scale; at most `_SHOWN` changes."""
    shown = changes[:_SHOWN]
    top = max((max(change.before, change.after) for change in shown), default=0.0)
    if top <= 0:
        return []
    width = max(len(short(change.value)) for change in shown)
    lines = []
    for change in shown:
        for label, share in (("before", change.before), ("after ", change.after)):
            name = short(change.value) if label == "before" else ""
            lines.append(f"{name:{width}}  {label} {_bar(share / top):{_WIDTH}} {share:.4g}")
    return lines


def _bar(part: float) -> str:
    eighths = round(max(0.0, min(1.0, part)) * _WIDTH * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def short(text: str, limit: int = 28) -> str:
    """The text in one line of at most *limit* characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
