"""An uploader killed with -9 at random points on its way to a real Elasticsearch node: what is lost, what counts twice.

Run it with ``python benchmarks/kills.py [KILLS [EVENTS [SEED]]]``; it takes ``ELASTICSEARCH_URL``, else starts the
tests' node. It ends with 1 where anything was lost or counted twice. The suite does the same on fewer events.
"""

import json
import os
import platform
import random
import sys
import tempfile
import uuid
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from elasticsearch import Elasticsearch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.contract.shipping import install  # noqa: E402 - the project's root is no package
from tests.elasticsearch.node import Node  # noqa: E402 - as above
from tests.faults.killing import Kills, run  # noqa: E402 - as above

DEFAULTS = (200, 1_000_000, random.SystemRandom().randrange(1 << 32))


def race(kills: int, events: int, seed: int) -> tuple[Kills, str]:
    """Run it; give what came of it, and Elasticsearch's version."""
    namespace = f"k{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = os.environ.get("ELASTICSEARCH_URL")
        url = given or stack.enter_context(Node(folder)).url
        client = stack.enter_context(Elasticsearch(url, request_timeout=120, max_retries=0))
        install(client, namespace)
        server = client.nodes.info()["nodes"].popitem()[1]["version"]
        found = run(client, url, namespace, folder / "spool", kills=kills, events=events, seed=seed)
    return found, server


def keep(found: Kills, server: str) -> None:
    """Write the figures as JSON."""
    result = {
        "race": "kills",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "elasticsearch": server,
            "elasticsearch client": version("elasticsearch"),
            "cores": os.cpu_count(),
            "load": [round(load, 1) for load in os.getloadavg()],
        },
        "counted_twice": found.counted_twice,
        **asdict(found),
    }
    (HERE / "results" / "kills.json").write_text(json.dumps(result, indent=2) + "\n")


def main() -> None:
    """Run, print, keep."""
    given = [int(word) for word in sys.argv[1:]]
    kills, events, seed = (*given, *DEFAULTS[len(given) :])
    print(f"seed {seed}", flush=True)
    found, server = race(kills, events, seed)
    print(json.dumps(asdict(found), indent=2))
    keep(found, server)
    sys.exit(bool(found.lost or found.counted_twice))


if __name__ == "__main__":
    main()
