"""Handlers that send to Elasticsearch from memory."""

import logging

from event import Contender, Place
from standard import logged


def cmres(where: Place) -> Contender:
    """CMRESHandler: the call that fills the buffer, or a timer's thread, sends."""
    from cmreslogging.handlers import CMRESHandler  # noqa: PLC0415 - two handlers, two imports

    logging.getLogger("elasticsearch").setLevel(logging.CRITICAL)
    handler = CMRESHandler(
        hosts=[{"host": "127.0.0.1", "port": where.http}],
        auth_type=CMRESHandler.AuthType.NO_AUTH,
        es_index_name="race",
    )
    return logged(handler, handler.flush)


def elastic(where: Place) -> Contender:
    """elasticsearch-logging-handler: a queue, and a thread that sends."""
    from elasticsearch_logging_handler import ElasticHandler  # noqa: PLC0415 - as above

    logging.getLogger("elasticsearch").setLevel(logging.CRITICAL)
    handler = ElasticHandler(f"http://127.0.0.1:{where.http}", "race")

    def finish() -> None:
        listener = handler._queue_listener  # noqa: SLF001 - what is buffered is sent by no public method
        listener.stop()
        listener.handlers[0].flush()

    contender = logged(handler, finish)
    race = logging.getLogger("race")  # it sends nothing but the message: that is the event
    return Contender(race.info, contender.finish, contender.events)


CONTENDERS = {"cmres": cmres, "elastic": elastic}
