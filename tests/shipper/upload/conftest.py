"""A fake Elasticsearch for each test, and a way to ship a spool to it."""

import threading

import pytest

import driftlog
from driftlog._upload import Upload, _backoff, ship
from tests.shipper.upload.fake_elasticsearch import FakeElasticsearch


@pytest.fixture
def fake():
    """Give a fake Elasticsearch."""
    server = FakeElasticsearch()
    yield server
    server.close()


@pytest.fixture
def quick(monkeypatch):
    """Let waits be short."""
    monkeypatch.setattr(_backoff, "_MOST", 0.02)
    monkeypatch.setattr(_backoff, "_FIRST", 0.02)
    monkeypatch.setattr(_backoff, "_LEAST", 0.001)


@pytest.fixture
def ship_all(fake, spool, quick):  # noqa: ARG001 - waits are short
    """Give a function that ships the spool until it is empty."""

    def run(*, seconds=20.0, **settings):
        stop = threading.Event()
        timer = threading.Timer(seconds, stop.set)
        timer.start()
        settings = {"url": fake.url, "poll": 0.01, "heartbeat": None} | settings
        try:
            ship(spool, Upload(**settings), until_empty=True, stop=stop, drain=0.1)
        finally:
            timer.cancel()
        assert not stop.is_set(), f"the spool was not empty after {seconds} s"

    return run


@pytest.fixture
def log(spool):
    """Give a function that logs so many events in a segment of their own; it gives their ids."""

    def write(count=10, model="churn", **features):
        with driftlog.PredictionLogger(model=model, version="7", spool=spool) as logger:
            return [logger.log({"age": n, **features}, prediction=0.5) for n in range(count)]

    return write
