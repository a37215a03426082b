"""Fixtures for every suite that needs a real Elasticsearch node."""

import os
import uuid

import pytest


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory):
    """URL of a real node: ``ELASTICSEARCH_URL``, else one of our own, else the test is skipped.

    With CI or DRIFTLOG_REQUIRE_ELASTICSEARCH set it fails instead of being skipped.
    """
    if url := os.environ.get("ELASTICSEARCH_URL"):
        yield url
        return
    from tests.elasticsearch.home import Missing  # noqa: PLC0415 - POSIX only
    from tests.elasticsearch.node import Node  # noqa: PLC0415 - as above

    node = Node(tmp_path_factory.mktemp("elasticsearch"))
    try:
        node.start()
    except Missing as missing:
        required = os.environ.get("CI") or os.environ.get("DRIFTLOG_REQUIRE_ELASTICSEARCH")
        (pytest.fail if required else pytest.skip)(str(missing))
    try:
        yield node.url
    finally:
        node.stop()


@pytest.fixture
def own_node(tmp_path):
    """A node of the test's own, not started yet: to be stopped, paused, killed and started again."""
    from tests.elasticsearch.node import Node  # noqa: PLC0415 - POSIX only

    node = Node(tmp_path / "elasticsearch")
    (tmp_path / "elasticsearch").mkdir()
    yield node
    node.kill()


@pytest.fixture
def namespace():
    """A namespace that no other test writes to; tests share the node."""
    return f"t{uuid.uuid4().hex[:12]}"
