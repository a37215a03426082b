import csv
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from driftlog_analyzers.cli import main

VARIABLES = (
    "DRIFTLOG_STORE",
    "DRIFTLOG_SPOOL",
    "DRIFTLOG_NAMESPACE",
    "ELASTICSEARCH_URL",
    "ELASTICSEARCH_API_KEY",
    "ELASTICSEARCH_CA_CERTS",
)
START = datetime(2024, 3, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as the one JSON object that it is."""
        return orjson.loads(self.out)

    @property
    def sentence(self) -> str:
        """What it said went wrong: one line that begins with the command's name."""
        assert "Traceback" not in self.err
        (line,) = [line for line in self.err.splitlines() if line.startswith("driftlog: ")]
        return line.removeprefix("driftlog: ")


@pytest.fixture
def driftlog(monkeypatch, capsys, tmp_path):
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["driftlog", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return Done(end.value.code or 0, out, err)

    return run


@pytest.fixture
def process(tmp_path):
    """Run the command as a process of its own."""

    def run(*arguments, **options):
        command = [sys.executable, "-c", "from driftlog._main import main; main()"]
        done = subprocess.run(
            [*command, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def write_rows(path, count, *, seed, start=START, income=True):
    """Write a table as a service's data would be, its times a minute apart."""
    rng = random.Random(seed)
    names = ["when", "age", *(["income"] if income else []), "plan", "comment", "score"]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        for row in range(count):
            writer.writerow(
                {
                    "when": (start + timedelta(minutes=row)).isoformat(),
                    "age": rng.randint(18, 90) if rng.random() > 0.02 else "",
                    "income": round(rng.lognormvariate(10, 0.4)),
                    "plan": rng.choices(["basic", "plus", "pro"], [6, 3, 1])[0],
                    "comment": " ".join(rng.choices(["good", "bad", "late", "fast"], k=3)),
                    "score": round(rng.random(), 3),
                }
            )
    return path


ROLES = ("--time", "when", "--text", "comment", "--prediction", "score")


@pytest.fixture
def spool(tmp_path, driftlog):
    """A spool with ten good hours and two without income, and a baseline beside it."""
    folder = tmp_path / "spool"
    train = write_rows(tmp_path / "train.csv", 2000, seed=1)
    good = write_rows(tmp_path / "good.csv", 600, seed=2)
    bad = write_rows(
        tmp_path / "bad.csv", 120, seed=3, start=START + timedelta(hours=10), income=False
    )
    for file in (good, bad):
        done = driftlog("log", file, "--spool", folder, "--model", "m", "--version", "7", *ROLES)
        assert (0, "") == (
            done.code,
            done.err.replace("Reading when as timestamps with an offset.\n", ""),
        )
    done = driftlog(
        "baseline", "--spool", folder, "--model", "m", "--version", "7", "--input", train, *ROLES
    )
    assert 0 == done.code
    return folder


@pytest.fixture
def billing(driftlog, tmp_path):
    """Options that lead to a spool of ten hours, analysed; in the last two both features of billing are null."""
    rows = ["when,billing_due,billing_paid,plan"]
    for minute in range(600):
        at = START + timedelta(minutes=minute)
        due = "" if minute >= 480 else minute % 17
        rows.append(f"{at.isoformat()},{due},{due},{'abc'[minute % 3]}")
    (tmp_path / "traffic.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "train.csv").write_text("\n".join(rows[:481]) + "\n")
    where = ("--spool", "spool", "--model", "churn", "--version", "7", "--time", "when")
    assert 0 == driftlog("log", "traffic.csv", *where).code
    assert 0 == driftlog("baseline", *where, "--input", "train.csv").code
    assert 0 == driftlog("analyze", "--spool", "spool").code
    return ("--spool", "spool")
