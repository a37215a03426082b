"""Where the objects that driftlog ships lie: within the package, or beside it in a checkout."""

from pathlib import Path

PACKAGED = Path(__file__).parents[1] / "_kibana_objects"
_CHECKOUT = Path(__file__).parents[3] / "kibana"


def shipped_folder() -> Path:
    """The folder of what is shipped."""
    return PACKAGED if PACKAGED.is_dir() else _CHECKOUT
