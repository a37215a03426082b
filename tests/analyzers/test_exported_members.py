import subprocess
import sys

import driftlog_analyzers

CODE = """
import sys
import driftlog_analyzers
print(sorted({"elasticsearch", "pandas", "duckdb", "scipy", "pydantic"} & sys.modules.keys()))
"""


def test_every_name_is_there():
    """Each name of ``__all__`` is loaded when it is used, and is what it says."""
    for name in driftlog_analyzers.__all__:
        found = getattr(driftlog_analyzers, name)
        assert getattr(found, "__name__", name) == name


def test_names_are_loaded_late():
    """The package alone imports neither the Elasticsearch client nor anything else that is slow."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
