"""A spool on its way to a node, with its account and what the analysis counts of it."""

import json
import threading
from pathlib import Path

from driftlog import PredictionLogger
from driftlog._upload import Upload, read_status, ship
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from tests.analyzers.spools import EVERYTHING

MODEL = "churn"


def account(folder):
    """Give the account as (indexed, duplicate, quarantined, dropped, unsent), after adding up."""
    status = read_status(folder)
    kept = status.account
    quarantined, dropped = sum(kept.quarantined.values()), sum(kept.dropped.values())
    parts = (kept.indexed, kept.duplicate, quarantined, dropped, status.unsent.events)
    assert status.accepted == sum(parts)
    return parts


class Spool:
    """A spool that is shipped to a URL.

    Args:
        folder: Of the spool.
        url: Where it is shipped to.
        namespace: Of the streams.
    """

    def __init__(self, folder, url, namespace):
        self.folder = folder
        self.namespace = namespace
        self.stream = f"logs-driftlog.{MODEL}-{namespace}"
        self.upload = {"url": url, "namespace": namespace, "keep": None, "heartbeat": None}

    def log(self, count, **features):
        """Log so many events in a segment of their own; give their ids."""
        with PredictionLogger(model=MODEL, version="7", spool=self.folder) as logger:
            return [logger.log({"age": number, **features}) for number in range(count)]

    def ship(self, *, seconds=60.0, **settings):
        """Ship until it is empty; give the account."""
        stop = threading.Event()
        timer = threading.Timer(seconds, stop.set)
        timer.start()
        upload = Upload(**(self.upload | settings))
        ship(self.folder, upload, stop=stop, until_empty=True, drain=0.1)
        timer.cancel()
        return self.account()

    def account(self):
        """Give the account as (indexed, duplicate, quarantined, dropped, unsent), after adding up."""
        return account(self.folder)

    def trouble(self):
        """Give the sentence about what stands in the way; None, where nothing does any more."""
        trouble = read_status(self.folder).trouble
        return trouble.sentence if trouble and trouble.lasting else None

    def quarantine(self):
        """Give the records of refused events."""
        files = sorted((Path(self.folder) / "upload" / "quarantine").glob("*.ndjson"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def forget(self):
        """Lose the cursor."""
        (self.folder / "upload" / "cursor.json").unlink()

    def copies(self, client):
        """Give the event ids of all raw copies in the stream."""
        client.indices.refresh(index=self.stream)
        found = client.search(index=self.stream, size=10_000, source=["event.id"], sort="_doc")
        assert found["hits"]["total"]["value"] == len(found["hits"]["hits"])
        return sorted(hit["_source"]["event"]["id"] for hit in found["hits"]["hits"])

    def counted(self, client):
        """Give the number of events that the analysis counts."""
        client.indices.refresh(index=self.stream)
        (count,) = ElasticsearchStore(client, self.namespace).counts(MODEL, [EVERYTHING])
        return count
