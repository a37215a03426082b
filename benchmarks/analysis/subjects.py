"""Who takes part, and one run of a subject in a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.analysis import places
from benchmarks.detection.peers import _NO_CALLS_HOME, PEERS, WORKERS, Peer, installed

OWN = Path(__file__).parent / "workers"
QUIET = {**_NO_CALLS_HOME, "GX_ANALYTICS_ENABLED": "false"}
_PEERS = {peer.name: peer for peer in PEERS} | {
    "great-expectations": Peer(
        "great-expectations", ("great_expectations==1.24.1", "pandas==3.1.1", "pyarrow")
    ),
    "deepchecks": Peer(
        "deepchecks",
        (
            "deepchecks==0.19.1",
            "scikit-learn==1.5.2",
            "pandas==2.2.3",
            "numpy<2",
            "pyarrow==19.0.1",
            "setuptools<81",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One that takes part.

    Attributes:
        key: by which the command line names it.
        name: in the results.
        worker: the module in `workers` that does it.
        options: what that must know besides the files.
        peer: whose environment it needs; None for ours.
        phases: those of its times that are results.
        judges: whether it says which features drifted.
    """

    key: str
    name: str
    worker: str
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    peer: Peer | None = None
    phases: tuple[str, ...] = ("import", "fit", "run")
    judges: bool = True


def _peer(
    key: str,
    name: str,
    judge: str,
    setting: str = "default",
    phases: tuple[str, ...] = ("import", "fit", "run"),
) -> Subject:
    module = f"on_{key.replace('-', '_')}"
    options = {"judge": module, "class": judge, "setting": setting}
    return Subject(key, name, "on_peer", options, _PEERS[key], phases)


COMPARE = Subject("compare", "driftlog, compare", "on_compare")
SPOOL = Subject("spool", "driftlog, spool", "on_spool")
NDJSON, PARQUET = (
    Subject(f"duckdb-{source.lower()}", f"DuckDB, {source}", "on_duckdb",
            {"source": source.lower()}, phases=("fit", "run"), judges=False)
    for source in ("NDJSON", "Parquet")
)  # fmt: skip
MERGED = Subject(
    "day", "driftlog, day of 24 stored hours", "on_day",
    phases=("from its rows", "read", "merge"), judges=False,
)  # fmt: skip
THEIRS = (
    _peer("tfdv", "TFDV, drift above 0.1", "Tfdv", "best"),  # its schema alone compares no shares
    _peer("great-expectations", "Great Expectations, 125 expectations", "GreatExpectations"),
    _peer("nannyml", "NannyML, one chunk", "NannyML"),
    _peer("whylogs", "whylogs", "Whylogs"),
    _peer("deepchecks", "Deepchecks, FeatureDrift", "Deepchecks"),
    # Its fit is that of a detector for each column, which plain use does without.
    _peer("alibi-detect", "alibi-detect, TabularDrift", "AlibiDetect", phases=("import", "run")),
    _peer("evidently", "Evidently, DataDriftPreset", "Evidently"),
)
SUBJECTS = (COMPARE, SPOOL, NDJSON, PARQUET, MERGED, *THEIRS)


@dataclass(frozen=True, slots=True)
class Told:
    """What one run told.

    Attributes:
        seconds: by phase, those that it came to the end of.
        peak: memory in MiB, up to the last phase that it told of.
        alerts: the features it alerts on; None where it came to no end.
        trouble: why it came to no end.
        spent: seconds that it took in all.
    """

    seconds: Mapping[str, float]
    peak: float
    alerts: frozenset[str] | None
    trouble: str | None = None
    spent: float = 0.0


def ready(subject: Subject) -> str | None:
    """Install what it needs; why it cannot take part, if so."""
    return installed(subject.peer) if subject.peer else None


def once(subject: Subject, rows: int, limit: float) -> Told:
    """Run it once in a process of its own, for so many seconds at the most."""
    python = subject.peer.python if subject.peer else sys.executable
    job = places.job(rows) | dict(subject.options)
    path = os.pathsep.join(map(str, _path(subject)))
    begin = time.monotonic()
    process = subprocess.Popen(
        [python, OWN / "timed.py", subject.worker, json.dumps(job)],
        env=os.environ | QUIET | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    trouble, peak = None, 0.0
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        trouble, peak = "stopped", high_water(process.pid)
        process.kill()
        out, err = process.communicate()
    if process.returncode and not trouble:
        trouble = f"failed: {(err.strip().splitlines() or [''])[-1][:200]}"
    told = read(out, trouble)
    return replace(told, peak=max(told.peak, peak), spent=round(time.monotonic() - begin, 1))


def high_water(pid: int) -> float:
    """Peak memory in MiB of a process that still runs."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM")), 0.0)


def _path(subject: Subject) -> list[Path]:
    """Where its modules are; a peer's environment has none of ours."""
    if subject.peer:
        return [WORKERS]
    return [places.ROOT / "shipper", places.ROOT / "analyzers"]


def read(out: str, trouble: str | None) -> Told:
    """Read the lines of `timed`; one that was being written is none."""
    lines = [json.loads(line) for line in out.splitlines() if line.endswith("}")]
    said = next((frozenset(line["alerts"]) for line in lines if line["phase"] == "said"), None)
    seconds = {line["phase"]: line["seconds"] for line in lines if line["phase"] != "said"}
    if said is None and trouble is None:
        trouble = "failed: it said nothing"
    return Told(seconds, max((line["peak"] for line in lines), default=0.0), said, trouble)
