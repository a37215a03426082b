import os
import signal
import time

import pytest

from driftlog import SpoolLimits
from driftlog._upload import Upload, _thread, read_status, start_uploader
from driftlog.errors import SettingsError


@pytest.fixture
def begin(fake, spool):
    """Give a function that starts an uploader in a thread; all are ended after the test."""
    handles = []

    def start(**settings):
        settings = {"url": fake.url, "poll": 0.01, "heartbeat": None} | settings
        handles.append(start_uploader(spool, Upload(**settings)))
        return handles[-1]

    yield start
    for handle in handles:
        handle.close()


def wait_for(condition, seconds=15.0):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def test_ships_beside_the_service(fake, make, begin):
    """A thread that was started before there was a spool ships what is logged from then on."""
    begin()
    logger = make()
    for number in range(100):
        logger.log({"age": number})
    wait_for(lambda: len(fake.copies()) == 100)


def test_close_sends_what_waits(fake, make, begin):
    """Closing sends what is there, and takes no longer than it may."""
    logger = make()
    logger.log({"age": 0})
    handle = begin(poll=60.0)
    wait_for(lambda: len(fake.copies()) == 1)
    logger.log({"age": 1})
    fake.delay = 1.0
    handle.close(15.0)
    assert 2 == len(fake.copies())


def test_a_life_shorter_than_a_look(fake, begin, make, monkeypatch):
    """What was logged and closed before the uploader looked again is sent by closing it."""
    monkeypatch.setattr(_thread, "_NO_SPOOL_YET", 60.0)
    handle = begin()
    with make() as logger:
        logger.log({"age": 1})
    handle.close(15.0)
    assert 1 == len(fake.copies())


def test_the_last_heartbeat(fake, make, begin):
    """An uploader that ends tells the final account."""
    logger = make()
    logger.log({"age": 0})
    handle = begin(heartbeat=3600.0)
    wait_for(lambda: len(fake.copies()) == 1)
    logger.log({"age": 1})
    handle.close(15.0)
    first, last = (one["driftlog"]["shipper"] for _, one in fake.heartbeats)
    assert ([0, 2, 0], 2) == (
        [first["indexed"], last["indexed"], last["unsent"]],
        last["accepted"],
    )


def test_no_last_heartbeat(fake, make, begin):
    """Where no heartbeats are wanted none is sent at the end either."""
    make().log({"age": 0})
    begin().close(15.0)
    assert [] == fake.heartbeats


def test_close_does_not_wait_for_a_server_that_hangs(fake, make, begin):
    """A server that does not answer does not hold up the end of the service."""
    fake.delay = 30.0
    make().log({"age": 0})
    handle = begin()
    wait_for(lambda: len(fake.requests) == 1)
    start = time.monotonic()
    handle.close()
    assert time.monotonic() - start < 1.0


def test_the_losses_in_the_heartbeat(fake, make, begin):
    """The heartbeat tells what all loggers of the spool did not accept, or changed."""
    for _ in range(2):
        with make(limits=SpoolLimits(event_bytes=500)) as logger:
            logger.log({"age": b"raw"})
            logger.log({f"n{number}": number for number in range(100)})
    begin(heartbeat=0.01)
    wait_for(lambda: len(fake.heartbeats) > 2)
    facts = fake.heartbeats[-1][1]["driftlog"]["shipper"]
    names = ("accepted", "not_accepted", "not_accepted_by", "changed")
    assert [2, 2, [{"reason": "too large", "count": 2}], 2] == [facts[name] for name in names]


def test_one_of_many_works(fake, spool, make, begin):
    """Of several uploaders one works and the others stand by; none of them complains."""
    logger = make()
    handles = [begin() for _ in range(3)]
    for number in range(50):
        logger.log({"age": number})
    wait_for(lambda: len(fake.copies()) == 50)
    for handle in handles:
        handle.close()
    assert (50, 0) == (len(fake.copies()), read_status(spool).unsent.events)


def test_after_a_fork(fake, spool, make, begin):
    """A forked child's uploader stands by, and takes over when the parent's ends."""
    logger = make()
    handle = begin()
    logger.log({"age": 0})
    wait_for(lambda: len(fake.copies()) == 1)
    child = os.fork()
    if child == 0:
        time.sleep(20)
        os._exit(0)
    try:
        assert os.getpid() == read_status(spool).uploader
        handle.close(5.0)
        wait_for(lambda: read_status(spool).uploader == child)
        logger.log({"age": 1})
        wait_for(lambda: len(fake.copies()) == 2)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_fault_of_ours_is_logged(fake, make, begin, monkeypatch, caplog):
    """Should the uploader itself fail, that is logged, and it begins anew."""
    works = _thread.Uploader

    class Failing:
        def __init__(self, *_, **__):
            _thread.Uploader = works
            raise ZeroDivisionError

    monkeypatch.setattr(_thread, "_STAND_BY", 0.01)
    monkeypatch.setattr(_thread, "Uploader", Failing)
    make().log({"age": 0})
    begin()
    wait_for(lambda: len(fake.copies()) == 1)
    assert "begins anew" in caplog.text


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://x", "http://", "http://x:99999", ""])
def test_a_wrong_url(spool, url):
    """A URL that names no server is refused at once, with an example."""
    with pytest.raises(SettingsError, match="such as https://localhost:9200"):
        start_uploader(spool, Upload(url=url))


def test_a_trickle_goes_in_company(fake, make, begin):
    """Events that come one by one share requests, of which there are few in a second."""
    begin(poll=0.5)
    logger = make()
    logged, begun = 0, time.monotonic()
    while time.monotonic() < begun + 1.5:
        logger.log({"age": logged})
        logged += 1
        time.sleep(0.002)
    spent = time.monotonic() - begun
    wait_for(lambda: len(fake.copies()) == logged)
    assert len(fake.requests) <= 10 * spent + 5
