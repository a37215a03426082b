"""Alerting rules as files: bodies for Kibana's API of rules. Pure but for `load_rules`."""

import json
from collections.abc import Iterator
from pathlib import Path

from driftlog_analyzers._kibana._objects import Json, read_json
from driftlog_analyzers.errors import InputError

FOLDER = "alerting"
_BASIC = frozenset({".es-query", ".index-threshold"})
_NEEDED = frozenset({"name", "rule_type_id", "consumer", "schedule", "params"})
_QUERY = "esQuery"


def load_rules(folder: Path) -> dict[str, Json]:
    """The rules of a folder by their id, which is their file's name; ready to be sent.

    Raises:
        InputError: a file cannot be read, or is no rule.
    """
    files = sorted((folder / FOLDER).glob("*.json"))
    return {path.stem: _sendable(read_json(path), path) for path in files}


def rule_problems(name: str, body: Json) -> Iterator[str]:
    """What is wrong with a rule that Kibana would take with a basic licence."""
    if str(body["rule_type_id"]) not in _BASIC:
        yield f"rule {name}: {body['rule_type_id']} needs more than a basic licence"
    if body.get("actions"):
        yield f"rule {name}: its actions name connectors, which are people's own"


def _sendable(body: Json, path: Path) -> Json:
    """The rule with its query as a string, as Kibana takes it; in the file it is JSON to be read."""
    if lacking := _NEEDED - body.keys():
        raise InputError(f"{path} is no alerting rule: it lacks {', '.join(sorted(lacking))}")
    if not isinstance(body["params"], dict):
        raise InputError(f"{path} is no alerting rule: its params are no JSON object")
    params = dict(body["params"])
    if isinstance(params.get(_QUERY), dict):
        params[_QUERY] = json.dumps(params[_QUERY], sort_keys=True)
    return body | {"params": params}
