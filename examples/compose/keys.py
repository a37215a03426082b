"""Set Elasticsearch up and give each service of docker-compose.yml a key of its own: ``python keys.py FOLDER``.

The folder holds `elasticsearch/password` and takes `shipper/api-key`, `analyzers/api-key` and
`kibana/kibana.yml`. A key that Elasticsearch still knows is kept, so this may run again at any time.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, AuthenticationException, Elasticsearch, TransportError

Roles = dict[str, dict[str, Any]]
ADMINISTRATOR: Roles = {
    "setup": {
        "cluster": ["monitor", "manage_index_templates"],
        "indices": [
            {
                "names": ["driftlog-*", "logs-driftlog.*", "metrics-driftlog.*"],
                "privileges": ["manage"],
            }
        ],
    }
}
TOKEN = "elasticsearch.serviceAccountToken"  # noqa: S105 - the name of Kibana's setting


def events(namespace: str) -> list[str]:
    """Return the names of the data streams that hold what the services logged."""
    return [f"logs-driftlog.*-{namespace}", f"metrics-driftlog.shipper-{namespace}"]


def shipper(namespace: str) -> Roles:
    """Return what the shipper may: add documents, and see whose mapping they get."""
    privileges = ["create_doc", "auto_configure", "view_index_metadata"]
    rights = {"names": events(namespace), "privileges": privileges}
    return {"shipper": {"indices": [rights]}}


def analyzers(namespace: str) -> Roles:
    """Return what the analyzers may: read events, say that they run, and keep their state."""
    reading = ["read", "view_index_metadata", "read_failure_store"]
    owning = ["read", "write", "view_index_metadata"]
    beating = ["read", "create_doc", "auto_configure", "view_index_metadata"]
    rights = [
        {"names": events(namespace), "privileges": reading},
        {"names": [f"metrics-driftlog.analyzers-{namespace}"], "privileges": beating},
        {"names": [f"driftlog-*-{namespace}"], "privileges": owning},
    ]
    return {"analyzers": {"indices": rights}}


def set_up(client: Elasticsearch) -> None:
    """Run ``driftlog setup`` under a key that is good for nothing else and ends with it."""
    made = client.security.create_api_key(
        name="driftlog setup", role_descriptors=ADMINISTRATOR, expiration="1d"
    )
    variables = os.environ | {"ELASTICSEARCH_API_KEY": made["encoded"]}
    try:
        done = subprocess.run(["driftlog", "setup"], env=variables, check=False)  # noqa: S607 - ours
    finally:
        client.security.invalidate_api_key(ids=[made["id"]])
    if done.returncode:
        sys.exit(done.returncode)


def provide(client: Elasticsearch, file: Path, name: str, roles: Roles) -> None:
    """Write a new API key to the file, unless the one in it is good."""

    def good(key: str) -> bool:
        return known(client.options(api_key=key))

    def make() -> str:
        return str(client.security.create_api_key(name=name, role_descriptors=roles)["encoded"])

    renew(file, good, make)


def provide_kibana(client: Elasticsearch, file: Path) -> None:
    """Write Kibana's secrets to the file, unless the token in it is good."""

    def good(settings: str) -> bool:
        return known(client.options(bearer_auth=json.loads(settings)[TOKEN]))

    def make() -> str:
        name = f"driftlog-{secrets.token_hex(4)}"
        made = client.security.create_service_token(
            namespace="elastic", service="kibana", name=name
        )
        keys = ("xpack.security.encryptionKey", "xpack.encryptedSavedObjects.encryptionKey")
        settings = {TOKEN: made["token"]["value"]} | {key: secrets.token_hex(32) for key in keys}
        return json.dumps(settings)  # JSON is YAML too

    renew(file, good, make)


def known(client: Elasticsearch) -> bool:
    """Whether Elasticsearch knows who the client says it is."""
    try:
        client.security.authenticate()
    except AuthenticationException:
        return False
    return True


def renew(file: Path, good: Callable[[str], bool], make: Callable[[], str]) -> None:
    """Keep what is in the file if it is good, else replace it in one step; only its owner may read it."""
    if file.exists() and good(file.read_text()):
        return
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(make())
    fresh.rename(file)


def main(folder: Path) -> None:
    """Do it all; what Elasticsearch refuses ends it with one sentence."""
    url = os.environ["ELASTICSEARCH_URL"]
    namespace = os.environ.get("DRIFTLOG_NAMESPACE", "default")
    password = (folder / "elasticsearch" / "password").read_text().strip()
    authority = os.environ["ELASTICSEARCH_CA_CERTS"]
    with Elasticsearch(url, basic_auth=("elastic", password), ca_certs=authority) as client:
        try:
            set_up(client)
            provide(client, folder / "shipper" / "api-key", "driftlog shipper", shipper(namespace))
            provide(
                client, folder / "analyzers" / "api-key", "driftlog analyzers", analyzers(namespace)
            )
            provide_kibana(client, folder / "kibana" / "kibana.yml")
        except AuthenticationException:
            sys.exit(
                f"keys.py: the password in {folder} does not open {url}, whose data are of another "
                "start; docker compose down --volumes begins anew, without the data"
            )
        except (ApiError, TransportError) as error:
            sys.exit(f"keys.py: {url} gave no key: {error}; see docker compose logs elasticsearch")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
