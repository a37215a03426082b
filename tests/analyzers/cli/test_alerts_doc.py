import re
import shlex
from pathlib import Path

import pytest

from driftlog_analyzers._config import load_config

PAGE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()


def session():
    """The page's commands, each with the lines that it shows of the answer."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line.removeprefix("$ driftlog "), []))
            elif line != "…":
                steps[-1][1].append(line)
    return steps


def test_the_commands_answer_as_the_page_says(driftlog, billing):
    """Each line that the page shows is among those that the command prints, in order."""
    assert ("--spool", "spool") == billing
    for command, shown in session():
        done = driftlog(*shlex.split(command))
        assert (0, "") == (done.code, done.err), command
        printed = iter(done.out.splitlines())
        assert [] == [line for line in shown if line not in printed], command


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_the_configuration_is_one(tmp_path, text):
    """What the page shows of `driftlog.toml` is understood."""
    (tmp_path / "driftlog.toml").write_text(text)
    load_config(tmp_path / "driftlog.toml")
