"""Who takes part in race 1, and in which environment."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.detection.peers import PEERS, Peer, installed
from benchmarks.hotpath.sink import Ports

WORKERS = Path(__file__).parent / "workers"
NO_CALLS_HOME = {
    "DO_NOT_TRACK": "1",
    "BENTOML_DO_NOT_TRACK": "True",
    "WHYLOGS_NO_ANALYTICS": "True",
}
LOGGERS = Peer(
    "loggers",
    (
        "structlog",
        "orjson",
        "python-json-logger",
        "opentelemetry-sdk",
        "opentelemetry-exporter-otlp-proto-http",
        "ecs-logging",
        "loguru",
        "python-logstash-async",
    ),
)
ELASTIC = Peer(
    "elastic",
    ("CMRESHandler==1.0.0", "elasticsearch-logging-handler==1.0.1", "elasticsearch<8", "pytz"),
)
BENTOML = Peer("bentoml", ("bentoml==1.4.40",))
WHYLOGS = next(peer for peer in PEERS if peer.name == "whylogs")


@dataclass(frozen=True)
class Subject:
    """One contender.

    Attributes:
        name: in the results.
        contender: of its environment's module.
        home: its environment; driftlog's own, where None.
        beside: module and contender, of the same environment, that it is measured side by side with.
    """

    name: str
    contender: str
    home: Peer | None = None
    beside: tuple[str, str] | None = None

    def measure(self, ports: Ports, seconds: float, job: dict[str, Any]) -> dict[str, Any]:
        """Measure it in a process and a folder of its own.

        Raises:
            RuntimeError: It failed, or took longer than so many seconds; says how.
        """
        folder = tempfile.mkdtemp()
        job = {"http": ports.http, "tcp": ports.tcp, **job, "folder": folder}
        try:
            done = subprocess.run(
                [*self._command(), json.dumps(job)],
                env=self._environment(),
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"not done within {seconds:.0f} s") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def missing(self) -> str | None:
        """Install it where it is not; the reason where it cannot be."""
        return None if self.home is None else installed(self.home)

    def _command(self) -> list[Path | str]:
        python = sys.executable if self.home is None else self.home.python
        module = "on_driftlog" if self.home is None else f"on_{self.home.name}"
        return [python, WORKERS / "measure.py", module, self.contender]

    def _environment(self) -> dict[str, str]:
        known = os.environ | NO_CALLS_HOME
        if self.home is not None:
            known.pop("PYTHONPATH", None)
        return known


FLOOR = Subject("floor: orjson.dumps + os.write", "floor")
_FLOOR = ("on_driftlog", "floor")
LOG = Subject("driftlog log()", "log", beside=_FLOOR)
PROCESSOR = Subject(
    "driftlog structlog processor", "processor", beside=("on_structlog", "structlog_bytes")
)
PROCESSOR_CONTEXT = Subject(
    "driftlog structlog processor, contextvars",
    "contextvars",
    beside=("on_structlog", "structlog_contextvars"),
)
HANDLER = Subject("driftlog stdlib handler", "handler", beside=_FLOOR)
OURS = (
    Subject("building the dict", "build"),
    Subject("orjson.dumps", "dumps"),
    FLOOR,
    LOG,
    PROCESSOR,
    Subject("driftlog structlog LoggerFactory", "factory"),
    PROCESSOR_CONTEXT,
    HANDLER,
)
STRUCTLOG = Subject("structlog + orjson + BytesLogger", "structlog_bytes", LOGGERS)
STRUCTLOG_CONTEXT = Subject(
    "structlog + orjson + BytesLogger, contextvars", "structlog_contextvars", LOGGERS
)
SHIPPERS = (
    Subject("json + file write", "json_write", LOGGERS),
    Subject("structlog JSON, WriteLogger", "structlog_json", LOGGERS),
    Subject("QueueHandler + python-json-logger", "queue_json", LOGGERS),
    Subject("OpenTelemetry batch, OTLP/HTTP", "opentelemetry", LOGGERS),
    Subject("ecs-logging, structlog", "ecs_structlog", LOGGERS),
    Subject("ecs-logging, stdlib", "ecs_stdlib", LOGGERS),
    Subject("CMRESHandler", "cmres", ELASTIC),
    Subject("elasticsearch-logging-handler", "elastic", ELASTIC),
    Subject("loguru serialize", "loguru", LOGGERS),
    Subject("python-logstash-async, memory", "logstash_memory", LOGGERS),
    Subject("python-logstash-async, SQLite", "logstash_sqlite", LOGGERS),
    Subject("BentoML monitor", "monitor", BENTOML),
    Subject("whylogs rolling", "rolling", WHYLOGS),
    Subject("whylogs why.log(row)", "row", WHYLOGS),
)
SUBJECTS = (*OURS, STRUCTLOG, STRUCTLOG_CONTEXT, *SHIPPERS)
