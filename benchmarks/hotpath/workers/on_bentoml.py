"""BentoML's monitor."""

import bentoml
from event import PREDICTION, Contender, Event, Place, made


def monitor(where: Place) -> Contender:
    """The default monitor, which writes to files that rotate."""
    kinds = {name: _kind(value) for name, value in made(1)[0].items()}
    options = {"log_path": str(where.folder)}

    def call(event: Event) -> None:
        with bentoml.monitor("race", "default", options) as one:
            for name, value in event.items():
                one.log(value, name=name, role="feature", data_type=kinds[name])
            one.log(PREDICTION, name="score", role="prediction", data_type="numerical")

    return Contender(call, lambda: None, made())


def _kind(value: object) -> str:
    return "numerical" if isinstance(value, int | float) else "categorical"


CONTENDERS = {"monitor": monitor}
