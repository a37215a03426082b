"""From a spool into a data stream without the uploader: what the store reads does not depend on how it came there."""

import json

from driftlog import _segment
from driftlog._upload._head import read_head, stream_name
from driftlog_analyzers._elasticsearch._bodies import requests
from driftlog_analyzers._elasticsearch._templates import Features
from tests.analyzers.spools import MODEL, segments

_CHUNK = 2_000
_JSON = {"content-type": "application/json", "accept": "application/json"}


def install(client, prefix):
    """Put the templates, once for all namespaces that begin so: each change of them costs the node a second."""
    for request in requests(prefix, "3650d", Features()):
        body = request.body
        if "index_patterns" in body:
            # Elasticsearch refuses patterns of one priority that a name could match both of.
            priority = 1_000 + int.from_bytes(prefix.encode()[:4])
            patterns = [f"{name}*" for name in body["index_patterns"]]
            # A node takes 1,000 shards, copies on other nodes that there are not included.
            template = body["template"] | {"settings": {"number_of_replicas": 0}}
            body = body | {
                "index_patterns": patterns,
                "priority": priority,
                "template": template,
            }
        client.perform_request("PUT", f"/{request.path}", headers=_JSON, body=body)


def stream(namespace, model=MODEL):
    """The data stream of a model."""
    return stream_name(f"driftlog.{model}", namespace)


def lines(spool):
    """Every event and label of a spool: ``_id``, stream's dataset, document."""
    for path in segments(spool):
        with path.open("rb") as file:
            head = read_head(file, live=False)
            file.seek(0)
            for line in _segment.recover(file):
                if isinstance(line, _segment.Line) and line.offset >= head.start:
                    yield f"{head.id}-{line.offset:x}", head.dataset, json.loads(line.data)


def ship(client, namespace, spool, *, resent=False, only=None):
    """Index the lines of a spool as the uploader does, all or some of them; the outcomes by status."""
    found = list(lines(spool))
    chosen = found if only is None else [found[n] for n in only]
    outcomes = {}
    for start in range(0, len(chosen), _CHUNK):
        operations = []
        for name, dataset, document in chosen[start : start + _CHUNK]:
            operations += [
                {"create": {"_index": stream_name(dataset, namespace), "_id": name}},
                document | ({"tags": ["resent"]} if resent else {}),
            ]
        answer = client.bulk(operations=operations, refresh=True)
        for item in answer["items"]:
            outcome = item["create"]
            status = outcome["status"] if "error" not in outcome else str(outcome)
            outcomes[status] = outcomes.get(status, 0) + 1
    return outcomes
