"""whylogs: profiles that roll, and one for each row."""

import whylogs as why
from event import Contender, Place, made


def rolling(where: Place) -> Contender:
    """A profile that rolls every five minutes, to a file."""
    logger = why.logger(mode="rolling", interval=5, when="M", base_name="race")
    logger.append_writer("local", base_dir=str(where.folder))
    return Contender(logger.log, logger.close, made())


def row(_: Place) -> Contender:
    """A profile of its own for each event, in memory."""
    return Contender(lambda event: why.log(row=event), lambda: None, made())


CONTENDERS = {"rolling": rolling, "row": row}
