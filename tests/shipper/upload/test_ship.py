import json

from driftlog._upload import read_status


def ids(fake):
    """Give the event ids of all raw copies."""
    return [json.loads(line)["event"]["id"] for _, line in fake.copies()]


def account(spool):
    """Give the account as (indexed, duplicate, quarantined, dropped, unsent)."""
    status = read_status(spool)
    kept = status.account
    parts = (
        kept.indexed,
        kept.duplicate,
        sum(kept.quarantined.values()),
        sum(kept.dropped.values()),
        status.unsent.events,
    )
    assert status.accepted == sum(parts)
    return parts


def test_every_event_arrives(fake, spool, log, ship_all):
    """All events of a spool arrive, once, in their order, in their model's stream."""
    logged = log(1000)
    assert (0, 0, 0, 0, 1000) == account(spool)
    ship_all()
    assert logged == ids(fake)
    assert ["logs-driftlog.churn-default"] == fake.streams
    assert (1000, 0, 0, 0, 0) == account(spool)
