"""``[schedule]`` of ``driftlog.toml``."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from driftlog_analyzers._window import TimeSize, parse_size
from driftlog_analyzers.errors import ConfigError


def _time(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        size = parse_size(value) if isinstance(value, str) else None
    except ConfigError:
        size = None
    if not isinstance(size, TimeSize):
        raise ValueError(f"{value!r} is no length of time; write one such as 30s, 5m or 2d")  # noqa: TRY004 - pydantic collects ValueErrors only
    return size.duration


Time = Annotated[timedelta, PlainValidator(_time)]


class Schedule(BaseModel):
    """When windows are looked at, and how long events are waited for.

    Attributes:
        every: how far apart two runs are.
        lag_least: how long after its end a window is closed at the least.
        lag_most: the same at the most, however late events arrive.
        lag_quantile: share of the measured delays that a closed window covers.
        late: how long after its end a window is still looked at for late events and labels, where the store does not
            know by itself what has changed.
        sweep: how far apart two looks at all windows are, where the store does not know that.
        lease: for how long an analyzer has a model to itself before it must renew that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Time = timedelta(minutes=1)
    lag_least: Time = timedelta(minutes=1)
    lag_most: Time = timedelta(hours=1)
    lag_quantile: float = Field(default=0.99, strict=True, gt=0, le=1)
    late: Time = timedelta(days=2)
    sweep: Time = timedelta(days=1)
    lease: Time = timedelta(minutes=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lag_least > self.lag_most:
            raise ValueError("lag_least is above lag_most; a window cannot close before it may")
        return self

    def overridden(self, own: "Schedule | None") -> "Schedule":
        """This schedule with what a model's own says instead."""
        if own is None:
            return self
        said = {name: getattr(own, name) for name in own.model_fields_set}
        return self.model_copy(update=said)
