import os
import signal
import subprocess
import sys
import time

import pytest

from driftlog_analyzers.cli import main

SLOW = {
    "in DuckDB": "self._connection.execute('SELECT sum(a % 7) FROM range(10000000) t(a)')",
    "in Python": "import time; time.sleep(0.1)",
}
PROGRAM = """
from pathlib import Path
from driftlog_analyzers import _catalog
from driftlog_analyzers.cli import main

def segments(self, progress=None):
    Path("begun").touch()
    while True:
        {slow}

_catalog.Catalog.segments = segments
main()
"""


@pytest.mark.parametrize("where", SLOW)
def test_ctrl_c(spool, tmp_path, where):
    """Ctrl-C ends a command with one line and exit code 130, and leaves no scratch folder."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", PROGRAM.format(slow=SLOW[where]), "analyze", "--spool", spool]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(scratch)},
    ) as process:
        while process.poll() is None and not (tmp_path / "begun").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (130, "", "driftlog: interrupted\n") == (process.returncode, out, err)
    assert [] == list(scratch.iterdir())


def test_what_duckdb_makes_of_it(driftlog, monkeypatch, tmp_path):
    """DuckDB's own error for Ctrl-C is the same interruption."""

    def interrupted(_):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("driftlog_analyzers._spool_store.SpoolStore.models", interrupted)
    done = driftlog("analyze", "--spool", tmp_path)

    assert (130, "interrupted") == (done.code, done.sentence)


def test_other_errors_stay_what_they_are(monkeypatch, tmp_path):
    """A fault of our own is no interruption."""

    def broken(_):
        raise RuntimeError("a fault")

    monkeypatch.setattr("driftlog_analyzers._spool_store.SpoolStore.models", broken)
    monkeypatch.setattr(sys, "argv", ["driftlog", "analyze", "--spool", str(tmp_path)])
    with pytest.raises(RuntimeError, match="a fault"):
        main()
