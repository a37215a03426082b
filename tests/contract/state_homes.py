"""The two homes of state and baselines, as tests open them and look into them."""

from contextlib import contextmanager

from driftlog_analyzers._baseline_file import BaselineFolder
from driftlog_analyzers._elasticsearch._baselines import ElasticsearchBaselines
from driftlog_analyzers._elasticsearch._names import STATE_KINDS, state_index
from driftlog_analyzers._elasticsearch._notifications import ElasticsearchNotifications
from driftlog_analyzers._elasticsearch._state import ElasticsearchState
from driftlog_analyzers._elasticsearch._state_templates import state_mapping
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._state_file import StateFile
from tests.analyzers.state_helpers import rows

_READ = ("profiles", "findings", "alerts", "actions", "notifications")


class FileHome:
    """A state file and a folder of baselines."""

    def __init__(self, folder):
        self._path = folder / "state.db"
        self.place = str(self._path)
        self.baselines = BaselineFolder(folder / "baselines")
        self.baselines_place = str(folder / "baselines")

    def open(self):
        """A context manager that gives the state."""
        return StateFile(self._path)

    def open_notifications(self):
        """A context manager that gives the notifications."""
        return NotificationFile(self._path)

    def address(self):
        """What another process needs to open it."""
        return ["file", str(self._path)]

    def contents(self):
        """Everything in it; equal only if nothing was written in between."""
        return rows(self._path)

    def clear(self):
        """Start anew."""
        self._path.unlink(missing_ok=True)


class ElasticsearchHome:
    """The indices of a namespace."""

    def __init__(self, client, namespace):
        self.client = client
        self.namespace = namespace
        self.place = state_index("alerts", namespace)
        self.baselines = ElasticsearchBaselines(client, namespace)
        self.baselines_place = state_index("baselines", namespace)

    @contextmanager
    def open(self):
        """Give the state."""
        yield ElasticsearchState(self.client, self.namespace)

    @contextmanager
    def open_notifications(self):
        """Give the notifications."""
        yield ElasticsearchNotifications(self.client, self.namespace)

    def address(self):
        """What another process needs to open it."""
        return ["elasticsearch", self.client.transport.node_pool.get().base_url, self.namespace]

    def create(self):
        """Make the indices, without templates: those are of the whole node."""
        for kind in STATE_KINDS:
            self.client.indices.create(
                index=state_index(kind, self.namespace),
                mappings=state_mapping(kind),
                settings={"number_of_replicas": 0},
            )

    def remove(self):
        """Remove the indices."""
        for kind in STATE_KINDS:
            self.client.indices.delete(index=state_index(kind, self.namespace))

    def hits(self, *kinds):
        """The documents of some indices, by index and id."""
        found = {}
        for kind in kinds:
            index = state_index(kind, self.namespace)
            answer = self.client.search(index=index, size=10_000, version=True)
            assert answer["hits"]["total"]["value"] < 10_000
            found |= {(kind, hit["_id"]): hit for hit in answer["hits"]["hits"]}
        return found

    def contents(self):
        """Every document with its version; equal only if nothing was written in between."""
        found = self.hits(*_READ)
        return {name: (hit["_version"], hit["_source"]) for name, hit in found.items()}

    def documents(self):
        """Every document, however often it was written."""
        return {name: hit["_source"] for name, hit in self.hits(*_READ).items()}

    def rows(self, kind, row=None):
        """What stands under ``driftlog`` in the documents of an index, all or those of one kind of row."""
        found = [hit["_source"]["driftlog"] for hit in self.hits(kind).values()]
        return [body for body in found if row in {None, body.get("row")}]

    def clear(self):
        """Start anew."""
        self.restore({})

    def restore(self, documents):
        """Hold exactly these documents, and no fences."""
        lines = []
        for kind, name in self.hits(*STATE_KINDS).keys() - documents.keys():
            lines.append({"delete": {"_index": state_index(kind, self.namespace), "_id": name}})
        for (kind, name), body in documents.items():
            about = {"_index": state_index(kind, self.namespace), "_id": name}
            lines += [{"index": about}, body]
        if lines:
            assert not self.client.bulk(operations=lines, refresh=True)["errors"]
