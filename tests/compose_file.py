"""docker-compose.yml as its tests read it."""

import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"


def compose() -> dict[str, Any]:
    """The file, aliases and merges resolved."""
    return yaml.safe_load(FILE.read_text())


def command(
    service: str, part: str = "command", replace: dict[str, str] | None = None
) -> list[str]:
    """A service's command (or its health check) as the container gets it, some words of it replaced."""
    entry = compose()["services"][service]
    words = entry["command"] if part == "command" else entry["healthcheck"]["test"]
    if words[0] == "CMD-SHELL":
        words = ["sh", "-c", *words[1:]]
    elif words[0] == "CMD":
        words = words[1:]
    return [substitute(word, replace or {}) for word in words]


def environment(service: str, replace: dict[str, str] | None = None) -> dict[str, str]:
    """A service's variables, some words of them replaced."""
    given = compose()["services"][service].get("environment", {})
    return {name: substitute(value, replace or {}) for name, value in given.items()}


def substitute(text: str, replace: dict[str, str]) -> str:
    """What compose makes of a value, then the replacements."""
    text = text.replace("$$", "$")
    for old, new in replace.items():
        text = text.replace(old, new)
    return text


def driftlog_calls(service: str) -> list[list[str]]:
    """The words of each driftlog command that a service runs."""
    if "command" not in compose()["services"][service]:
        return []
    words = command(service)
    script = words[2] if words[:2] == ["sh", "-c"] else shlex.join(words)
    parts = [shlex.split(part) for part in script.replace("&&", ";").split(";")]
    return [part[part.index("driftlog") + 1 :] for part in parts if "driftlog" in part]
