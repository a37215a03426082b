"""The standard library handler, over a real spool."""

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from driftlog import Handler, PredictionLogger
from tests.shipper.event_spec import check_event, predictions

FEATURES = {"country": "DE", "age": 41}


@pytest.fixture
def logger(tmp_path):
    """A prediction logger over a spool of its own."""
    with PredictionLogger(model="churn", version="7", spool=tmp_path) as made:
        yield made


@pytest.fixture
def log(logger):
    """The service's logger, with the handler attached at the root."""
    handler = Handler(logger)
    logging.getLogger().addHandler(handler)
    service = logging.getLogger("service")
    service.setLevel(logging.DEBUG)
    yield service
    service.setLevel(logging.NOTSET)
    logging.getLogger().removeHandler(handler)
    handler.close()


class Calling(Mapping):
    """Features that call back when they are read, as lazily computed ones do."""

    def __init__(self, call):
        self.call = call

    def __getitem__(self, _):
        self.call()
        return "DE"

    def __iter__(self):
        return iter(["country"])

    def __len__(self):
        return 1

    def __repr__(self):
        self.call()
        return "Calling"


class TestRecords:
    """Which records become events, and how."""

    def test_with_features_are_written(self, log, tmp_path):
        """A record's extra becomes the event, and its creation the event's time."""
        extra = {
            "features": FEATURES,
            "prediction": 0.5,
            "prediction_id": "p-1",
            "duration": 0.25,
            "trace_id": "t-1",
            "outcome": "failure",
        }
        before = datetime.now(UTC)
        log.info("scored %s", "one", extra=extra)
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert ("p-1", 250_000_000, "failure") == (
            event["event"]["id"],
            event["event"]["duration"],
            event["event"]["outcome"],
        )
        assert "t-1" == event["trace"]["id"]
        assert {"num": {"score": 0.5}} == event["driftlog"]["prediction"]
        spent = datetime.fromisoformat(event["@timestamp"]) - before
        assert abs(spent.total_seconds()) < 60

    def test_carry_their_own_time(self, logger, tmp_path):
        """A record that was made long ago is an event of long ago, unless it says otherwise."""
        record = logging.makeLogRecord({"name": "service", "features": FEATURES, "created": 1.5e9})
        Handler(logger).handle(record)
        record.timestamp = datetime(2026, 11, 22, tzinfo=UTC)
        Handler(logger).handle(record)
        assert ["2017-07-14T02:40:00.000000Z", "2026-11-22T00:00:00.000000Z"] == [
            event["@timestamp"] for event, _ in predictions(tmp_path)
        ]

    def test_without_features_are_ignored(self, logger, log, tmp_path):
        """A record that carries no features is none of ours."""
        log.info("served", extra={"prediction": 0.5})
        assert [] == predictions(tmp_path)
        assert (0, {}) == (logger.counters.accepted, dict(logger.counters.dropped))

    @pytest.mark.parametrize(
        "name", ["driftlog", "driftlog.spool", "elasticsearch", "elastic_transport.node", "urllib3"]
    )
    def test_of_the_shipper_are_ignored(self, log, tmp_path, name):
        """What the shipper and its client log never comes back to them."""
        del log
        logging.getLogger(name).error("oh", extra={"features": FEATURES})
        assert [] == predictions(tmp_path)

    def test_of_a_namesake_are_written(self, log, tmp_path):
        """A service whose name only begins like ours is a service."""
        log.getChild("x").info("scored", extra={"features": FEATURES})
        logging.getLogger("driftlogistics").error("scored", extra={"features": FEATURES})
        assert 2 == len(predictions(tmp_path))

    def test_below_the_level_or_filtered_are_ignored(self, log, tmp_path):
        """Level and filters work as for any handler."""
        [handler] = [one for one in logging.getLogger().handlers if isinstance(one, Handler)]
        handler.setLevel("WARNING")
        log.info("scored", extra={"features": FEATURES})
        handler.addFilter(lambda _: False)
        log.error("scored", extra={"features": FEATURES})
        assert [] == predictions(tmp_path)

    @pytest.mark.parametrize("features", [None, ["DE", 41], "DE"])
    def test_with_malformed_features_are_counted(self, logger, log, tmp_path, features):
        """Features that are no mapping are counted and never raised."""
        log.info("scored", extra={"features": features})
        assert 1 == sum(logger.counters.dropped.values())
        assert [] == predictions(tmp_path)


class TestReentrancy:
    """Features whose own methods do something while they are read."""

    def test_a_feature_may_log(self, log, tmp_path):
        """A record logged by a feature while it is read is left out, and nothing recurses."""
        features = Calling(lambda: log.info("read", extra={"features": features}))
        log.info("scored", extra={"features": features})
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert {"country": "DE"} == event["driftlog"]["cat"]

    def test_a_feature_may_wait_for_a_thread_that_logs(self, log, tmp_path):
        """Reading a feature holds no lock that another thread needs in order to log."""

        def elsewhere():
            other = threading.Thread(
                target=log.info, args=("other",), kwargs={"extra": {"features": FEATURES}}
            )
            other.start()
            other.join(20)
            assert not other.is_alive()

        log.info("scored", extra={"features": Calling(elsewhere)})
        assert [{"age": 41}, None] == [
            event["driftlog"].get("num") for event, _ in predictions(tmp_path)
        ]

    def test_a_feature_may_raise(self, log, tmp_path):
        """A feature that raises costs the service nothing, and the next record is written."""

        def fail():
            raise RuntimeError("lazy feature broke")

        log.info("scored", extra={"features": Calling(fail)})
        log.info("scored", extra={"features": FEATURES})
        assert FEATURES["age"] == predictions(tmp_path)[-1][0]["driftlog"]["num"]["age"]

    def test_threads_lose_nothing(self, log, tmp_path):
        """Records of many threads are all written, each a line of its own."""

        def work(worker):
            for n in range(50):
                log.info("scored", extra={"features": {"n": n}, "prediction_id": f"{worker}-{n}"})

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ids = {event["event"]["id"] for event, _ in predictions(tmp_path)}
        assert {f"{worker}-{n}" for worker in range(8) for n in range(50)} == ids


def test_outlives_the_logger(logger):
    """Shutting down in either order raises nothing."""
    handler = Handler(logger)
    logger.close()
    handler.handle(logging.makeLogRecord({"name": "service", "features": FEATURES}))
    handler.flush()
    handler.close()
