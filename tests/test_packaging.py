import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_wheel_holds_two_packages(tmp_path):
    """The wheel installs our two import names and nothing that collides with another project."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", tmp_path, ROOT]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if "hatchling" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("Building the wheel needs hatchling from the package index.")
    assert 0 == done.returncode, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    objects = "driftlog_analyzers/_kibana_objects/"
    shipped = {str(path.relative_to(ROOT / "kibana")) for path in (ROOT / "kibana").rglob("*.json")}
    assert shipped == {n.removeprefix(objects) for n in names if n.startswith(objects)}
    tops = {name.partition("/")[0] for name in names}
    assert {"driftlog", "driftlog_analyzers", "driftlog-0.1.0.dist-info"} == tops
