import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.fixture
def service(tmp_path):
    """The README's example, saved as the README says."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "service.py").write_text(example)
    return tmp_path


def _commands() -> list[str]:
    """The lines of the walk-through, without prompt and comment."""
    block = next(
        b for b in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if "service.py" in b
    )
    return [
        line.removeprefix("$ ").split(" #")[0].split("  #")[0].strip()
        for line in block.splitlines()
    ]


def test_the_walk_through_finds_the_feature_that_was_broken(service):
    """A newcomer who types what the README says finds the vanished feature in the alerts and in the report."""
    bin_folder = Path(sys.executable).parent
    printed = {}
    identity = ""
    for command in _commands():
        if command.startswith("jq"):  # not everybody has it; the lines are plain JSON
            continue
        done = subprocess.run(
            command.replace(" ID", f" {identity}"),
            shell=True,
            cwd=service,
            env={"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(service)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        printed[command.split(" --")[0]] = done.stdout
        if "alerts list" in command:
            identity = re.search(r"\b[0-9a-f]{8,16}\b", done.stdout)[0]

    assert "income" in printed["driftlog alerts list"]
    assert "income vanished" in printed["driftlog alerts show"]
    assert "income vanished" in (service / "report.html").read_text()
