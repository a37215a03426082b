"""What goes to stdout and what to stderr: results there, everything else here."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Advance = Callable[[int, int], None]
_FILE_WIDTH = 200


def counted(count: int, noun: str) -> str:
    """The number and its noun, in the plural unless it is one."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def visible(text: str) -> str:
    """The text with control characters written out: a logged value must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def complain(sentence: str) -> None:
    """Print an error to stderr."""
    print(f"driftlog: {visible(sentence)}", file=sys.stderr)  # noqa: T201 - the command line's voice


def note(sentence: str) -> None:
    """Print a message that is no result to stderr."""
    print(visible(sentence), file=sys.stderr)  # noqa: T201 - as above


def show(*renderables: Any) -> None:
    """Print results to stdout for people: no markup, lines never cut where stdout is a file."""
    console = Console(markup=False, highlight=False, emoji=False)
    renderables = tuple(visible(r) if isinstance(r, str) else r for r in renderables)
    if console.is_terminal:
        for renderable in renderables:
            console.print(renderable)
        return
    console.width = _FILE_WIDTH
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable, soft_wrap=isinstance(renderable, str))
    for line in captured.get().splitlines():
        print(line.rstrip())  # noqa: T201 - the command line's voice


def show_json(value: object) -> None:
    """Print a result to stdout as one JSON object."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS
    sys.stdout.buffer.write(orjson.dumps(value, default=_plain, option=options) + b"\n")
    sys.stdout.buffer.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table for people; columns whose name ends in a blank are numbers, to the right."""
    grid = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.endswith(" ")
        grid.add_column(name.strip(), justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(visible(str(cell))) for cell in row))
    return grid


@contextmanager
def progress(words: str) -> Iterator[Advance]:
    """A progress bar on stderr, drawn only on a terminal; call it with (done, total)."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def moment(text: str, option: str) -> datetime:
    """Read an ISO 8601 time; without an offset it is UTC.

    Raises:
        typer.BadParameter: it is none.
    """
    import typer  # noqa: PLC0415 - only this function raises usage errors

    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):  # an offset can lead out of the calendar
        raise typer.BadParameter(
            f"{text!r} is not an ISO 8601 time such as 2026-11-22T14:00", param_hint=option
        ) from None


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)
