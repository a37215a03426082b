"""``driftlog check-config``: every problem of a configuration, before it is used."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from driftlog_analyzers.cli._console import show, show_json
from driftlog_analyzers.cli._options import JsonOption
from driftlog_analyzers.cli._place import configuration


def check_config(
    file: Annotated[Path, typer.Argument(help="A driftlog.toml.", metavar="FILE")],
    as_json: JsonOption = False,
) -> None:
    """Check a configuration file, together with the environment.

    Says what it would do and when, or all that is wrong with it; nothing is run.
    """
    from driftlog_analyzers._config import describe  # noqa: PLC0415 - pydantic is slow
    from driftlog_analyzers._schedule._plan import planned  # noqa: PLC0415 - as above

    config = configuration(file)
    lines = describe(config)
    plan = tuple(planned(config, datetime.now(UTC)))
    if as_json:
        show_json({"file": file, "ok": True, "runs": lines, "plan": plan})
        return
    show(f"{file} is ok.", *lines)
    schedule = "driftlog run, once it is started:"
    show(
        "",
        schedule,
        *(map(str, plan) if plan else ["all models that have events, by windows of 1h"]),
    )
