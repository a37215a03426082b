"""How the peers among the standard library's handlers are called."""

import logging
from collections.abc import Callable

from event import PREDICTION, Contender, Event, made


def logged(handler: logging.Handler, finish: Callable[[], object] | None = None) -> Contender:
    """Give a logger with one handler, which gets features and prediction as extra fields."""
    race = logging.getLogger("race")
    race.setLevel(logging.INFO)
    race.propagate = False
    race.addHandler(handler)

    def call(event: Event) -> None:
        race.info("scored", extra={"features": event, "prediction": PREDICTION})

    return Contender(call, finish or handler.close, made())
