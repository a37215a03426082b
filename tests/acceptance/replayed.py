"""Real data, replayed through the command line as a user would."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

DATA = Path(os.environ.get("DRIFTLOG_DATA", Path(__file__).parents[3] / "shared" / "data"))


def real(name: str) -> Path:
    """A file of the shared data, or a skip that says so."""
    path = DATA / name
    if not path.exists():
        pytest.skip(
            f"{path} is not there; set DRIFTLOG_DATA to the folder with the public data sets"
        )
    return path


def run(*arguments: object) -> str:
    """What the command prints; its failure is the test's."""
    command = Path(sys.executable).with_name("driftlog")
    done = subprocess.run(
        [command, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Replay:
    """One data set in a spool of its own."""

    spool: Path
    model: str
    rows: int

    @staticmethod
    def of(frame: pd.DataFrame, folder: Path, model: str, *options: object) -> "Replay":
        """Log the rows of a frame in their order."""
        file = folder / f"{model}.csv"
        frame.to_csv(file, index=False)
        run("log", file, "--spool", folder / model, "--model", model, "--version", "1", *options)
        return Replay(folder / model, model, len(frame))

    def baseline(self, state: str, *options: object) -> None:
        """Make a baseline, under a state folder of its own."""
        run("baseline", *self._common(state), "--version", "1", *options)

    def analyze(self, state: str, *options: object) -> list[dict]:
        """The windows, with `rows` added: the rows of the data set that each holds."""
        windows = json.loads(run("analyze", *self._common(state), "--json", *options))["windows"]
        first = 0
        for window in windows:
            window["rows"] = (first, first + window["events"])
            first += window["events"]
        return windows

    def _common(self, state: str) -> Sequence[object]:
        return ("--spool", self.spool, "--model", self.model, "--state", self.spool / state)


def found(
    windows: Sequence[dict], detector: str, feature: str, kind: str = "findings"
) -> Iterator[dict]:
    """The windows in which a detector found something about a feature."""
    for window in windows:
        for result in window[kind]:
            if (result["detector"], result["feature"]) == (detector, feature):
                yield window | {"result": result}


def holding(windows: Sequence[dict], row: int) -> dict:
    """The window that holds a row of the data set."""
    return next(w for w in windows if w["rows"][0] <= row < w["rows"][1])


def at(window: dict) -> datetime:
    """When a window begins."""
    return datetime.fromisoformat(window["start"])
