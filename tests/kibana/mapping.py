"""The fields that ``driftlog setup`` makes, by what they are made in."""

from driftlog_analyzers._elasticsearch._bodies import requests
from driftlog_analyzers._elasticsearch._templates import Features

NAMESPACE = "default"


def installed(namespace=NAMESPACE):
    """Types of the fields by index; of a data stream that of its template, under a name that it could have."""
    bodies = {request.path: request.body for request in requests(namespace, "90d", Features())}
    found = {}
    for path, body in bodies.items():
        if not path.startswith("_index_template/"):
            continue
        (pattern,) = body["index_patterns"]
        parts = [bodies.get(f"_component_template/{n}", {}) for n in body.get("composed_of", ())]
        fields = {}
        for part in (*parts, body):
            fields |= flat(part.get("template", {}).get("mappings", {}).get("properties", {}))
        name = pattern.replace(".*-", ".model-").replace("-*", f"-{namespace}")
        found[name] = fields
    return found


def flat(properties, path=""):
    """Type of every field, its dots written out, multi-fields too."""
    found = {}
    for name, field in properties.items():
        here = f"{path}{name}"
        if "type" in field and field["type"] != "object":
            found[here] = field["type"]
        inner = field.get("properties", {}) | field.get("fields", {})
        found |= flat(inner, f"{here}.")
    return found
