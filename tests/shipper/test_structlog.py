"""The structlog processor and the logger factory, over a real spool."""

import logging
import time
from datetime import UTC, datetime

import pytest
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import LogCapture

from driftlog import LoggerFactory, PredictionLogger, PredictionProcessor
from tests.shipper.event_spec import check_event, predictions

FEATURES = {"country": "DE", "age": 41}


@pytest.fixture
def logger(tmp_path):
    """A prediction logger over a spool of its own."""
    with PredictionLogger(model="churn", version="7", spool=tmp_path) as made:
        yield made


@pytest.fixture
def rest():
    """Captures what is left at the end of the chain."""
    return LogCapture()


@pytest.fixture
def far_away(monkeypatch):
    """Moves the process to a time zone that is never UTC."""
    monkeypatch.setenv("TZ", "XXX+07:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def chain(*processors, **settings):
    """Return a structlog logger with its own chain, apart from the process's configuration."""
    settings = {"logger_factory": None, "cache_logger_on_first_use": False, **settings}
    return structlog.wrap_logger(
        settings["logger_factory"]() if settings["logger_factory"] else structlog.ReturnLogger(),
        processors=list(processors),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )


class TestProcessor:
    """The processor in a chain that does other things too."""

    def test_writes_and_consumes(self, logger, rest, tmp_path):
        """A prediction lands in the spool with all its arguments and nowhere else."""
        chain(PredictionProcessor(logger), rest).info(
            "prediction",
            features=FEATURES,
            prediction=0.5,
            id="p-1",
            duration=0.25,
            trace_id="t-1",
            outcome="failure",
            timestamp=datetime(2026, 11, 22, 4, 15, 3, 123456, UTC),
        )
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert [] == rest.entries
        assert ("p-1", 250_000_000, "failure") == (
            event["event"]["id"],
            event["event"]["duration"],
            event["event"]["outcome"],
        )
        assert "t-1" == event["trace"]["id"]
        assert "2026-11-22T04:15:03.123456Z" == event["@timestamp"]
        assert {"age": 41} == event["driftlog"]["num"]
        assert {"country": "DE"} == event["driftlog"]["cat"]
        assert {"num": {"score": 0.5}} == event["driftlog"]["prediction"]

    def test_passes_other_events_untouched(self, logger, rest, tmp_path):
        """An event of another name goes on with everything it had."""
        chain(PredictionProcessor(logger), rest).warning("slow", features=FEATURES, id="x")
        assert [
            {"event": "slow", "features": FEATURES, "id": "x", "log_level": "warning"}
        ] == rest.entries
        assert [] == predictions(tmp_path)

    def test_takes_the_event_it_is_told(self, logger, rest, tmp_path):
        """The name of the events to take is a setting."""
        log = chain(PredictionProcessor(logger, event="scored"), rest)
        log.info("scored", features=FEATURES)
        log.info("prediction", features=FEATURES)
        assert 1 == len(predictions(tmp_path))
        assert ["prediction"] == [entry["event"] for entry in rest.entries]

    def test_passthrough_sheds_the_features(self, logger, rest, tmp_path):
        """With passthrough the event goes on without its features, under the id it was given."""
        chain(PredictionProcessor(logger, passthrough=True), rest).info(
            "prediction", features=FEATURES, prediction=0.5, region="eu"
        )
        [(event, _)] = predictions(tmp_path)
        assert [
            {
                "event": "prediction",
                "prediction": 0.5,
                "region": "eu",
                "id": event["event"]["id"],
                "log_level": "info",
            }
        ] == rest.entries

    def test_bound_context_becomes_labels(self, logger, tmp_path):
        """Values bound to the logger and context variables both become labels."""
        log = chain(
            merge_contextvars, structlog.processors.add_log_level, PredictionProcessor(logger)
        )
        with bound_contextvars(trace_id="t-9", tenant="acme"):
            log.bind(request_id="r-1").info("prediction", features=FEATURES)
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert "t-9" == event["trace"]["id"]
        assert {"tenant": "acme", "request_id": "r-1"} == event["labels"]

    def test_bound_trace_id_beats_the_context_variables(self, logger, tmp_path):
        """What is bound to the logger is nearer to the call than the context variables."""
        log = chain(PredictionProcessor(logger)).bind(trace_id="near", tenant="near")
        with bound_contextvars(trace_id="far", tenant="far"):
            log.info("prediction", features=FEATURES)
        [(event, _)] = predictions(tmp_path)
        assert ("near", {"tenant": "near"}) == (event["trace"]["id"], event["labels"])

    @pytest.mark.usefixtures("far_away")
    @pytest.mark.parametrize(
        "stamper",
        [
            structlog.processors.TimeStamper("iso"),
            structlog.processors.TimeStamper(),
            structlog.processors.TimeStamper("%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.TimeStamper("%H:%M", utc=False),
        ],
    )
    def test_lives_behind_a_time_stamper(self, logger, tmp_path, stamper):
        """Whatever a TimeStamper wrote before us, the event is written, timed about now."""
        log = chain(stamper, PredictionProcessor(logger))
        before = datetime.now(UTC)
        log.info("prediction", features=FEATURES)
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        spent = datetime.fromisoformat(event["@timestamp"]) - before
        assert abs(spent.total_seconds()) < 60

    @pytest.mark.parametrize("arguments", [{}, {"features": None}, {"features": ["DE", 41]}])
    def test_counts_malformed_events(self, logger, rest, tmp_path, arguments):
        """Without a mapping of features an event is counted and goes on without them."""
        chain(PredictionProcessor(logger), rest).info("prediction", tier="gold", **arguments)
        assert 1 == sum(logger.counters.dropped.values())
        assert [] == predictions(tmp_path)
        assert [{"event": "prediction", "tier": "gold", "log_level": "info"}] == rest.entries


class TestLoggerFactory:
    """The logger at the end of a chain of its own."""

    def test_writes_what_reaches_it(self, logger, tmp_path):
        """The event dict at the end of the chain is the prediction, whatever its name."""
        factory = LoggerFactory(logger)
        log = chain(merge_contextvars, logger_factory=factory)
        log.bind(tenant="acme").info("scored", features=FEATURES, prediction="stay", id="p-1")
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert "p-1" == event["event"]["id"]
        assert {"tenant": "acme"} == event["labels"]
        assert {"cat": {"label": "stay"}} == event["driftlog"]["prediction"]

    @pytest.mark.parametrize(
        "level", ["debug", "info", "warning", "warn", "error", "err", "critical", "fatal", "msg"]
    )
    def test_every_level_writes(self, logger, tmp_path, level):
        """Whatever level the service logs at, the prediction is written."""
        getattr(LoggerFactory(logger)("name"), level)(features=FEATURES)
        assert 1 == len(predictions(tmp_path))

    def test_serves_as_the_process_factory(self, logger, tmp_path):
        """structlog.configure takes it, and get_logger writes to the spool."""
        structlog.configure(processors=[merge_contextvars], logger_factory=LoggerFactory(logger))
        try:
            structlog.get_logger("any").info("prediction", features=FEATURES)
        finally:
            structlog.reset_defaults()
        assert 1 == len(predictions(tmp_path))

    def test_counts_what_a_renderer_made(self, logger, tmp_path):
        """A chain that renders leaves no features: counted, never raised."""
        log = chain(structlog.processors.JSONRenderer(), logger_factory=LoggerFactory(logger))
        log.info("prediction", country="DE")
        assert 1 == sum(logger.counters.dropped.values())
        assert [] == predictions(tmp_path)
