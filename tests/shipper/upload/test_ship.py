import gzip
import json
import os
import threading
import time
from pathlib import Path

import pytest

from driftlog import SpoolError, SpoolLimits
from driftlog._upload import Upload, read_status, ship
from driftlog._upload._cursor import encode, load
from tests.shipper.upload.fake_elasticsearch import Step

STREAM = "logs-driftlog.churn-default"
BAD = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no number"}}


def ids(fake):
    """Give the event ids of all raw copies."""
    return [json.loads(line)["event"]["id"] for _, line in fake.copies()]


def account(spool):
    """Give the account as (indexed, duplicate, quarantined, dropped, unsent), after adding up."""
    status = read_status(spool)
    kept = status.account
    quarantined, dropped = sum(kept.quarantined.values()), sum(kept.dropped.values())
    parts = (kept.indexed, kept.duplicate, quarantined, dropped, status.unsent.events)
    assert status.accepted == sum(parts)
    return parts


def segments(spool):
    """Give the segments, oldest first."""
    return sorted(Path(spool).glob("*.ndjson"))


def cursor_file(spool):
    """Give the cursor file."""
    return Path(spool) / "upload" / "cursor.json"


def quarantine(spool):
    """Give the records of refused events."""
    files = sorted((Path(spool) / "upload" / "quarantine").glob("*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


class TestOrdinary:
    """A spool, a server, and nothing wrong."""

    def test_every_event_arrives(self, fake, spool, log, ship_all):
        """All events of a spool arrive, once, in their order, in their model's stream."""
        logged = log(1000)
        assert (0, 0, 0, 0, 1000) == account(spool)
        ship_all()
        assert logged == ids(fake)
        assert [STREAM] == fake.streams
        assert (1000, 0, 0, 0, 0) == account(spool)

    def test_as_they_were_logged(self, fake, spool, log, ship_all):
        """The bytes that arrive are those of the spool, under ids from segment and offset."""
        log(20)
        data = segments(spool)[0].read_bytes()
        ship_all(batch_events=7)
        header, *lines = data.splitlines()
        segment_id = json.loads(header)["driftlog"]["segment"]["id"]
        names = [f"{segment_id}-{data.index(line):x}" for line in lines]
        assert list(zip(names, lines, strict=True)) == fake.copies(STREAM)

    @pytest.mark.parametrize("compress", [True, False])
    def test_compressed_or_not(self, fake, log, ship_all, compress):
        """Requests are gzipped, or not, with the same outcome."""
        logged = log(50)
        ship_all(compress=compress)
        assert logged == ids(fake)

    def test_models_have_their_streams(self, fake, log, ship_all):
        """Each model's events go to its own stream, in the namespace that was asked for."""
        log(2, model="Churn")
        log(3, model="credit-risk")
        ship_all(namespace="prod")
        assert ["logs-driftlog.churn-prod", "logs-driftlog.credit_risk-prod"] == fake.streams

    def test_labels_too(self, fake, make, ship_all):
        """Labels are shipped as events are."""
        logger = make()
        logger.log_label(logger.log({"age": 1}), 1.0)
        ship_all()
        actions = [json.loads(line)["event"]["action"] for _, line in fake.copies()]
        assert ["prediction", "label"] == actions

    def test_a_live_segment_is_followed(self, fake, spool, make):
        """What is logged while the uploader runs arrives, and its segment is not deleted."""
        logger, stop = make(), threading.Event()
        logger.log({"age": 1})
        upload = Upload(url=fake.url, poll=0.01, keep=0.0, heartbeat=None)
        thread = threading.Thread(target=ship, args=(spool, upload), kwargs={"stop": stop})
        thread.start()
        for number in range(2, 50):
            logger.log({"age": number})
            time.sleep(0.005)
        deadline = time.monotonic() + 10
        while len(fake.copies()) < 49 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 1 == len(segments(spool))
        stop.set()
        thread.join(10)
        assert (49, 0, 0, 0, 0) == account(spool)

    def test_segments_go_after_the_grace(self, spool, log, ship_all):
        """A closed segment that was wholly acknowledged is deleted, when its grace is over."""
        log(10)
        ship_all(keep=3600.0)
        assert 1 == len(segments(spool))
        ship_all(keep=None)
        assert 1 == len(segments(spool))
        ship_all(keep=0.0)
        assert [] == segments(spool)
        assert (10, 0, 0, 0, 0) == account(spool)

    def test_a_heartbeat(self, fake, log, ship_all):
        """A heartbeat holds the account, and goes to a stream of its own."""
        log(10)
        ship_all(heartbeat=0.001)
        path, document = fake.heartbeats[-1]
        facts = document["driftlog"]["shipper"]
        assert path.startswith("/metrics-driftlog.shipper-default/_create/")
        found = [facts[name] for name in ("accepted", "indexed", "duplicate", "quarantined")]
        assert [10, 10, 0, 0] == found
        assert (0, 0, 0.0) == (facts["dropped"], facts["unsent"], facts["oldest_unsent_s"])
        assert facts["rss_bytes"] > 1e6
        assert (["churn"], 0.001) == (facts["models"], facts["every_s"])
        assert facts["cpu_pct"] >= 0
        first = fake.heartbeats[0][1]["driftlog"]["shipper"]
        assert (10, 0, 10) == (first["accepted"], first["indexed"], first["unsent"])
        assert first["oldest_unsent_s"] > 0
        assert {"name": ["churn"]} == document["driftlog"]["model"]
        assert "new" not in first  # nobody knows what was before
        told = [beat["driftlog"]["shipper"]["new"]["indexed"] for _, beat in fake.heartbeats[1:]]
        assert 10 == sum(told)

    def test_each_loss_is_told_once(self, fake, spool, log, ship_all):
        """New losses have a document for each reason, beside the heartbeat that counts them."""
        log(3)
        (segment,) = segments(spool)
        with segment.open("ab") as file:
            file.write(b"torn\n")
        ship_all(heartbeat=0.001)
        beats = [beat["driftlog"] for _, beat in fake.heartbeats]
        losses = [beat["loss"] for beat in beats if "loss" in beat]
        assert [("quarantined", 1)] == [(one["kind"], one["count"]) for one in losses]
        last = [beat["shipper"] for beat in beats if "shipper" in beat][-1]
        assert [{"reason": losses[0]["reason"], "count": 1}] == last["quarantined_by"]
        assert 1 == sum(
            beat["shipper"].get("new", {}).get("quarantined", 0)
            for beat in beats
            if "shipper" in beat
        )

    def test_its_own_words_stay_out_of_the_spool(self, fake, spool, make, ship_all):
        """What the uploader and its client log is not taken by our handler."""
        import logging  # noqa: PLC0415 - only here

        import driftlog  # noqa: PLC0415 - only here

        logger = make()
        logger.log({"age": 1})
        handler, root = driftlog.Handler(logger), logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            fake.script.append(Step(status=503))
            ship_all()
        finally:
            root.removeHandler(handler)
            root.setLevel(logging.WARNING)
        assert (1, 0, 0, 0, 0) == account(spool)

    def test_private_files(self, spool, log, ship_all):
        """What the uploader keeps is its owner's alone."""
        log(1)
        ship_all()
        modes = {
            path.name: path.stat().st_mode & 0o777 for path in cursor_file(spool).parent.iterdir()
        }
        assert {"cursor.json": 0o600, "lock": 0o600} == modes
        assert 0o700 == cursor_file(spool).parent.stat().st_mode & 0o777


class TestDelivery:
    """Rows of the fault table that a server must be made to do."""

    @pytest.mark.parametrize(
        "step",
        [
            Step(status=429, headers={"Retry-After": "0.01"}),
            Step(status=429, body=b"too many"),
            Step(status=503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
            Step(status=500, body=b"{}"),
            Step(status=401, body=b'{"error":{"type":"security_exception"}}'),
            Step(status=403, body=b'{"error":{"type":"cluster_block_exception"}}'),
            Step(status=404, body=b'{"error":{"type":"index_not_found_exception"}}'),
            Step(status=400, body=b'{"error":{"type":"media_type_header_exception"}}'),
            Step(status=502, body=b"<html>", headers={"content-type": "text/html"}, product=False),
            Step(status=200, body=b"<html>", headers={"content-type": "text/html"}),
            Step(status=200, body=b"<html>", headers={"content-type": "text/html"}, product=False),
            Step(status=200, body=b"{}"),
            Step(status=200, body=b"not JSON"),
            Step(status=302, headers={"location": "http://example.org/"}),
            Step(how="reset"),
        ],
    )
    def test_held_and_sent_again(self, fake, spool, log, ship_all, step):
        """A request that was not taken is sent again, whole; nothing is lost, doubled or refused."""
        logged = log(30)
        fake.script.extend([step, step])
        ship_all()
        assert logged == ids(fake)
        assert (30, 0, 0, 0, 0) == account(spool)

    @pytest.mark.parametrize("how", ["drop reply", "short", "reordered", "cut"])
    def test_an_unclear_outcome(self, fake, spool, log, ship_all, how):
        """After a reply that was lost or makes no sense all is sent again; what was there counts once."""
        logged = log(30)
        fake.script.append(Step(how=how))
        ship_all()
        assert logged == ids(fake)
        assert (0, 30, 0, 0, 0) == account(spool)

    def test_a_timeout_after_indexing(self, fake, spool, log, ship_all):
        """A request that timed out after it was indexed is sent again and counted once."""
        logged = log(30)
        fake.script.append(Step(how="answer", index=True, seconds=0.6, status=200, body=b"{}"))
        ship_all(timeout=0.3)
        assert logged == ids(fake)
        assert (0, 30, 0, 0, 0) == account(spool)

    def test_the_same_with_a_rollover(self, fake, log, ship_all):
        """With a rollover in between there are two raw copies; the second is marked, and says so."""
        logged = log(30)
        fake.script.append(Step(how="drop reply"))
        taken = fake.take

        def take(stream, data):
            items = taken(stream, data)
            fake.rollover()
            return items

        fake.take = take
        ship_all()
        assert logged + logged == ids(fake)
        marks = [json.loads(line).get("tags") for _, line in fake.copies()]
        assert [None] * 30 + [["resent"]] * 30 == marks

    def test_mixed_items(self, fake, spool, log, ship_all):
        """Each event gets its own outcome; what waits is sent again alone, in time."""
        logged = log(50)
        tried = {}

        def special(_stream, _name, line):
            number = int(json.loads(line)["driftlog"]["num"]["age"])
            tried[number] = tried.get(number, 0) + 1
            if number % 5 == 0:
                return BAD
            if number % 5 == 1 and tried[number] < 4:
                return {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
            if number % 5 == 2:
                return {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
            if number % 5 == 3 and tried[number] < 3:
                return {"status": 503, "error": {"type": "unavailable_shards_exception"}}
            return None

        fake.item = special
        ship_all()
        expected = [name for number, name in enumerate(logged) if number % 5 not in {0, 2}]
        assert sorted(expected) == sorted(ids(fake))
        assert (30, 10, 10, 0, 0) == account(spool)
        assert [1, 4, 1, 3, 1] == [tried[number] for number in range(5)]
        kept = [json.loads(record["line"])["event"]["id"] for record in quarantine(spool)]
        assert logged[::5] == kept
        assert "document_parsing_exception: no number" == quarantine(spool)[0]["reason"]

    def test_the_failure_store_is_not_indexed(self, fake, spool, log, ship_all):
        """An event that the failure store took counts as refused, not as indexed."""
        log(10)
        fake.item = lambda _s, _i, line: (
            {"status": 201, "failure_store": "used"}
            if b'"age":3.0' in line or b'"age":3}' in line
            else None
        )
        ship_all()
        assert (9, 0, 1, 0, 0) == account(spool)
        assert {"failure store": 1} == read_status(spool).account.quarantined

    def test_too_large_is_split(self, fake, spool, log, ship_all):
        """A 413 splits a request until it fits; an event that never will is set aside."""
        logged = log(64)
        big = log(1, **{f"blob_{number}": "x" * 900 for number in range(20)})
        logged += log(3)
        fake.max_bytes = 5000
        ship_all()
        assert logged == ids(fake)
        assert (67, 0, 1, 0, 0) == account(spool)
        assert big == [json.loads(one["line"])["event"]["id"] for one in quarantine(spool)]

    def test_a_whole_bulk_refused_for_one(self, fake, spool, log, ship_all):
        """If one event makes Elasticsearch refuse the whole request, that one is found and set aside."""
        log(100)
        fake.refuse = lambda data: b'"age":77' in data
        ship_all()
        assert 99 == len(ids(fake))
        assert (99, 0, 1, 0, 0) == account(spool)

    def test_never_spins(self, fake, spool, log):
        """A server that refuses for good sees few requests, and the trouble stands in the status."""
        log(5)
        fake.always = Step(
            status=403, body=b'{"error":{"type":"security_exception","reason":"no"}}'
        )
        stop = threading.Event()
        threading.Timer(2.0, stop.set).start()
        ship(spool, Upload(url=fake.url, heartbeat=None), stop=stop)
        assert len(fake.requests) <= 40
        status = read_status(spool)
        assert (0, 0, 0, 0, 5) == account(spool)
        assert status.trouble.lasting
        assert "create_doc" in status.trouble.sentence

    def test_retry_after_is_heeded(self, fake, log, ship_all):
        """The server's own wish for a pause is granted."""
        log(5)
        fake.script.append(Step(status=429, headers={"Retry-After": "0.4"}))
        ship_all()
        first, second = (at for *_, at in fake.requests)
        assert second - first >= 0.4

    def test_absent_at_start(self, fake, spool, log, ship_all):
        """Where nothing listens the events wait, and the status says so; then they arrive."""
        logged = log(5)
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        ship(spool, Upload(url="http://127.0.0.1:9", heartbeat=None), stop=stop)
        assert (0, 0, 0, 0, 5) == account(spool)
        assert "no answer (Connection refused)" in read_status(spool).trouble.sentence
        ship_all()
        assert logged == ids(fake)
        assert not read_status(spool).trouble.lasting

    def test_says_it_once_a_minute(self, fake, spool, log, caplog):
        """A trouble that lasts is told of once a minute, not at each try."""
        log(5)
        fake.always = Step(status=503)
        stop = threading.Event()
        threading.Timer(1.5, stop.set).start()
        ship(spool, Upload(url=fake.url, heartbeat=None), stop=stop)
        told = [record for record in caplog.records if "503" in record.getMessage()]
        assert 1 == len(told)
        assert "driftlog.upload" == told[0].name


class TestSegments:
    """What can happen to the segments of a spool."""

    def test_truncated_and_written_anew(self, fake, spool, log, ship_all):
        """New events at the offsets of old ones get ids of their own: none is taken for the other."""
        log(10)
        ship_all(keep=None)
        (path,) = segments(spool)
        header, *lines = path.read_bytes().splitlines(keepends=True)
        fresh = [line.replace(b'"id":"', b'"id":"new-') for line in lines + lines]
        path.write_bytes(header + b"".join(fresh))
        ship_all(keep=None)
        assert 20 == sum(name.startswith("new-") for name in ids(fake))

    def test_deleted_before_it_was_sent(self, fake, spool, log, ship_all, caplog):
        """A segment that goes unsent is told of with its count, and stands in the account."""
        log(7)
        fake.always = Step(status=503)
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        ship(spool, Upload(url=fake.url, heartbeat=None), stop=stop)
        segments(spool)[0].unlink()
        fake.always = None
        logged = log(3)
        ship_all()
        assert logged == ids(fake)
        assert (3, 0, 0, 7, 0) == account(spool)
        assert {"segment deleted": 7} == read_status(spool).account.dropped
        assert "7 events from byte" in caplog.text

    def test_renamed(self, fake, spool, log, ship_all):
        """A segment that was rotated to another name is still itself."""
        logged = log(10)
        fake.script.append(Step(status=200, body=b"{}", index=True))
        ship_all(keep=None, batch_events=4)
        (path,) = segments(spool)
        path.rename(f"{path}.1")
        Path(path).write_bytes(b"")
        ship_all(keep=None)
        assert logged == ids(fake)
        assert 10 == sum(account(spool)[:2])

    def test_copied_and_truncated(self, fake, spool, log, ship_all):
        """After copytruncate the rest of a segment is another one, and collides with nothing."""
        logged = log(10)
        ship_all(keep=None)
        (path,) = segments(spool)
        data = path.read_bytes()
        Path(f"{path}.1").write_bytes(data)
        more = data.splitlines(keepends=True)[1:]
        path.write_bytes(b"".join(more).replace(b'"id":"', b'"id":"new-'))
        ship_all(keep=None)
        assert [*logged, *(f"new-{name}" for name in logged)] == ids(fake)

    @pytest.mark.parametrize("count", range(0, 60, 7))
    def test_torn_last_line(self, fake, spool, log, ship_all, count):
        """Of a closed segment cut anywhere in its last line, that line alone is set aside."""
        logged = log(5)
        (path,) = segments(spool)
        os.truncate(path, path.stat().st_size - count)
        ship_all()
        whole = 5 if count <= 1 else 4
        assert logged[:whole] == ids(fake)
        assert (whole, 0, 5 - whole, 0, 0) == account(spool)

    def test_damage_in_the_middle(self, fake, spool, log, ship_all):
        """Zeros, foreign bytes and a line glued to the next cost what they hit, and no neighbour."""
        logged = log(8)
        (path,) = segments(spool)
        lines = path.read_bytes().splitlines(keepends=True)
        lines[2] = b"\0" * len(lines[2])
        lines[4] = b"hello\n"
        lines[6] = lines[6][:40]
        path.write_bytes(b"".join(lines))
        ship_all()
        assert [name for number, name in enumerate(logged) if number not in {1, 3, 5}] == ids(fake)
        status = read_status(spool)
        assert {"zero-filled": 1, "foreign": 1, "torn": 1} == status.account.quarantined
        assert (spool / "upload" / "quarantine" / f"{path.stem}.bad").stat().st_size > 0

    def test_a_lost_first_line(self, fake, spool, log, ship_all):
        """A segment without its first line is still sent, to the stream that its events name."""
        logged = log(5)
        (path,) = segments(spool)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
        ship_all()
        assert logged == ids(fake)
        assert [STREAM] == fake.streams

    def test_compressed_files_stay(self, fake, spool, log, ship_all):
        """A segment that somebody compressed is told of, left alone, and stops nothing."""
        log(5)
        (path,) = segments(spool)
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        logged = log(2)
        ship_all()
        assert logged == ids(fake)
        assert "unpack" in read_status(spool).trouble.sentence

    def test_drop_oldest_spares_what_is_being_sent(self, fake, spool, make, ship_all):
        """A full spool's policy and the uploader get along: counted in one account or the other."""
        limits = SpoolLimits(spool_bytes=40_000, segment_bytes=5_000, when_full="drop oldest")
        fake.delay = 0.02
        stop = threading.Event()
        upload = Upload(url=fake.url, poll=0.01, batch_events=5, heartbeat=None, keep=0.0)
        thread = threading.Thread(target=ship, args=(spool, upload), kwargs={"stop": stop})
        logger = make(limits=limits)
        logged = [logger.log({"age": 0})]
        thread.start()
        for number in range(1, 1500):
            logged.append(logger.log({"age": number}))
            time.sleep(0.0005)
        logger.close()
        stop.set()
        thread.join(30)
        ship_all(keep=None)
        shipped = ids(fake)
        assert len(shipped) == len(set(shipped))
        assert set(shipped) <= set(logged)
        lost = logger.counters.deleted_events
        assert len(logged) - lost <= len(shipped) <= len(logged)


class TestOwnFiles:
    """What can happen to the cursor, the quarantine and the lock, and what the status reads of them."""

    @pytest.mark.parametrize(
        "damage", [b"", b"\0" * 500, b"{}", b'{"format":1}\n{"sha256":"0"}\n', None]
    )
    def test_a_lost_cursor(self, fake, spool, log, ship_all, damage):
        """Without an intact cursor all is sent again under the same ids; nothing counts twice."""
        logged = log(30)
        ship_all(keep=None)
        if damage is None:
            cursor_file(spool).unlink()
        else:
            cursor_file(spool).write_bytes(damage)
        logged += log(10)
        ship_all(keep=None)
        assert logged == ids(fake)
        assert (10, 30, 0, 0, 0) == account(spool)

    def test_a_lost_cursor_after_a_rollover(self, fake, spool, log, ship_all):
        """What may have been sent before the cursor was lost is marked so, what came later is not."""
        log(3)
        ship_all()
        cursor_file(spool).unlink()
        fake.rollover()
        ship_all()
        log(2)
        ship_all()
        marks = [json.loads(line).get("tags") for _, line in fake.copies()]
        assert [None] * 3 + [["resent"]] * 3 + [None] * 2 == marks

    def test_a_cursor_ahead_of_the_file(self, fake, spool, log, ship_all):
        """A position beyond the file's end, or inside another content, means the file anew."""
        logged = log(10)
        ship_all(keep=None)
        (path,) = segments(spool)
        data = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(data[:4]))
        ship_all(keep=None)
        assert set(logged) == set(ids(fake))
        marks = [json.loads(line).get("tags") for _, line in fake.copies()]
        assert [None] * 10 + [["resent"]] * 3 == marks

    def test_an_unwritable_quarantine_holds(self, fake, spool, log, ship_all):
        """Where a refused event cannot be kept, the cursor does not pass it."""
        log(5)
        fake.item = lambda _s, _i, line: BAD if b'"age":3' in line else None
        aside = spool / "upload" / "quarantine"
        aside.parent.mkdir()
        aside.write_text("in the way")
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        ship(spool, Upload(url=fake.url, heartbeat=None), stop=stop)
        assert (0, 0, 0, 0, 5) == account(spool)
        assert "cannot be written" in read_status(spool).trouble.sentence
        aside.unlink()
        ship_all()
        assert (0, 4, 1, 0, 0) == account(spool)
        assert 1 == len(quarantine(spool))

    def test_two_uploaders(self, fake, spool, log):
        """The second uploader of a spool ends with a sentence that names the first."""
        log(1)
        stop = threading.Event()
        upload = Upload(url=fake.url, heartbeat=None)
        thread = threading.Thread(target=ship, args=(spool, upload), kwargs={"stop": stop})
        thread.start()
        while not cursor_file(spool).exists():
            time.sleep(0.01)
        with pytest.raises(SpoolError, match=f"being shipped by process {os.getpid()} already"):
            ship(spool, upload, until_empty=True)
        assert os.getpid() == read_status(spool).uploader
        stop.set()
        thread.join(10)
        assert read_status(spool).uploader is None

    def test_no_spool(self, fake, tmp_path):
        """A spool that does not exist is named, by the uploader and by the status."""
        for work in (
            lambda: ship(tmp_path / "no", Upload(url=fake.url)),
            lambda: read_status(tmp_path / "no"),
        ):
            with pytest.raises(SpoolError, match="There is no spool"):
                work()

    def test_status_of_a_fresh_spool(self, spool, log):
        """Before anything was sent the status counts what waits."""
        log(4)
        status = read_status(spool)
        assert (4, None, None) == (status.unsent.events, status.since, status.uploader)
        assert 0 <= status.lag < 60

    def test_the_cursor_outlives_a_clean_stop(self, spool, log, ship_all):
        """After a clean stop nothing was under way, so nothing is marked as resent."""
        log(3)
        ship_all(keep=None)
        cursor, _ = load(cursor_file(spool))
        assert 0 == cursor.reach
        assert cursor_file(spool).read_bytes() == encode(cursor)
