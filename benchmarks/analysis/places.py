"""Where the reference and the windows are and when they were logged; imports nothing large.

A process that is started by a large one counts that one's peak memory as its own, so that whoever starts the subjects
must stay small.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL, VERSION = "credit", "7"
REFERENCE = 100_000
DAY = timedelta(days=1)
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
_MADE_OF = sha256((Path(__file__).parent / "columns.py").read_bytes()).hexdigest()[:8]
CACHE = ROOT / ".cache" / "analysis" / _MADE_OF


def reference_rows(rows: int) -> int:
    """How large the reference of a window is."""
    return min(rows, REFERENCE)


def reference(rows: int) -> Path:
    """The folder of the reference of a window of so many rows."""
    return CACHE / f"reference-{reference_rows(rows)}"


def window(rows: int) -> Path:
    """The folder of the window of so many rows."""
    return CACHE / f"window-{rows}"


def start(folder: Path) -> datetime:
    """When the first row of a folder was logged: the reference on one day, the window on the next."""
    return BEGIN + DAY * folder.name.startswith("window")


def job(rows: int) -> dict[str, str]:
    """What a subject must know of a window of so many rows."""
    parts = {"reference": reference(rows), "window": window(rows)}
    found = {"model": MODEL, "version": VERSION}
    for name, folder in parts.items():
        found |= {
            f"{name} rows": str(folder / "rows.parquet"),
            f"{name} spool": str(folder / "spool"),
            f"{name} start": start(folder).isoformat(),
            f"{name} end": (start(folder) + DAY).isoformat(),
        }
    return found
