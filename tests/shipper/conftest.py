"""A spool for each test, and a logger that writes to it."""

import json
from pathlib import Path

import pytest

import driftlog


@pytest.fixture
def spool(tmp_path):
    """Give the folder of a spool that does not exist yet."""
    return tmp_path / "spool"


@pytest.fixture
def make(spool):
    """Give a maker of loggers on that spool; all are closed after the test."""
    made = []

    def make_logger(**settings):
        logger = driftlog.PredictionLogger(
            **({"model": "churn", "version": "7", "spool": spool} | settings)
        )
        made.append(logger)
        return logger

    yield make_logger
    for logger in made:
        logger.close()


@pytest.fixture
def body(make, spool):
    """Give a function that logs features and returns what stands under ``driftlog``."""

    def log_and_read(features, *, settings=None, **arguments):
        with make(**(settings or {})) as logger:
            assert logger.log(features, **arguments) is not None
        *_, last = sorted(Path(spool).glob("*.ndjson"))
        document = json.loads(last.read_bytes().splitlines()[-1])["driftlog"]
        model = document.pop("model")
        assert {"name": "churn", "version": "7", "schema": model["schema"]} == model
        return document

    return log_and_read
