"""The result files: all rows as JSON, and Markdown beside it."""

import json
import os
import platform
import sysconfig
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.hotpath.figures import Row

RESULTS = Path(__file__).parents[1] / "results"
COLUMNS = ("subject", "case", "metric", "value", "unit", "spread", "target")


def environment() -> str:
    """Say on what is measured, and how busy it is."""
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return (
        f"{platform.python_implementation()} {platform.python_version()} "
        f"({'' if optimized else 'not '}profile-guided), {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}, load average {os.getloadavg()[0]:.1f} at the start"
    )


def write(
    race: str, where: str, rows: Sequence[Row], folder: Path, left_out: Mapping[str, str]
) -> Path:
    """Write ``<race>.json`` and ``<race>.md``; give the latter."""
    kept = {"race": race, "date": datetime.now(UTC).date().isoformat(), "environment": where}
    kept |= {"rows": list(rows)}
    if left_out:
        kept["left_out"] = [{"subject": name, "reason": why} for name, why in left_out.items()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{race}.json").write_text(json.dumps(kept, indent=1) + "\n")
    page = folder / f"{race}.md"
    page.write_text(_page(kept))
    return page


def _page(kept: Mapping[str, Any]) -> str:
    lines = [
        f"# {kept['race']}, {kept['date']}",
        "",
        f"{kept['environment']}. Medians of interleaved rounds, and the extremes.",
        "",
        "Made by `python -m benchmarks.hotpath`.",
    ]
    lines += [
        line
        for one in kept.get("left_out", ())
        for line in ("", f"Left out: {one['subject']}, {one['reason']}.")
    ]
    aimed = [row for row in kept["rows"] if row["target"] is not None]
    rest = [row for row in kept["rows"] if row["target"] is None]
    lines += ["", "## Targets", "", *_table(aimed, (*COLUMNS, "")), "", "## Figures", ""]
    return "\n".join([*lines, *_table(rest, COLUMNS[:-1])]) + "\n"


def _table(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    return [
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
        *(f"| {' | '.join(_cell(row, name) for name in columns)} |" for row in rows),
    ]


def _cell(row: Row, name: str) -> str:
    if not name:
        return "met" if row["value"] <= row["target"] else "**missed**"
    return " to ".join(map(str, row[name])) if name == "spread" else str(row[name])
