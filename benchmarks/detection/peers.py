"""The peers: each in an environment of its own under .cache/benchmarks, asked through files by a worker process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "benchmarks"
WORKERS = Path(__file__).parent / "workers"
SETTINGS = ("default", "best")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_NO_CALLS_HOME = {
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
}
_OLD = ("pyarrow==19.0.1", "numpy<2")
_BELOW_TFDV = (
    "apache-beam==2.60.0",
    "tensorflow-cpu==2.16.2",
    "tensorflow-metadata==1.16.1",
    "pandas==1.5.3",
    "pyarrow==10.0.1",
    "numpy<2",
    "pyfarmhash",
    "absl-py<2",
    "google-api-python-client<2",
    "joblib",
    "setuptools<81",
)
_TFDV = (
    "tensorflow-data-validation==1.16.1",
    "tfx-bsl==1.16.1",
    "tensorflow-serving-api==2.16.1",
)


@dataclass(frozen=True)
class Peer:
    """One peer.

    Attributes:
        name: of its environment.
        packages: what it is installed from.
        alone: what is installed without what it asks for, since pip finds no set of versions for all of that.
    """

    name: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return CACHE / self.name / "bin" / "python"


PEERS = (
    Peer("evidently", ("evidently==0.7.23", "pandas==2.3.3", "pyarrow")),
    Peer("nannyml", ("nannyml==0.13.1", "pandas==2.3.3", "statsmodels", "numpy<2.4", "pyarrow")),
    Peer("whylogs", ("whylogs[viz]==1.6.4", "pandas==2.2.3", "scipy", *_OLD)),
    Peer("alibi-detect", ("alibi-detect==0.13.0", *_OLD)),
    Peer("tfdv", _BELOW_TFDV, _TFDV),
)


def installed(peer: Peer, seconds: int = 1_200) -> str | None:
    """Install it where it is not; the reason where it cannot be."""
    if (CACHE / peer.name / ".ready").exists():
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    if not peer.python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / peer.name], check=True)
    for more, packages in (((), peer.packages), (("--no-deps",), peer.alone)):
        if packages and (reason := _pip(peer, [*more, *packages], seconds)):
            return reason
    (CACHE / peer.name / ".ready").touch()
    return None


def _pip(peer: Peer, words: Sequence[str], seconds: int) -> str | None:
    """Install; the reason where it fails."""
    pip = [peer.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*pip, *words], capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"pip found no set of versions within {seconds} s"
    return done.stderr.strip().splitlines()[-1] if done.returncode else None


@dataclass(frozen=True)
class Answer:
    """What a peer says of one window.

    Attributes:
        alerts: the features it alerts on.
        error: the exception it raised instead.
        seconds: how long it took.
    """

    alerts: list[str]
    error: str | None
    seconds: float


@dataclass(frozen=True)
class View:
    """What a peer is shown of a window.

    Attributes:
        columns: the columns of the lot, by feature.
        names: the features that are judged, absent ones as well; none for plain use.
        plain: whether the peer is used as its manual does it, on all columns.
    """

    columns: dict[str, str]
    names: tuple[str, ...]
    plain: bool


class Worker:
    """A peer as a process that stays and answers for all its settings."""

    def __init__(self, peer: Peer) -> None:
        self.name = peer.name
        script = WORKERS / f"on_{peer.name.replace('-', '_')}.py"
        self._process = subprocess.Popen(
            [peer.python, script, *SETTINGS],
            env=os.environ | dict.fromkeys(_THREADS, "1") | _NO_CALLS_HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, reference: Path, rows: Path, views: Sequence[View]) -> list[list[Answer]]:
        """Judge the windows of a lot.

        Returns:
            The answers in the order of the windows, for each setting.

        Raises:
            EOFError: the worker has died.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError(self.name)
        job = {"reference": str(reference), "rows": str(rows), "views": list(map(asdict, views))}
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise EOFError(self.name) from error
        found = [[self._answer(self._process.stdout.readline()) for _ in SETTINGS] for _ in views]
        return [list(answers) for answers in zip(*found, strict=True)]

    def _answer(self, line: str) -> Answer:
        if not line:
            raise EOFError(self.name)
        return Answer(**json.loads(line))

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
