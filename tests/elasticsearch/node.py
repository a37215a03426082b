"""One Elasticsearch node of a test's own: started, stopped, paused, killed, and never left behind.

``python -m tests.elasticsearch.node`` runs one in the foreground and prints its URL.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.elasticsearch.home import Missing, home, java

_PATIENCE = 180.0
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Node:
    """A node whose data stay in `folder` from one start to the next.

    Attributes:
        url: where it listens; the port is chosen by the system at the first start and kept from then on.
        log: its log file.
    """

    def __init__(self, folder: Path, heap: str = "1g") -> None:
        self.log = folder / "node.log"
        self._folder = folder
        self._heap = heap
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens, once it was started."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            Missing: it cannot be had on this machine; the message is one sentence.
            RuntimeError: it is here and does not come up.
        """
        where, runtime = home(), java()
        config, ports = self._folder / "config", self._folder / "logs" / "http.ports"
        for folder in (config, ports.parent):
            folder.mkdir(parents=True, exist_ok=True)
        ports.unlink(missing_ok=True)
        (config / "log4j2.properties").write_text(_LOGGING)
        (config / "elasticsearch.yml").write_text(self._settings())
        flags = [
            f"-Xms{self._heap}",
            f"-Xmx{self._heap}",
            "-XX:+UseG1GC",
            f"-Djava.io.tmpdir={self._folder}",
            f"-Des.path.home={where}",
            f"-Des.nativelibs.path={where / 'native'}",
            "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
            *("--module-path", str(where / "lib"), "--add-modules", "jdk.net,ALL-MODULE-PATH"),
            *("--enable-native-access=ALL-UNNAMED", "-cp", str(where / "classes")),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [runtime, *flags, "Launcher", where, config],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for whoever started it, who stops it then
            )
        try:
            self._await(ports)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Close it in good order; its data stay."""
        if process := self._process:
            self.resume()
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it as a crash would; its data stay."""
        if process := self._process:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
            self._process = None

    def pause(self) -> None:
        """Let it hang: connections are accepted by the system and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def _settings(self) -> str:
        lines = {
            "cluster.name": "driftlog-test",
            "node.name": "test",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": self._port,
            "transport.port": 0,
            "node.portsfile": "true",
            "path.data": self._folder / "data",
            "path.logs": self._folder / "logs",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            # Every test has indices of its own on the one node.
            "cluster.max_shards_per_node": 10_000,
            "action.destructive_requires_name": "false",
        }
        return "".join(f"{key}: {value}\n" for key, value in lines.items())

    def _await(self, ports: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                last = self.log.read_text(errors="replace")[-3000:]
                raise RuntimeError(
                    f"the Elasticsearch node ended at once; {self.log} ends so:\n{last}"
                )
            if self._listens(ports):
                return
            time.sleep(0.1)
        raise RuntimeError(
            f"the Elasticsearch node did not answer within {_PATIENCE:.0f} s; see {self.log}"
        )

    def _listens(self, ports: Path) -> bool:
        if not ports.is_file() or not ports.read_text().strip():
            return False
        self._port = int(ports.read_text().split()[0].rpartition(":")[2])
        try:
            with urllib.request.urlopen(
                f"{self.url}/_cluster/health?wait_for_status=yellow"
            ) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False


def main() -> None:
    """Run a node in the foreground until Ctrl-C."""
    folder = Path(tempfile.mkdtemp(prefix="driftlog-elasticsearch-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Node(folder) as node:
            print(
                f"Elasticsearch listens at {node.url}; its log is {node.log}; Ctrl-C ends it.",
                flush=True,
            )
            print(f"export ELASTICSEARCH_URL={node.url}", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        pass
    except Missing as missing:
        sys.exit(f"make elasticsearch: {missing}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
