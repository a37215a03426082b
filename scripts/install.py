"""Make a virtual environment with driftlog, its extras and what its tests and checks need."""

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

MINIMUM = (3, 11)


def main(folder: str) -> None:
    """Install everything into `folder`, from the project that this script stands in."""
    if sys.version_info < MINIMUM:
        sys.exit(
            f"driftlog needs Python 3.11 or later; this is {sys.version.split()[0]}: make PYTHON=python3.12 ..."
        )
    root = Path(__file__).parents[1]
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    venv.create(folder, with_pip=True)
    python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = [*groups["tests"], *groups["lint"]]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--editable", f"{root}[all]", *wanted], check=True)  # noqa: S603 - our own words


if __name__ == "__main__":
    main(sys.argv[1])
